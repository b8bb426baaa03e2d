/** The verdict of a whole check: from records, and nothing else. Pure. */
import type { TimeKind } from '../contracts.ts'
import { formatShare } from '../format.ts'
import { type Comparison, cellKey, type RoundRecord, type RunRecords } from '../records.ts'
import { type CellVerdict, CHECK_SCHEMA, type CheckReport, type Verdict } from './check-report.ts'
import { compareExactly } from './exact.ts'
import { judgeReal, type RealPair, type RealVerdicts, worstOf } from './real-cells.ts'
import { ruleFor, unusedRules } from './rules.ts'

type Pair = Comparison['pairs'][number]

/** Throws where the records are not those of a comparison. */
export function judge(records: RunRecords): CheckReport {
  const { header } = records
  const comparison = comparisonOf(records)
  const rounds = sidesOf(records)
  const real = realVerdicts(records)
  const verdicts = new Map(real.cells)
  for (const pair of comparison.pairs.filter(({ new: { time } }) => time === 'virtual'))
    verdicts.set(pair, virtualVerdict(pair, rounds, comparison))
  const cells = comparison.pairs.map((pair) => verdicts.get(pair)!)
  const gating = cells.filter(({ control }) => !control)
  const complete = isComplete(records)
  const verdict = worstOf(gating.map((cell) => cell.verdict))
  return {
    schema: CHECK_SCHEMA,
    verdict,
    headline: headlineOf(verdict, gating, complete),
    complete,
    comparison,
    environment: header.environment,
    ...(header.command === undefined ? {} : { command: header.command }),
    seed: header.seed,
    rounds: header.rounds,
    family: real.family,
    ...(real.contaminated === undefined ? {} : { contaminated: real.contaminated }),
    notes: [...(header.notes ?? []), ...notesOf(cells, comparison)],
    cells,
  }
}

/** The pairs in real time that look worse and have not been looked at again. */
export function suspectsOf(records: RunRecords): readonly Pair[] {
  return realVerdicts(records)
    .suspects.filter(({ freshNew }) => freshNew.length === 0)
    .map(({ pair }) => pair)
}

function comparisonOf({ header }: RunRecords): Comparison {
  if (header.comparison === undefined) throw new Error('These are not the records of a comparison')
  return header.comparison
}

function realVerdicts(records: RunRecords): RealVerdicts {
  const comparison = comparisonOf(records)
  const rounds = sidesOf(records)
  const pairs = comparison.pairs
    .filter(({ new: { time } }) => time === 'real')
    .map(
      (pair): RealPair => ({
        pair,
        old: rounds('old', pair),
        new: rounds('new', pair),
        freshOld: rounds('old', pair, 'confirmation'),
        freshNew: rounds('new', pair, 'confirmation'),
      }),
    )
  return judgeReal(pairs, { ...comparison, seed: records.header.seed })
}

type RoundsOf = (arm: 'old' | 'new', pair: Pair, stage?: RoundRecord['stage']) => readonly RoundRecord[]

/** Rounds by side, cell and stage, in round order; where one is there twice, its last record counts. */
function sidesOf({ rounds }: RunRecords): RoundsOf {
  const groups = new Map<string, Map<number, RoundRecord>>()
  for (const round of rounds) {
    const key = `${round.arm} ${round.stage ?? ''} ${round.control ?? ''} ${cellKey(round.cell)}`
    if (!groups.has(key)) groups.set(key, new Map())
    groups.get(key)!.set(round.round, round)
  }
  return (arm, pair, stage) => {
    const group = groups.get(`${arm} ${stage ?? ''} ${pair.control ?? ''} ${cellKey(pair[arm])}`)
    return [...(group?.values() ?? [])].sort((a, b) => a.round - b.round)
  }
}

function virtualVerdict(pair: Pair, rounds: RoundsOf, { rules, exact }: Comparison): CellVerdict {
  const { old, new: cell, control } = pair
  const ruleOf = (metric: string) => ruleFor(rules, metric, 'virtual')
  const { first, moved, ...compared } = compareExactly(rounds('old', pair), rounds('new', pair), {
    ruleOf,
    exact,
  })
  const other = cellKey(old) === cellKey(cell) ? {} : { oldCell: old }
  const divergence = rounds('new', pair).find((each) => each.divergence !== undefined)?.divergence
  const exactly = compared.exact && { ...compared.exact, ...(divergence === undefined ? {} : { divergence }) }
  return { cell, ...other, control: control !== undefined, ...compared, ...(exactly && { exact: exactly }) }
}

/** Whether every round that was to be run is there, but for those of cells that are decided. */
function isComplete(records: RunRecords): boolean {
  const { header } = records
  const rounds = sidesOf(records)
  const { pairs, virtualRounds, confirm } = comparisonOf(records)
  const isDone = (each: readonly RoundRecord[], wanted: number) =>
    each.length >= wanted || each.some(({ status }) => status !== 'ok')
  const all = pairs.every((pair) =>
    isDone(rounds('new', pair), pair.new.time === 'virtual' ? virtualRounds : header.rounds),
  )
  return all && (!confirm || suspectsOf(records).length === 0)
}

function notesOf(cells: readonly CellVerdict[], { rules }: Comparison): string[] {
  const names = cells.flatMap(({ metrics }) => metrics.map(({ metric }) => metric))
  return unusedRules(rules, names)
    .filter(({ metric }) => names.length > 0 && metric !== '*')
    .map(({ metric }) => `No cell has a metric that the rule '${metric}' is about`)
}

function headlineOf(verdict: Verdict, cells: readonly CellVerdict[], complete: boolean): string {
  const of = (wanted: Verdict) => cells.filter((cell) => cell.verdict === wanted)
  const count = `${of(verdict).length} of ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`
  const cut = complete ? '' : 'Stopped early. '
  if (verdict === 'pass')
    return `${cut}Nothing is worse in ${cells.length === 1 ? 'the one cell' : `${cells.length} cells`}${seenText(cells)}`
  const first = of(verdict)[0]!
  const example = `${first.cell.scenario} · ${first.cell.policy}: ${first.reason}`
  const says: Record<Exclude<Verdict, 'pass'>, string> = {
    failed: 'could not be compared',
    regression: cells.length === 1 ? 'is worse' : 'are worse',
    inconclusive: 'cannot be told',
    improvement: 'are better, and none is worse',
  }
  return `${cut}${count} ${says[verdict]}: ${example}`
}

/** The least slowdown that every real cell would have shown, metric by metric. */
function seenText(cells: readonly CellVerdict[]): string {
  const least = new Map<string, number>()
  const gated = ofTime(cells, 'real').flatMap(({ metrics }) =>
    metrics.filter(({ level }) => level === 'error'),
  )
  for (const { metric, detectable = Infinity } of gated)
    least.set(metric, Math.max(least.get(metric) ?? 0, detectable))
  if (least.size === 0) return ''
  const sizes = [...least].map(([metric, share]) => `${formatShare(share)} in ${metric}`)
  return `; in real time a slowdown of ${sizes.join(', ')} would have been seen`
}

function ofTime(cells: readonly CellVerdict[], time: TimeKind): CellVerdict[] {
  return cells.filter(({ cell }) => cell.time === time)
}
