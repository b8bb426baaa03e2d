/** Many cells that passed, in a few lines. */
import { formatShare } from '../../harness/format.ts'
import { type CellGroup, counted } from './verdicts.ts'

/** How many there are of each kind of time, and what would have been seen in them. */
export function passSummary(groups: readonly CellGroup[]): string[] {
  const real = groups.filter(({ cell }) => cell.cell.time === 'real')
  const virtual = groups.length - real.length
  const detected = detectedOver(real)
  const seen = detected === '' ? '' : `; would have been seen: ${detected}`
  return [
    ...(real.length === 0 ? [] : [`PASS ${counted(real.length, 'cell')} in real time${seen}`]),
    ...(virtual === 0
      ? []
      : [`PASS ${counted(virtual, 'cell')} in virtual time: the same events, the same figures`]),
  ]
}

/** `cpu.perOp ≥ 3.2 … 8.1 %`: from the most to the least sensitive cell. */
function detectedOver(groups: readonly CellGroup[]): string {
  const shares = new Map<string, number[]>()
  for (const { metric, detectable, level } of groups.flatMap(({ rows }) => rows.map((row) => row.metric)))
    if (detectable !== undefined && level === 'error')
      shares.set(metric, [...(shares.get(metric) ?? []), detectable])
  return [...shares].map(([metric, values]) => `${metric} ≥ ${spanOf(values)}`).join(', ')
}

function spanOf(shares: readonly number[]): string {
  const ends = [Math.min(...shares), Math.max(...shares)].map(formatShare)
  return ends[0] === ends[1] ? ends[0]! : `${ends[0]!.replace(' %', '')} … ${ends[1]}`
}
