/** A scenario that is over in a moment is run again and again, warm, until there is enough of it to measure. */
import type { Clock, MetricValue } from '../contracts.ts'
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
  clock: Pick<Clock, 'nowNs'> = new RealClock(),
): Promise<Outcome> {
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

/**
 * What several runs come to. What happened adds up, rates and means follow from the sums, of peaks the highest counts,
 * and of the rest the median: it is that of one run.
 */
export function asOne(runs: readonly Outcome[]): Outcome {
  const last = runs.at(-1)!
  if (runs.length === 1) return last
  const histograms = mergeHistograms(runs)
  const encoded = [...histograms].map(([name, { whole }]) => [name, whole.encode()] as const)
  return {
    ...last,
    metrics: { ...mergeMetrics(runs), ...meansOf(histograms) },
    histograms: Object.fromEntries(encoded),
    findings: runs.flatMap(({ findings }) => findings),
  }
}

/** A histogram of all runs, and what its durations come to in all. */
interface MergedHistogram {
  readonly whole: Histogram
  sumNs: number
}

function mergeHistograms(runs: readonly Outcome[]): Map<string, MergedHistogram> {
  const merged = new Map<string, MergedHistogram>()
  for (const { histograms, metrics } of runs) {
    for (const [name, encoded] of Object.entries(histograms)) {
      const own = Histogram.decode(encoded)
      // A histogram rounds; what the run recorded beside it is exact.
      const sumNs = own.count * (metrics[`${name}.mean`]?.value ?? own.mean)
      const known = merged.get(name)
      known?.whole.merge(own)
      if (known === undefined) merged.set(name, { whole: own, sumNs })
      else known.sumNs += sumNs
    }
  }
  return merged
}

function meansOf(histograms: ReadonlyMap<string, MergedHistogram>): Record<string, MetricValue> {
  const counted = [...histograms].filter(([, { whole }]) => whole.count > 0)
  return Object.fromEntries(
    counted.map(([name, { whole, sumNs }]) => [
      `${name}.mean`,
      { value: sumNs / whole.count, unit: 'ns', better: 'lower' },
    ]),
  )
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
  if (/\.(max|most)$/.test(name) || name === 'memory.peak') return Math.max(...values)
  return name === 'cpu.total' || isTally(given[0]!)
    ? values.reduce((sum, value) => sum + value, 0)
    : middleOf(values)
}

/** Not what there should be few of, such as missed frames: the faster side has more runs, and not more per run. */
function isTally({ unit, better }: MetricValue): boolean {
  return unit === 'count' && better === 'neither'
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
