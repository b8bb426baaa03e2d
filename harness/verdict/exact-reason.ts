/** Why two sides of a virtual cell are called what they are called: in a sentence. */
import { formatShare, formatValue } from '../format.ts'
import type { MetricVerdict, Verdict } from './check-report.ts'
import type { Interval } from './checkpoints.ts'
import { type Compared, isBetter, isWorse } from './exact-metrics.ts'

const NAMES_SHOWN = 3

/** The first round whose event logs are not the same. */
export interface FirstDifference {
  readonly round: number
  readonly seed: number
  readonly oldDigest: string
  readonly newDigest: string
  /** Between which events the logs part; absent where the records do not tell. */
  readonly interval?: Interval
  /** In all: of the old side and of the new one. */
  readonly events?: readonly [number, number]
}

/** What is not the same in two sides. */
export interface Changes extends Pick<Compared, 'moved' | 'unpaired'> {
  readonly findings: boolean
  readonly first?: FirstDifference | undefined
  /** How many were compared. */
  readonly rounds: number
}

/** The reason, and the part of it that says where the event logs part. `exact`: no difference is allowed. */
export function exactReason(
  verdict: Verdict,
  changes: Changes,
  exact: boolean,
): { reason: string; divergence?: string } {
  const { moved, unpaired, findings, first, rounds } = changes
  const headline = exact ? undefined : headlineOf(verdict, moved)
  const divergence = first && whereOf(first, rounds)
  const said = [
    movedText(moved, headline === undefined),
    unpairedText(unpaired),
    findings ? 'the findings are others' : undefined,
    divergence,
  ].filter((part) => part !== undefined)
  if (first === undefined && said.length === 0)
    return { reason: `the same events and the same figures in ${counted(rounds, 'round')}` }
  const details = said.length === 0 ? '' : ` (${said.join('; ')})`
  const change = `${first === undefined ? 'the same events' : 'behaviour changed'}${details}`
  const reason = exact ? `nothing may change, but ${change}` : headline ? `${headline}; ${change}` : change
  return divergence === undefined ? { reason } : { reason, divergence }
}

/** How a loop came to its figures, not what its users notice: told where nothing else is to be told. */
const INTERNAL = /^(run|wait|stage|overhead|loop)\./

function headlineOf(verdict: Verdict, moved: readonly MetricVerdict[]): string | undefined {
  const wanted = verdict === 'improvement' ? isBetter : isRegression
  const gated = moved.filter((metric) => metric.level === 'error' && wanted(metric))
  const noticed = gated.filter(({ metric }) => !INTERNAL.test(metric))
  const sorted = (noticed.length > 0 ? noticed : gated).toSorted(bySeverity)
  const told = verdict === 'improvement' ? sorted.at(-1) : sorted[0]
  return told && describe(told)
}

function isRegression({ verdict }: MetricVerdict): boolean {
  return verdict === 'regression'
}

function bySeverity(a: MetricVerdict, b: MetricVerdict): number {
  const [ofA, ofB] = [severity(a), severity(b)]
  return ofA === ofB ? 0 : ofB - ofA
}

function severity(metric: MetricVerdict): number {
  return metric.worse ?? (isWorse(metric) ? Infinity : isBetter(metric) ? -Infinity : 0)
}

/** `latency.interactive.p99 is 12.3 % worse: 1.23 ms → 1.38 ms, 5 % is allowed`. */
function describe(metric: MetricVerdict): string {
  const { worse, threshold } = metric
  const way = isWorse(metric) ? 'worse' : isBetter(metric) ? 'better' : undefined
  if (way === undefined) return `${metric.metric}: ${values(metric)}`
  const share = worse === undefined ? '' : `${formatShare(Math.abs(worse))} `
  const allowed = way === 'worse' && threshold !== undefined ? `, ${formatShare(threshold)} is allowed` : ''
  return `${metric.metric} is ${share}${way}: ${values(metric)}${allowed}`
}

function values({ old, new: now, unit }: MetricVerdict): string {
  if (old === now) return `the median is ${formatValue(old, unit)} as before`
  const [before, after] = [formatValue(old, unit), formatValue(now, unit)]
  // Nearer to one another than three digits show.
  return before === after ? `${old} → ${now} ${unit}` : `${before} → ${after}`
}

function movedText(moved: readonly MetricVerdict[], withWorst: boolean): string | undefined {
  const worst = moved.toSorted(bySeverity)[0]
  if (worst === undefined) return undefined
  const text = `${counted(moved.length, 'metric')} moved`
  return withWorst ? `${text}${moved.length > 1 ? ', most of all' : ':'} ${describe(worst)}` : text
}

function unpairedText(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''
  return `not to be compared: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`
}

function whereOf({ round, interval, events }: FirstDifference, rounds: number): string | undefined {
  if (interval === undefined || events === undefined)
    return rounds === 1 ? undefined : `the first difference lies in round ${round + 1}`
  const { from, to } = interval
  const place = from === to ? `at event ${grouped(from)}` : `within events ${grouped(from)} to ${grouped(to)}`
  const total = [...new Set(events)].map(grouped).join(' and ')
  return `the first difference lies ${place} of ${total}${rounds === 1 ? '' : ` in round ${round + 1}`}`
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? '' : 's'}`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
