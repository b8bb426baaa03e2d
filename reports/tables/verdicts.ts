/** What a check says of each cell and metric, worded once for all reports. */
import { formatChange, formatInterval, formatShare, formatValue } from '../../harness/format.ts'
import type { CellVerdict, CheckReport, MetricVerdict, Verdict } from '../../harness/verdict/check-report.ts'
import { isBetter, isWorse } from '../../harness/verdict/exact-metrics.ts'
import { cellNames } from './cellnames.ts'
import { arrowOf } from './legend.ts'
import { byTelling, rankOf, URGENCY } from './telling.ts'
import { arrowed, formatPair } from './values.ts'

/** A metric that was compared. */
export interface VerdictRow {
  readonly metric: MetricVerdict
  /** The metric with its arrow. */
  readonly subject: string
  readonly verdict: Verdict
  /** Shown, but it decides nothing: the rule says `warn`. */
  readonly warned: boolean
  readonly old: string
  readonly new: string
  /** Both: `604 → 793 µs`. */
  readonly values: string
  /** `+7.3 %` is worse by that, whichever direction is better. */
  readonly worse: string
  /** The 95 % interval of `worse`; empty in virtual time. */
  readonly interval: string
  /** From where on being worse fails; empty where that is at once. */
  readonly limit: string
  /** What else to know: how many rounds would settle it, what would have been found. */
  readonly note: string
}

export interface CellGroup {
  readonly cell: CellVerdict
  /** As short as it can be told from the others. */
  readonly name: string
  /** In real time the gated metrics, in virtual time those that moved: the most telling first. */
  readonly rows: readonly VerdictRow[]
}

/** Exact comparisons find changes in the last digit: nobody reads `+4e-7 %`. */
const LEAST = 1e-5
const TINY = `<${formatShare(LEAST)}`

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  improvement: 'IMPROVEMENT',
  inconclusive: 'INCONCLUSIVE',
  regression: 'REGRESSION',
  failed: 'FAILED',
}

type Figure = 'old' | 'new' | 'worse' | 'interval' | 'limit' | 'note'

/** In the order of a table's columns, with their heads. A phone shows the first two or three. */
const FIGURES: readonly (readonly [string, Figure])[] = [
  ['worse by', 'worse'],
  ['95 % interval', 'interval'],
  ['limit', 'limit'],
  ['old', 'old'],
  ['new', 'new'],
  ['', 'note'],
]

/** The columns in which any of the rows has something: in virtual time there are no intervals. */
export function figureColumns(rows: readonly VerdictRow[]): (readonly [string, Figure])[] {
  return FIGURES.filter(([, figure]) => rows.some((row) => row[figure] !== ''))
}

/** What no rule judges has moved, and neither passed nor failed. */
export function wordOf({ metric, verdict }: VerdictRow): string {
  return metric.level === 'off' ? 'moved' : VERDICT_WORDS[verdict]
}

/** The most urgent first, else in the order of the cells. Control cells are left out: they decide nothing. */
export function cellGroups(check: CheckReport): CellGroup[] {
  return plannedGroups(check).toSorted((a, b) => urgencyOf(a) - urgencyOf(b))
}

/** Made once: seven reporters ask, and thousands of figures are worded. */
const planned = new WeakMap<CheckReport, readonly CellGroup[]>()

/** The same in the order of the cells. */
export function plannedGroups(check: CheckReport): readonly CellGroup[] {
  const groups = planned.get(check) ?? groupsWhere(check, ({ control }) => !control)
  planned.set(check, groups)
  return groups
}

/** Of the cells that the change cannot touch. */
export function controlGroups(check: CheckReport): CellGroup[] {
  return groupsWhere(check, ({ control }) => control)
}

/** A control cell may be the same cell as one that counts: names tell apart those of one kind. */
function groupsWhere(check: CheckReport, isWanted: (cell: CellVerdict) => boolean): CellGroup[] {
  const cells = check.cells.filter(isWanted)
  const names = cellNames(cells)
  return cells.map((cell, index) => ({
    cell,
    name: names[index]!,
    rows: shownMetrics(cell).map((metric) => rowOf(metric)),
  }))
}

function shownMetrics(cell: CellVerdict): MetricVerdict[] {
  if (cell.exact !== undefined) return byTelling(movedMetrics(cell))
  const gated = cell.metrics.filter(({ level }) => level !== 'off')
  return gated.toSorted((a, b) => rankOf(a) - rankOf(b))
}

/** Those that are not what they were; where nothing may change, also those of which only the median is as before. */
export function movedMetrics({ metrics }: CellVerdict): MetricVerdict[] {
  return metrics.filter(({ old, new: now, verdict }) => old !== now || verdict === 'regression')
}

/** Changed behaviour comes before what is as it was. */
function urgencyOf(group: CellGroup): number {
  const own = 2 * URGENCY.indexOf(group.cell.verdict) - (hasChanged(group) ? 1 : 0)
  return Math.min(own, ...group.rows.map(({ metric }) => rankOf(metric)))
}

/** Whether there is more to be said than that it passed. */
export function isOpen(group: CellGroup): boolean {
  const { cell, rows } = group
  return cell.verdict !== 'pass' || hasChanged(group) || rows.some(({ verdict }) => verdict !== 'pass')
}

/** Of a virtual cell: other events, or the same with other figures. */
export function hasChanged({ cell, rows }: CellGroup): boolean {
  return cell.exact !== undefined && (!cell.exact.same || rows.length > 0)
}

/** Where no row says why the cell came out as it did, its own sentence; else empty. */
export function unexplained({ cell, rows }: CellGroup): string {
  const explained = rows.some(({ verdict, warned }) => verdict === cell.verdict && !warned)
  return explained ? '' : cell.reason
}

/** Where the event logs part; empty where they do not, or nobody knows. */
export function differenceOf({ cell }: CellGroup): string {
  const divergence = cell.exact?.divergence
  return divergence === undefined ? '' : `first difference: ${divergence}`
}

/** `and 14 more are worse, 13 better, 2 neither`; empty for no rows. */
export function restOf(group: CellGroup, shown: number): string {
  const rest = group.rows.slice(shown)
  if (rest.length === 0) return ''
  if (group.cell.exact === undefined) return `and ${counted(rest.length, 'more metric')}`
  const worse = rest.filter(({ metric }) => isWorse(metric)).length
  const better = rest.filter(({ metric }) => isBetter(metric)).length
  const kinds = [
    [worse, 'worse'],
    [better, 'better'],
    [rest.length - worse - better, 'neither'],
  ] as const
  const [first, ...others] = kinds.filter(([count]) => count > 0)
  const said = `and ${first![0]} more ${first![0] === 1 ? 'is' : 'are'} ${first![1]}`
  return [said, ...others.map(([count, word]) => `${count} ${word}`)].join(', ')
}

/** What a cell's rounds in real time would have seen: `cpu.perOp ≥ 4.1 %`; none where nobody knows. */
export function detectedIn({ rows }: CellGroup): string[] {
  return rows.flatMap(({ warned, metric: { metric, detectable } }) =>
    detectable === undefined || warned ? [] : [`${metric} ≥ ${formatShare(detectable)}`],
  )
}

function rowOf(metric: MetricVerdict): VerdictRow {
  const pair = formatPair(metric.old, metric.new, metric.unit)
  return {
    metric,
    subject: `${metric.metric} ${arrowOf(metric.better)}`.trimEnd(),
    verdict: metric.verdict,
    warned: metric.level === 'warn',
    old: pair[0],
    new: pair[1],
    values: arrowed(pair),
    worse: changeOf(metric),
    interval: formatInterval(metric.low, metric.high),
    limit: limitOf(metric),
    note: noteOf(metric),
  }
}

function limitOf({ threshold = 0, level }: MetricVerdict): string {
  return threshold === 0 || level === 'off' ? '' : formatShare(threshold)
}

/** In words where there is no worse: of nothing, or without a direction. */
export function changeOf({ worse, old, new: now, better }: MetricVerdict): string {
  if (worse !== undefined && worse !== 0 && Math.abs(worse) < LEAST)
    return worse > 0 ? `+${TINY}` : `−${TINY}`
  if (worse !== undefined) return formatChange(worse)
  if (old === now) return 'same'
  if (better !== 'neither' || old <= 0) return old === 0 ? 'from 0' : 'changed'
  return `${formatShare(Math.abs(now / old - 1))} ${now > old ? 'more' : 'less'}`
}

function noteOf(metric: MetricVerdict): string {
  return [metric.level === 'warn' ? 'warning only' : '', ...reasonsOf(metric)]
    .filter((part) => part !== '')
    .join(', ')
}

function reasonsOf({ verdict, detectable, moreRounds, confirmed, adjustedP }: MetricVerdict): string[] {
  const detects = detectable === undefined ? '' : `detects ≥ ${formatShare(detectable)}`
  if (verdict === 'pass') return [detects]
  if (verdict === 'inconclusive') return [roundsNeeded(moreRounds), detects]
  if (verdict !== 'regression') return []
  return [confirmed === true ? 'confirmed' : '', adjustedP === undefined ? '' : formatP(adjustedP)]
}

function roundsNeeded(moreRounds: number | undefined): string {
  if (moreRounds === undefined) return 'more rounds would not settle it'
  return `needs ${counted(moreRounds, 'more round')}`
}

function formatP(p: number): string {
  return p < 0.0001 ? 'p < 0.0001' : `p = ${Number(p.toPrecision(1))}`
}

/** `1 metric`, `2 metrics`. */
export function counted(count: number, thing: string): string {
  return `${formatValue(count, 'count')} ${thing}${count === 1 ? '' : 's'}`
}
