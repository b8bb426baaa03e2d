/** All metrics of one round: what it measured exactly, and the statistics of its histograms. */
import type { MetricValue } from '../contracts.ts'
import { Histogram, PERCENTILES } from '../histogram.ts'
import type { RoundRecord } from '../records.ts'

/**
 * By `QUANTITY[.CLASS].STATISTIC`. A metric that the round recorded itself wins over the one that its histogram
 * would give, because it is exact; a percentile never exceeds the recorded maximum.
 */
export function roundMetrics(round: RoundRecord): Record<string, MetricValue> {
  const metrics: Record<string, MetricValue> = {}
  for (const [name, encoded] of Object.entries(round.histograms)) {
    Object.assign(metrics, statisticsOf(name, Histogram.decode(encoded), round.metrics[`${name}.max`]?.value))
  }
  return Object.assign(metrics, round.metrics)
}

function statisticsOf(name: string, histogram: Histogram, exactMax = Infinity): Record<string, MetricValue> {
  const count = { [`${name}.count`]: { value: histogram.count, unit: 'count', better: 'neither' } as const }
  // An empty histogram has no mean; a zero would read as "at once".
  if (histogram.count === 0) return count
  const metrics: Record<string, MetricValue> = { ...count, [`${name}.mean`]: duration(histogram.mean) }
  for (const [statistic, percent] of Object.entries(PERCENTILES)) {
    metrics[`${name}.${statistic}`] = duration(Math.min(histogram.percentile(percent), exactMax))
  }
  metrics[`${name}.max`] = duration(histogram.max)
  return metrics
}

function duration(ns: number): MetricValue {
  return { value: ns, unit: 'ns', better: 'lower' }
}
