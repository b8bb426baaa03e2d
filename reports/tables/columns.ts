/** Which of a group's many metrics stand in its table, and what their columns are called. */
import type { Better, Unit } from '../../harness/contracts.ts'
import type { Group } from '../../harness/verdict/groups.ts'
import type { SummaryMetric } from '../../harness/verdict/summary.ts'

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

const STATISTICS = new Set(['mean', 'p50', 'p90', 'p99', 'p999', 'max', 'min', 'count'])
/** What the harness measures of every cell; all else is the scenario's (or an observer's) own. */
const BENCH = new Set([
  'latency',
  'wait',
  'run',
  'sojourn',
  'throughput',
  'cpu',
  'timerLateness',
  'loop',
  'memory',
  'lost',
])
/** Shown in this order; a star stands for any class. */
const SHOWN = [
  'throughput',
  'cpu.perOp',
  'sojourn.mean',
  'latency.*.p50',
  'latency.*.p99',
  'wait.*.p99',
  'timerLateness.p50',
  'timerLateness.p99',
]
const OWN_STATISTICS = new Set(['', 'p50', 'p99'])
/** More of a scenario's own figures than these make a table unreadable; `summary.json` has them all. */
const OWN_MAX = 6

/** The columns of a group's table: the metrics that at least one of its policies has. */
export function columnsOf(group: Group): Column[] {
  const metrics = new Map<string, SummaryMetric>()
  for (const { cell } of group.members) {
    for (const [name, metric] of Object.entries(cell.metrics)) metrics.set(name, metric)
  }
  const names = [...metrics.keys()].sort()
  const chosen = [...names.filter((name) => rankOf(name) >= 0).sort(byRank), ...ownOf(names, metrics)]
  return chosen.map((name) => columnOf(name, metrics.get(name)!))
}

/** The metrics a scenario counts for itself, those with a direction first. */
export function ownOf(names: readonly string[], metrics: ReadonlyMap<string, SummaryMetric>): string[] {
  const own = names.filter((name) => {
    const { quantity, statistic } = parse(name)
    return !BENCH.has(quantity.split('.')[0]!) && OWN_STATISTICS.has(statistic)
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

function parse(name: string): MetricName {
  const parts = name.split('.')
  const last = parts.at(-1)!
  if (parts.length === 1 || !STATISTICS.has(last)) return { quantity: name, className: '', statistic: '' }
  return { quantity: parts[0]!, className: parts.slice(1, -1).join('.'), statistic: last }
}
