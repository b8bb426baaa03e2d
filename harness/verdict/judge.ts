/** The verdict of a whole check: from records, and nothing else. Pure. */
import { formatShare } from '../format.ts'
import { type Comparison, cellKey, type RoundRecord, type RunRecords, sideKey } from '../records.ts'
import { type CellVerdict, CHECK_SCHEMA, type CheckReport, type Verdict } from './check-report.ts'
import { compareExactly } from './exact.ts'
import { judgeReal, worstOf } from './real-cells.ts'
import { decideReal, type RealPair, suspectPairs } from './real-tests.ts'
import { ruleFor, unusedRules } from './rules.ts'
import { byName } from './summary.ts'
import { asFarAsRun, isDone, whyUnsupported } from './untold.ts'

type Pair = Comparison['pairs'][number]

/** Throws where the records are not those of a comparison. */
export function judge(records: RunRecords): CheckReport {
  const { header } = records
  const comparison = comparisonOf(records)
  const rounds = sidesOf(records)
  const real = judgeReal(realPairs(records, rounds), { ...comparison, seed: header.seed })
  const judged = comparison.pairs.map((pair) => {
    const sides = { old: rounds('old', pair), new: rounds('new', pair), wanted: wantedRounds(records, pair) }
    const verdict = real.cells.get(pair) ?? virtualVerdict(pair, rounds, comparison)
    return { verdict: asFarAsRun(verdict, sides), unsupported: whyUnsupported(sides) }
  })
  const cells = withoutUnsupported(judged)
  const gating = cells.filter(({ control }) => !control)
  const complete = isComplete(records, rounds, real.suspects)
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

interface Judged {
  readonly verdict: CellVerdict
  readonly unsupported: string | undefined
}

/** What cannot run here fails nothing, unless nothing else was compared: a check that passes on nothing would hide it. */
function withoutUnsupported(judged: readonly Judged[]): CellVerdict[] {
  const isAll = judged.every(({ verdict, unsupported }) => verdict.control || unsupported !== undefined)
  return judged.map(({ verdict, unsupported }) =>
    isAll || unsupported === undefined
      ? verdict
      : { ...verdict, verdict: 'inconclusive', reason: unsupported },
  )
}

/** Rounds of each side of a cell, as they were to be run. */
function wantedRounds({ header }: RunRecords, { new: { time } }: Pair): number {
  return (time === 'virtual' ? header.comparison?.virtualRounds : undefined) ?? header.rounds
}

/** The pairs in real time that look worse and have not been looked at again. */
export function suspectsOf(records: RunRecords): readonly Pair[] {
  const comparison = comparisonOf(records)
  const pairs = realPairs(records, sidesOf(records))
  return suspectPairs(decideReal(pairs, { ...comparison, seed: records.header.seed }))
    .filter(({ freshNew }) => freshNew.length === 0)
    .map(({ pair }) => pair)
}

function comparisonOf({ header }: RunRecords): Comparison {
  if (header.comparison === undefined) throw new Error('These are not the records of a comparison')
  return header.comparison
}

/** Fresh rounds count when all of them are there. */
function realPairs(records: RunRecords, rounds: RoundsOf): RealPair[] {
  return comparisonOf(records)
    .pairs.filter(({ new: { time } }) => time === 'real')
    .map((pair) => {
      const freshNew = rounds('new', pair, 'confirmation')
      const isWhole = isDone(freshNew, records.header.rounds)
      return {
        pair,
        old: rounds('old', pair),
        new: rounds('new', pair),
        freshOld: isWhole ? rounds('old', pair, 'confirmation') : [],
        freshNew: isWhole ? freshNew : [],
      }
    })
}

type RoundsOf = (arm: 'old' | 'new', pair: Pair, stage?: RoundRecord['stage']) => readonly RoundRecord[]

/** Rounds by side, cell and stage, in round order; where one is there twice, its last record counts. */
function sidesOf({ rounds }: RunRecords): RoundsOf {
  const groups = new Map<string, Map<number, RoundRecord>>()
  for (const round of rounds) {
    const key = sideKey(round)
    if (!groups.has(key)) groups.set(key, new Map())
    groups.get(key)!.set(round.round, round)
  }
  return (arm, pair, stage) => {
    const group = groups.get(sideKey({ cell: pair[arm], arm, stage, control: pair.control }))
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
function isComplete(records: RunRecords, rounds: RoundsOf, suspects: readonly RealPair[]): boolean {
  const { pairs, confirm } = comparisonOf(records)
  const all = pairs.every((pair) => {
    const sides = [rounds('old', pair), rounds('new', pair)]
    // A side that breaks down decides its cell: the other one is not run on either.
    const isBroken = sides.flat().some(({ status }) => status !== 'ok')
    return isBroken || sides.every((each) => isDone(each, wantedRounds(records, pair)))
  })
  return all && (!confirm || suspects.every(({ freshNew }) => freshNew.length > 0))
}

function notesOf(cells: readonly CellVerdict[], { rules }: Comparison): string[] {
  const names = cells.flatMap(({ metrics }) => metrics.map(({ metric }) => metric))
  return unusedRules(rules, names)
    .filter(({ metric }) => names.length > 0 && metric !== '*')
    .map(({ metric }) => `No cell has a metric that the rule '${metric}' is about`)
}

const SAYS: Readonly<Record<Exclude<Verdict, 'pass'>, readonly [one: string, many: string]>> = {
  failed: ['could not be compared', 'could not be compared'],
  regression: ['is worse', 'are worse'],
  inconclusive: ['cannot be told', 'cannot be told'],
  improvement: ['is better, and none is worse', 'are better, and none is worse'],
}

function headlineOf(verdict: Verdict, cells: readonly CellVerdict[], complete: boolean): string {
  const cut = complete ? '' : 'Stopped early. '
  if (verdict === 'pass') return `${cut}${passHeadline(cells)}`
  const same = cells.filter((cell) => cell.verdict === verdict).sort(byChange)
  const { cell, reason } = same[0]!
  const count = `${same.length} of ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`
  const says = SAYS[verdict][same.length === 1 ? 0 : 1]
  return `${cut}${count} ${says}: ${cell.scenario} · ${cell.policy}: ${reason}`
}

function passHeadline(cells: readonly CellVerdict[]): string {
  const where = cells.length === 1 ? 'the one cell' : `${cells.length} cells`
  return `Nothing is worse than allowed in ${where}${seenText(cells)}`
}

/** What moved most comes first, whatever the order of cells; among equals that of their keys. */
function byChange(a: CellVerdict, b: CellVerdict): number {
  const difference = greatestChange(b) - greatestChange(a)
  if (difference !== 0 && !Number.isNaN(difference)) return difference
  const [keyOfA, keyOfB] = [cellKey(a.cell), cellKey(b.cell)]
  return keyOfA < keyOfB ? -1 : keyOfA > keyOfB ? 1 : 0
}

/** From zero to something there is no share: nothing moves more. */
function greatestChange({ verdict, metrics }: CellVerdict): number {
  const telling = metrics.filter((metric) => metric.level === 'error' && metric.verdict === verdict)
  return Math.max(0, ...telling.map(({ worse = Infinity }) => Math.abs(worse)))
}

/** The least slowdown that every real cell would have shown, metric by metric. */
function seenText(cells: readonly CellVerdict[]): string {
  const least = new Map<string, number>()
  const gated = cells
    .filter(({ cell }) => cell.time === 'real')
    .flatMap(({ metrics }) => metrics.filter(({ level }) => level === 'error'))
  for (const { metric, detectable = Infinity } of gated)
    least.set(metric, Math.max(least.get(metric) ?? 0, detectable))
  if (least.size === 0) return ''
  const inOrder = [...least].sort(([a], [b]) => byName(a, b))
  const sizes = inOrder.map(([metric, share]) => `${formatShare(share)} in ${metric}`)
  return `; in real time a slowdown of ${sizes.join(', ')} would have been seen`
}
