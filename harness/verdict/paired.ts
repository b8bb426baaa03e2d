/**
 * The metrics of one cell in real time: both sides in the same rounds, as logarithms of their ratio. The logarithm
 * makes twice as slow and twice as fast the same distance from equal.
 */
import type { MetricValue } from '../contracts.ts'
import type { RoundRecord } from '../records.ts'
import { intervalOf } from './procedure.ts'
import { roundMetrics } from './roundmetrics.ts'
import { hodgesLehmann } from './statistics/hodges-lehmann.ts'
import { median } from './statistics/median.ts'
import { byName } from './summary.ts'

export interface PairedMetric {
  readonly name: string
  readonly unit: MetricValue['unit']
  readonly better: MetricValue['better']
  /** Round by round. */
  readonly old: readonly number[]
  readonly new: readonly number[]
  /**
   * ln(new / old) of each round, turned so that positive is worse. None where that cannot be told: no side is the
   * better one, or a value that moved is not above zero.
   */
  readonly differences: readonly number[]
}

export interface PairedRounds {
  /** How many rounds both sides have. */
  readonly rounds: number
  /** What each of them measured on both sides, by name. */
  readonly metrics: readonly PairedMetric[]
  /** What some of them measured and some did not, or not in the same way. */
  readonly gaps: readonly Pick<PairedMetric, 'name' | 'better'>[]
}

type Metrics = Readonly<Record<string, MetricValue>>

/** Rounds are matched by number; one that one side alone has does not count. */
export function pairRounds(old: readonly RoundRecord[], now: readonly RoundRecord[]): PairedRounds {
  const pairs = matched(old, now)
  const [olds, news] = [
    pairs.map(([before]) => roundMetrics(before)),
    pairs.map(([, each]) => roundMetrics(each)),
  ]
  const all = [...news, ...olds]
  const known = new Map(all.flatMap((metrics) => Object.entries(metrics)))
  const names = [...known.keys()].sort(byName)
  const isWhole = (name: string) => all.every((metrics) => isAlike(metrics[name], known.get(name)!))
  return {
    rounds: pairs.length,
    metrics: names.filter(isWhole).map((name) => pairMetric(name, olds, news)),
    gaps: names.filter((name) => !isWhole(name)).map((name) => ({ name, better: known.get(name)!.better })),
  }
}

function isAlike(metric: MetricValue | undefined, { unit, better }: MetricValue): boolean {
  return metric !== undefined && metric.unit === unit && metric.better === better
}

/** Rounds that both sides have, in round order. */
function matched(
  old: readonly RoundRecord[],
  now: readonly RoundRecord[],
): (readonly [RoundRecord, RoundRecord])[] {
  const byNumber = new Map(old.map((each) => [each.round, each]))
  return now
    .toSorted((a, b) => a.round - b.round)
    .flatMap((each) => {
      const before = byNumber.get(each.round)
      return before === undefined ? [] : [[before, each] as const]
    })
}

function pairMetric(name: string, olds: readonly Metrics[], news: readonly Metrics[]): PairedMetric {
  const { unit, better } = news[0]![name]!
  const [old, now] = [olds, news].map((rounds) => rounds.map((metrics) => metrics[name]!.value)) as [
    number[],
    number[],
  ]
  const differences = now.map((value, i) => (better === 'higher' ? -1 : 1) * logRatio(value, old[i]!))
  const isComparable = better !== 'neither' && differences.every(Number.isFinite)
  return { name, unit, better, old, new: now, differences: isComparable ? differences : [] }
}

/** Not finite where no ratio says it: from zero, to zero, or below. Nothing both times is no difference. */
function logRatio(value: number, base: number): number {
  if (value === base) return 0
  return value > 0 && base > 0 ? Math.log(value / base) : Number.NaN
}

/** What the sides come to: their medians, and the share by which the new one is worse. */
export interface Estimate {
  readonly old: number
  readonly new: number
  /** Absent where the sides cannot be compared. */
  readonly worse?: number
  /** The ends of the 95 % interval. */
  readonly low?: number
  readonly high?: number
}

export function estimate({ old, new: now, differences }: PairedMetric): Estimate {
  const medians = { old: median(old), new: median(now) }
  return differences.length === 0 ? medians : { ...medians, worse: Math.expm1(hodgesLehmann(differences)) }
}

/** With the interval: takes 40 ms, and is for what is judged. */
export function estimateWithInterval(metric: PairedMetric, seed: number): Estimate {
  const { differences } = metric
  if (differences.length === 0) return estimate(metric)
  const { low, high } = intervalOf({ differences, seed })
  return { ...estimate(metric), low: Math.expm1(low), high: Math.expm1(high) }
}
