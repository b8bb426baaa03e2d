/**
 * One metric of one cell in real time: both sides in the same rounds, as logarithms of their ratio. The logarithm makes
 * twice as slow and twice as fast the same distance from equal.
 */
import type { MetricValue } from '../contracts.ts'
import type { RoundRecord, Rule } from '../records.ts'
import { roundMetrics } from './roundmetrics.ts'
import { bootstrapInterval } from './statistics/bootstrap.ts'
import { hodgesLehmann } from './statistics/hodges-lehmann.ts'
import { median } from './statistics/median.ts'
import { signedRankP } from './statistics/signed-rank.ts'
import { byName } from './summary.ts'

export interface PairedMetric {
  readonly name: string
  readonly unit: MetricValue['unit']
  readonly better: MetricValue['better']
  readonly rule: Rule | undefined
  readonly old: readonly number[]
  readonly new: readonly number[]
  /** ln(new/old) of each round, turned so that positive is worse; none where a value is not above zero. */
  readonly differences: readonly number[]
}

/** The metrics that every round of both sides has. Rounds are matched by number. */
export function pairMetrics(
  old: readonly RoundRecord[],
  now: readonly RoundRecord[],
  ruleOf: (metric: string) => Rule | undefined,
): PairedMetric[] {
  const pairs = matched(old, now).map((pair) => pair.map(roundMetrics) as [Metrics, Metrics])
  if (pairs.length === 0) return []
  return Object.keys(pairs[0]![0])
    .filter((name) => pairs.every(([before, after]) => name in before && name in after))
    .sort(byName)
    .map((name) => pairMetric(name, pairs, ruleOf(name)))
}

type Metrics = Readonly<Record<string, MetricValue>>

/** Rounds that both sides have. */
export function matched(
  old: readonly RoundRecord[],
  now: readonly RoundRecord[],
): (readonly [RoundRecord, RoundRecord])[] {
  const byNumber = new Map(old.map((each) => [each.round, each]))
  return now.flatMap((each) => {
    const before = byNumber.get(each.round)
    return before === undefined ? [] : [[before, each] as const]
  })
}

function pairMetric(
  name: string,
  pairs: readonly (readonly [Metrics, Metrics])[],
  rule: Rule | undefined,
): PairedMetric {
  const { unit, better } = pairs[0]![1][name]!
  const olds = pairs.map(([before]) => before[name]!.value)
  const news = pairs.map(([, after]) => after[name]!.value)
  const sign = better === 'higher' ? -1 : 1
  const comparable = better !== 'neither' && [...olds, ...news].every((value) => value > 0)
  const differences = comparable ? news.map((value, i) => sign * Math.log(value / olds[i]!)) : []
  return { name, unit, better, rule, old: olds, new: news, differences }
}

/** What the sides come to, as a share by which the new one is worse. */
export interface Estimate {
  readonly old: number
  readonly new: number
  readonly worse?: number
  readonly low?: number
  readonly high?: number
}

/** The interval takes a tenth of a second, and is for what is gated. */
export function estimate(metric: PairedMetric, seed: number, withInterval: boolean): Estimate {
  const medians = { old: median(metric.old), new: median(metric.new) }
  if (metric.differences.length === 0) return medians
  const worse = Math.expm1(hodgesLehmann(metric.differences))
  if (!withInterval) return { ...medians, worse }
  const { low, high } = bootstrapInterval(metric.differences, { seed })
  return { ...medians, worse, low: Math.expm1(low), high: Math.expm1(high) }
}

/** The p-value of "worse by more than the margin". 1 where the metric cannot be compared. */
export function worseP({ differences }: PairedMetric, margin: number): number {
  return differences.length === 0 ? 1 : signedRankP(differences, margin)
}

/** The p-value of "better by more than the margin". */
export function betterP({ differences }: PairedMetric, margin: number): number {
  return differences.length === 0
    ? 1
    : signedRankP(
        differences.map((each) => -each),
        margin,
      )
}
