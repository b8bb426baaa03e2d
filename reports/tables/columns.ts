/** Which of a group's many metrics stand in its table, and what their columns are called. */
import type { Better, Unit } from '../../harness/contracts.ts'
import type { Group } from '../../harness/verdict/groups.ts'
import { byName, type SummaryMetric } from '../../harness/verdict/summary.ts'

export interface Column {
  /** The metric's full name, as in `summary.json`. */
  readonly metric: string
  /** Up to three short lines: quantity, class, statistic. */
  readonly label: readonly string[]
  readonly unit: Unit
  readonly better: Better
}

/** `QUANTITY[.CLASS].STATISTIC`, taken apart. */
interface MetricName {
  readonly quantity: string
  readonly className: string
  readonly statistic: string
}

const STATISTICS = new Set(['mean', 'p50', 'p90', 'p99', 'p999', 'max', 'min', 'count', 'ci99'])
/** Single figures that a scenario gives for each class too: `deadlineMisses.batch`. */
const CLASSED = new Set(['deadlineMisses'])
/** What every cell and every queue has: chosen from below. All else is the scenario's (or an observer's) own. */
const KNOWN = new Set([
  'latency',
  'wait',
  'run',
  'sojourn',
  'throughput',
  'operations',
  'cpu',
  'timerLateness',
  'loop',
  'memory',
  'lost',
  'lossRatio',
  'deadlineMisses',
  'queueLength',
  'theory',
  'conservation',
  'calibration',
  'overhead',
])
/** Shown in this order; a star stands for any class. */
const SHOWN = [
  'throughput',
  'cpu.perOp',
  'sojourn.mean',
  'sojourn.p99',
  'sojourn.ci99',
  'sojourn.*.mean',
  'sojourn.*.p99',
  'deadlineMisses',
  'deadlineMisses.*',
  'lossRatio',
  'theory.error',
  'conservation.error',
  'latency.*.p50',
  'latency.*.p99',
  'wait.mean',
  'wait.*.p99',
  'timerLateness.p50',
  'timerLateness.p99',
]
const OWN_STATISTICS = new Set(['', 'p50', 'p99'])
/** More of a scenario's own figures than these make a table unreadable; `summary.json` has them all. */
const OWN_MAX = 6
/** Largest by smallest: nearer than this, policies are alike. */
const ALIKE = 1.02
/** Of one quantity. */
const CLASS_COLUMNS_MAX = 8

/** The columns of a group's table: the metrics that at least one of its policies has. */
export function columnsOf(group: Group): Column[] {
  const metrics = new Map<string, SummaryMetric>()
  for (const { cell } of group.members) {
    for (const [name, metric] of Object.entries(cell.metrics)) metrics.set(name, metric)
  }
  const names = [...metrics.keys()].sort(byName)
  const known = withoutRepeats(
    names.filter((name) => rankOf(name) >= 0),
    isThroughputGiven(group),
  )
  const chosen = [...fewEnough(known, metrics).sort(byRank), ...ownOf(names, metrics)]
  return chosen.map((name) => columnOf(name, metrics.get(name)!))
}

/**
 * Where jobs are served as they come, throughput is what comes, and the wait in the ready queue is the part of sojourn
 * that a policy decides: sojourn tells both. Its tail over all classes is a mix that nobody meets, unless there are no
 * classes; and of an only class, means and shares are those of all.
 */
function withoutRepeats(names: readonly string[], throughputGiven: boolean): string[] {
  if (!names.includes('sojourn.p99')) return [...names]
  const classes = new Set(names.filter((name) => name.startsWith('sojourn.')).map(classOf))
  return names.filter((name) => {
    const { quantity, className, statistic } = parse(name)
    if (name === 'sojourn.p99') return classes.size === 1
    if (className === '') return quantity !== 'throughput' || !throughputGiven
    return quantity !== 'wait' && (classes.size > 2 || statistic === 'p99')
  })
}

/** Whether all policies have the same: then the load decides it, and not, as in a closed loop, the policy. */
function isThroughputGiven({ members }: Group): boolean {
  const values = members.flatMap(({ cell }) => cell.metrics.throughput?.value ?? [])
  return Math.max(...values) <= Math.min(...values) * ALIKE
}

/** With many classes the tails alone, and with very many those of the busiest classes; shares then of all in one. */
function fewEnough(names: readonly string[], metrics: ReadonlyMap<string, SummaryMetric>): string[] {
  const quantities = [...new Set(names.map((name) => parse(name).quantity))]
  return quantities.flatMap((quantity) => {
    const own = names.filter((name) => parse(name).quantity === quantity)
    const classed = own.filter((name) => classOf(name) !== '')
    if (classed.length <= CLASS_COLUMNS_MAX) return own
    if (CLASSED.has(quantity)) return own.filter((name) => classOf(name) === '')
    const countIn = (of: string, name: string) => metrics.get(`${of}.${classOf(name)}.count`)?.value
    const countOf = (name: string) => countIn(quantity, name) ?? countIn('sojourn', name) ?? 0
    const tails = classed.filter((name) => parse(name).statistic === 'p99')
    const busiest = tails.sort((a, b) => countOf(b) - countOf(a)).slice(0, CLASS_COLUMNS_MAX)
    return [...own.filter((name) => classOf(name) === ''), ...busiest]
  })
}

/** The metrics a scenario counts for itself, those with a direction first. */
export function ownOf(names: readonly string[], metrics: ReadonlyMap<string, SummaryMetric>): string[] {
  const own = names.filter((name) => {
    const { quantity, statistic } = parse(name)
    return !KNOWN.has(quantity.split('.')[0]!) && OWN_STATISTICS.has(statistic)
  })
  const judged = (name: string) => (metrics.get(name)!.better === 'neither' ? 1 : 0)
  return own.sort((a, b) => judged(a) - judged(b)).slice(0, OWN_MAX)
}

function columnOf(metric: string, { unit, better }: SummaryMetric): Column {
  const { quantity, className, statistic } = parse(metric)
  return { metric, label: [quantity, className, statistic].filter((part) => part !== ''), unit, better }
}

/** Classes in one another's company: all of a class's percentiles before the next class. */
function byRank(a: string, b: string): number {
  const key = (name: string) => {
    const { quantity, className } = parse(name)
    return [SHOWN.findIndex((pattern) => pattern.startsWith(quantity)), className, rankOf(name)] as const
  }
  const [quantityA, classA, rankA] = key(a)
  const [quantityB, classB, rankB] = key(b)
  return quantityA - quantityB || classA.localeCompare(classB, 'en') || rankA - rankB
}

function rankOf(name: string): number {
  const { quantity, className, statistic } = parse(name)
  const pattern = [quantity, className === '' ? '' : '*', statistic].filter((part) => part !== '').join('.')
  return SHOWN.indexOf(pattern)
}

function classOf(name: string): string {
  return parse(name).className
}

function parse(name: string): MetricName {
  const parts = name.split('.')
  const last = parts.at(-1)!
  if (CLASSED.has(parts[0]!))
    return { quantity: parts[0]!, className: parts.slice(1).join('.'), statistic: '' }
  if (parts.length === 1 || !STATISTICS.has(last)) return { quantity: name, className: '', statistic: '' }
  return { quantity: parts[0]!, className: parts.slice(1, -1).join('.'), statistic: last }
}
