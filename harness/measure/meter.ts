import type { Better, Meter, MetricValue, ObserverTable, Timeline, TimeSeries, Unit } from '../contracts.ts'
import { Histogram } from '../histogram.ts'
import type { Loop } from '../loop/loop.ts'

/** What a scenario measured in one round. */
export class RoundMeter implements Meter {
  readonly histograms = new Map<string, Histogram>()
  readonly values = new Map<string, MetricValue>()
  readonly tables: ObserverTable[] = []
  readonly series: TimeSeries[] = []
  readonly timelines: Timeline[] = []
  /** Told when the measured window begins and ends. */
  onWindow: ((edge: 'start' | 'stop') => void) | undefined
  #operations = 0
  #startNs: number | undefined
  #stopNs: number | undefined
  readonly #loop: Loop

  constructor(loop: Loop) {
    this.#loop = loop
  }

  latency(className: string, ns: number): void {
    this.duration(`latency.${className}`, ns)
  }

  duration(quantity: string, ns: number): void {
    if (this.#stopNs !== undefined) return
    let histogram = this.histograms.get(quantity)
    if (histogram === undefined) {
      histogram = this.#loop.clock.kind === 'virtual' ? Histogram.createExact() : Histogram.create()
      this.histograms.set(quantity, histogram)
    }
    histogram.record(ns)
  }

  operations(count = 1): void {
    if (this.#stopNs === undefined) this.#operations += count
  }

  count(name: string, by = 1): void {
    this.values.set(name, {
      value: (this.values.get(name)?.value ?? 0) + by,
      unit: 'count',
      better: 'neither',
    })
  }

  value(name: string, value: number, unit: Unit, better: Better = 'neither'): void {
    if (!Number.isFinite(value))
      throw new RangeError(`Metric '${name}' is ${value}: a metric must be a number`)
    this.values.set(name, { value, unit, better })
  }

  table(table: ObserverTable): void {
    this.tables.push(table)
  }

  timeSeries(series: TimeSeries): void {
    this.series.push(series)
  }

  timeline(timeline: Timeline): void {
    this.timelines.push(timeline)
  }

  start(): void {
    this.#operations = 0
    this.histograms.clear()
    this.#startNs = this.#loop.nowNs()
    this.onWindow?.('start')
  }

  stop(): void {
    this.#stopNs = this.#loop.nowNs()
    this.onWindow?.('stop')
  }

  /** Opens the window where the scenario has not; called before it runs. */
  open(): void {
    this.#startNs = this.#loop.nowNs()
  }

  get operationCount(): number {
    return this.#operations
  }

  /** The measured window, ns; up to now where it was not closed. */
  get windowNs(): number {
    return (this.#stopNs ?? this.#loop.nowNs()) - (this.#startNs ?? 0)
  }
}
