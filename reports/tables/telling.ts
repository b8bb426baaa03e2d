/**
 * Which of a virtual cell's metrics are shown first, as one change moves dozens of them. In this order:
 *
 * 1. what fails, what is warned of, what is better, what no rule judges;
 * 2. what got worse, what got better, what has no better direction;
 * 3. what a user of the program notices (latency, throughput, deadlines) before the inside of a loop;
 * 4. of each distribution its largest change, then the others and what hardly moved: p999 and max mostly say the same;
 * 5. the larger change, where one from nothing is larger than any.
 */
import type { MetricVerdict, Verdict } from '../../harness/verdict/check-report.ts'
import { isBetter, isWorse } from '../../harness/verdict/exact-metrics.ts'

/** What a reader has to see first. */
export const URGENCY: readonly Verdict[] = ['failed', 'regression', 'inconclusive', 'improvement', 'pass']

/** The inside of a loop, by the first part of a metric's name. */
const INTERNAL = /^(run|wait|stage|overhead|loop)\./
/** Below, a change is exact and yet no news. */
const HARDLY = 0.001
const STATISTIC = /\.(count|mean|min|max|p\d+)$/

/** Of equal urgency what is only warned of comes second. */
export function rankOf({ verdict, level }: MetricVerdict): number {
  return 2 * URGENCY.indexOf(verdict) + (level === 'warn' ? 1 : 0)
}

/** The most telling first. */
export function byTelling(metrics: readonly MetricVerdict[]): MetricVerdict[] {
  const sorted = metrics.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const seen = new Set<string>()
  const seconds = new Map(
    sorted.map((metric) => {
      const quantity = metric.metric.replace(STATISTIC, '')
      const second = seen.has(quantity) || sizeOf(metric) < HARDLY
      seen.add(quantity)
      return [metric, second ? 1 : 0]
    }),
  )
  const fullKey = (metric: MetricVerdict) => keyOf(metric).toSpliced(-1, 0, seconds.get(metric)!)
  return sorted.toSorted((a, b) => compare(fullKey(a), fullKey(b)))
}

/** Smaller comes first; the size of the change stands last. */
function keyOf(metric: MetricVerdict): number[] {
  const way = isWorse(metric) ? 0 : isBetter(metric) ? 1 : 2
  return [rankOf(metric), way, INTERNAL.test(metric.metric) ? 1 : 0, -sizeOf(metric)]
}

function sizeOf({ worse, old, new: now }: MetricVerdict): number {
  if (worse !== undefined) return Math.abs(worse)
  return old === now ? 0 : Number.MAX_VALUE
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((part, place) => part - b[place]!).find((difference) => difference !== 0) ?? 0
}
