/** A scenario that is over in a moment is run again and again, warm, until there is enough of it to measure. */
import type { MetricValue } from '../contracts.ts'
import { Histogram } from '../histogram.ts'
import { RealClock } from '../loop/clock.ts'
import type { Outcome } from './round.ts'

/** How long runs are thrown away, and how long they then count. */
export interface Sustain {
  readonly warmupMs: number
  readonly windowMs: number
}

const NS_PER_MS = 1e6

/**
 * Runs of one process, one after another: those of the warm-up (at least one, until code is compiled and pages are
 * there) are forgotten, those of the window count as one. A run that is as long as both together warms itself up.
 */
export async function sustain(
  run: () => Promise<Outcome>,
  { warmupMs, windowMs }: Sustain,
): Promise<Outcome> {
  const clock = new RealClock()
  const startedNs = clock.nowNs()
  const elapsedMs = (sinceNs: number) => (clock.nowNs() - sinceNs) / NS_PER_MS
  do {
    const outcome = await run()
    if (outcome.status !== 'ok' || elapsedMs(startedNs) >= warmupMs + windowMs) return outcome
  } while (elapsedMs(startedNs) < warmupMs)
  const openedNs = clock.nowNs()
  const runs: Outcome[] = []
  do {
    const outcome = await run()
    if (outcome.status !== 'ok') return outcome
    runs.push(outcome)
  } while (elapsedMs(openedNs) < windowMs)
  return asOne(runs)
}

/** What several runs come to: counts and times add up, rates follow from the sums, and of the rest the median counts. */
export function asOne(runs: readonly Outcome[]): Outcome {
  const last = runs.at(-1)!
  if (runs.length === 1) return last
  const histograms = mergeHistograms(runs)
  const metrics = mergeMetrics(runs)
  for (const [name, histogram] of histograms) {
    metrics[`${name}.mean`] = { value: histogram.mean, unit: 'ns', better: 'lower' }
    metrics[`${name}.max`] = { value: histogram.max, unit: 'ns', better: 'lower' }
  }
  return {
    ...last,
    metrics,
    histograms: Object.fromEntries([...histograms].map(([name, histogram]) => [name, histogram.encode()])),
    findings: runs.flatMap(({ findings }) => findings),
  }
}

function mergeHistograms(runs: readonly Outcome[]): Map<string, Histogram> {
  const merged = new Map<string, Histogram>()
  for (const [name, encoded] of runs.flatMap((run) => Object.entries(run.histograms))) {
    const histogram = Histogram.decode(encoded)
    const known = merged.get(name)
    if (known === undefined) merged.set(name, histogram)
    else known.merge(histogram)
  }
  return merged
}

function mergeMetrics(runs: readonly Outcome[]): Record<string, MetricValue> {
  const names = new Set(runs.flatMap(({ metrics }) => Object.keys(metrics)))
  const merged: Record<string, MetricValue> = {}
  for (const name of names) {
    const given = runs.flatMap(({ metrics }) => metrics[name] ?? [])
    merged[name] = { ...given[0]!, value: mergeValues(name, given) }
  }
  const { operations, throughput, 'cpu.total': cpu, 'cpu.perOp': perOp } = merged
  if (perOp !== undefined) merged['cpu.perOp'] = { ...perOp, value: cpu!.value / operations!.value }
  if (throughput !== undefined) merged.throughput = { ...throughput, value: rateOf(runs) }
  return merged
}

function mergeValues(name: string, given: readonly MetricValue[]): number {
  const values = given.map(({ value }) => value)
  if (name.endsWith('.max') || name === 'memory.peak') return Math.max(...values)
  if (given[0]!.unit === 'count' || name === 'cpu.total') return values.reduce((sum, value) => sum + value, 0)
  return middleOf(values)
}

/** All operations by all the time they took. */
function rateOf(runs: readonly Outcome[]): number {
  let operations = 0
  let seconds = 0
  for (const { metrics } of runs) {
    const { operations: count, throughput } = metrics
    if (count === undefined || throughput === undefined) continue
    operations += count.value
    seconds += count.value / throughput.value
  }
  return operations / seconds
}

function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}
