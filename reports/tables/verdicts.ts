/** What a check says of each cell and metric, worded once for all reports. */
import { formatShare, formatValue } from '../../harness/format.ts'
import type { CellVerdict, CheckReport, MetricVerdict, Verdict } from '../../harness/verdict/check-report.ts'
import { cellNames } from './cellnames.ts'
import { arrowOf } from './legend.ts'
import { formatChange, formatInterval } from './share.ts'

/** One thing that was compared: a gated metric of a cell, its event log, or the cell as a whole. */
export interface VerdictRow {
  readonly cell: CellVerdict
  /** The cell's, as short as it can be told from the others. */
  readonly name: string
  /** The metric with its arrow; `event log`; empty for the cell as a whole. */
  readonly subject: string
  readonly verdict: Verdict
  /** Shown, but it decides nothing: the rule says `warn`. */
  readonly warned: boolean
  readonly old: string
  readonly new: string
  /** `+7.3 %` is worse by that, whichever direction is better. */
  readonly worse: string
  /** The 95 % interval of `worse`; empty in virtual time. */
  readonly interval: string
  /** From where on being worse fails. */
  readonly limit: string
  /** What else to know: how many rounds would settle it, what would have been found. */
  readonly note: string
  /** Absent where it is no metric that was compared. */
  readonly metric?: MetricVerdict
}

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  improvement: 'IMPROVEMENT',
  inconclusive: 'INCONCLUSIVE',
  regression: 'REGRESSION',
  failed: 'FAILED',
}

/** What a reader has to see first. */
const URGENCY: readonly Verdict[] = ['failed', 'regression', 'inconclusive', 'improvement', 'pass']
const EVENT_LOG = 'event log'
/** Enough of a digest to see whether two are the same. */
const DIGEST_SHOWN = 10

/** The most urgent first, else in the order of the cells. Control cells are left out: they decide nothing. */
export function verdictRows(check: CheckReport): VerdictRow[] {
  return byUrgency(plannedRows(check))
}

/** The same in the order of the cells. */
export function plannedRows(check: CheckReport): VerdictRow[] {
  return rowsWhere(check, ({ control }) => !control)
}

/** Of the cells that the change cannot touch. */
export function controlRows(check: CheckReport): VerdictRow[] {
  return rowsWhere(check, ({ control }) => control)
}

/** A control cell may be the same cell as one that counts: names tell apart those of one kind. */
function rowsWhere(check: CheckReport, isWanted: (cell: CellVerdict) => boolean): VerdictRow[] {
  const cells = check.cells.filter(isWanted)
  const names = cellNames(cells)
  return cells.flatMap((cell, index) => rowsOf(cell, names[index]!, check.comparison.exact))
}

function byUrgency(rows: readonly VerdictRow[]): VerdictRow[] {
  const rank = ({ verdict, warned }: VerdictRow) => 2 * URGENCY.indexOf(verdict) + (warned ? 1 : 0)
  return rows.toSorted((a, b) => rank(a) - rank(b))
}

/** Where no row says why the cell came out as it did, one more does. */
function rowsOf(cell: CellVerdict, name: string, exact: boolean): VerdictRow[] {
  const gated = cell.metrics.filter((metric) => isGated(cell, metric))
  const rows = [
    ...gated.map((metric) => metricRow(cell, name, metric)),
    ...(cell.exact === undefined ? [] : [logRow(cell, name, cell.exact, exact)]),
  ]
  const explained = rows.some((row) => row.verdict === cell.verdict && !row.warned)
  const silent = rows.length === 0 || (cell.verdict !== 'pass' && !explained)
  return silent ? [wholeRow(cell, name), ...rows] : rows
}

/** Where nothing may change in virtual time, every metric that moved fails; the row of the event log counts them. */
function isGated({ exact }: CellVerdict, { level, threshold }: MetricVerdict): boolean {
  return level !== 'off' && (exact === undefined || threshold !== undefined)
}

function metricRow(cell: CellVerdict, name: string, metric: MetricVerdict): VerdictRow {
  return {
    cell,
    name,
    subject: `${metric.metric} ${arrowOf(metric.better)}`.trimEnd(),
    verdict: metric.verdict,
    warned: metric.level === 'warn',
    old: formatValue(metric.old, metric.unit),
    new: formatValue(metric.new, metric.unit),
    worse: changeOf(metric),
    interval: formatInterval(metric.low, metric.high),
    limit: metric.threshold === undefined ? '' : formatShare(metric.threshold),
    note: noteOf(metric),
    metric,
  }
}

/** In words where there is no worse: of nothing, or without a direction. */
export function changeOf({ worse, old, new: now, better }: MetricVerdict): string {
  if (worse !== undefined) return formatChange(worse)
  if (old === now) return 'same'
  if (better !== 'neither' || old <= 0) return old === 0 ? 'from 0' : 'changed'
  return `${formatShare(Math.abs(now / old - 1))} ${now > old ? 'more' : 'less'}`
}

type Exact = NonNullable<CellVerdict['exact']>

function logRow(cell: CellVerdict, name: string, { same, oldDigest, newDigest }: Exact, exact: boolean) {
  const decides = !same && exact && cell.verdict === 'regression'
  return {
    ...wholeRow(cell, name),
    subject: EVENT_LOG,
    verdict: decides ? ('regression' as const) : ('pass' as const),
    old: oldDigest.slice(0, DIGEST_SHOWN),
    new: newDigest.slice(0, DIGEST_SHOWN),
    worse: same ? 'same' : 'changed',
    note: same ? '' : `${counted(movedMetrics(cell).length, 'metric')} moved`,
  }
}

function wholeRow(cell: CellVerdict, name: string): VerdictRow {
  return {
    cell,
    name,
    subject: '',
    verdict: cell.verdict,
    warned: false,
    old: '',
    new: '',
    worse: '',
    interval: '',
    limit: '',
    note: cell.reason,
  }
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

/** The row of an event log that is not the same. */
export function isChangedLog({ subject, cell }: VerdictRow): boolean {
  return subject === EVENT_LOG && cell.exact?.same === false
}

/** Of a virtual cell, those that are not what they were; the largest change first, and from nothing before all. */
export function movedMetrics({ metrics, exact }: CellVerdict): MetricVerdict[] {
  if (exact === undefined) return []
  const size = ({ worse }: MetricVerdict) => Math.abs(worse ?? Number.MAX_VALUE)
  return metrics.filter(({ old, new: now }) => old !== now).toSorted((a, b) => size(b) - size(a))
}
