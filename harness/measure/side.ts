/** One loop of a round with everything that watches it: the side under test, or the one that drives it. */
import type { Address, Finding, LoopObserver, MetricValue, ScenarioContext } from '../contracts.ts'
import { messageOf, UnavailableError, UnsupportedError } from '../errors.ts'
import { type Histogram, PERCENTILES } from '../histogram.ts'
import { Future } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import type { Random } from '../random.ts'
import type { RoundRecord } from '../records.ts'
import type { HealthObserver } from './health.ts'
import { RoundMeter } from './meter.ts'

/** Where the two sides meet. */
export interface Meeting {
  readonly address: Address
  ready(address: Address): void
}

export class Side {
  readonly loop: Loop
  readonly meter: RoundMeter
  readonly health: HealthObserver | undefined
  /** What this side was asked for and cannot do: no fault of the policy's. */
  incapable: UnsupportedError | UnavailableError | undefined
  readonly #findings: Finding[] = []
  readonly #random: Random

  constructor(loop: Loop, health: HealthObserver | undefined, random: Random) {
    this.loop = loop
    this.health = health
    this.meter = new RoundMeter(loop)
    this.#random = random
    health?.watchWork(loop.clock)
    loop.setExceptionHandler(({ message, error }) => this.failed(message, error))
  }

  context(params: unknown, meeting: Meeting, loadFinished: PromiseLike<void>): ScenarioContext {
    return {
      params,
      random: this.#random,
      meter: this.meter,
      address: meeting.address,
      ready: meeting.ready,
      loadFinished,
      check: (condition, message) => {
        if (!condition) this.#findings.push({ kind: 'invariant', message, fatal: true })
      },
    }
  }

  /** Starts a part of the scenario as a task. The future is done when the task has ended, in whatever way. */
  start(name: string, part: () => Promise<void>): Future<void> {
    const task = this.loop.spawn(part, { name })
    const done = new Future<void>(this.loop)
    task.addDoneCallback(() => {
      const error = task.cancelled ? new Error('it was cancelled') : task.error()
      if (error !== undefined) this.failed(`${name} failed`, error)
      done.setResult()
    })
    return done
  }

  findings(): Finding[] {
    this.loop.reportUnretrieved()
    return [
      ...this.#findings,
      ...this.#unfinished(),
      ...this.#refused(),
      ...this.loop.observers.findings,
      ...this.#active.flatMap((observer) => observer.findings?.() ?? []),
    ]
  }

  outcome(): Pick<RoundRecord, 'histograms' | 'metrics' | 'tables' | 'series' | 'timelines'> {
    const histograms: Record<string, string> = {}
    const metrics: Record<string, MetricValue> = {
      ...this.#loopMetrics(),
      ...Object.fromEntries(this.meter.values),
    }
    for (const observer of this.#active) Object.assign(metrics, observer.metrics?.())
    for (const [name, histogram] of this.#histograms()) {
      histograms[name] = histogram.encode()
      for (const [statistic, ns] of exactStatistics(histogram)) {
        metrics[`${name}.${statistic}`] = { value: ns, unit: 'ns', better: 'lower' }
      }
    }
    const observed = this.#active.flatMap((observer) => observer.tables?.() ?? [])
    const { tables, series, timelines } = this.meter
    return { histograms, metrics, tables: [...tables, ...observed], series, timelines }
  }

  /** Throughput and what it is made of. */
  rates(): Record<string, MetricValue> {
    const { operationCount, windowNs } = this.meter
    if (operationCount === 0 || windowNs <= 0) return {}
    return {
      operations: count(operationCount),
      throughput: { value: (operationCount * 1e9) / windowNs, unit: 'ops/s', better: 'higher' },
    }
  }

  get #active(): LoopObserver[] {
    return [...this.loop.observers.active]
  }

  *#histograms() {
    yield* this.meter.histograms
    for (const [className, { wait, run }] of this.health?.classes ?? []) {
      if (wait.count === 0) continue
      yield [`wait.${className}`, wait] as const
      yield [`run.${className}`, run] as const
    }
  }

  #loopMetrics(): Record<string, MetricValue> {
    if (this.health === undefined) return {}
    const classes = [...this.health.classes]
    const handles = classes.reduce((sum, [, each]) => sum + each.handles, 0)
    return {
      ...Object.fromEntries(classes.map(([name, each]) => [`overhead.${name}.mean`, overheadOf(each)])),
      'loop.turns': count(this.loop.turns),
      'loop.selects': count(this.loop.selects),
      'loop.handles': count(handles),
    }
  }

  failed(what: string, error: unknown): void {
    if (error instanceof UnsupportedError || error instanceof UnavailableError) this.incapable ??= error
    else this.#findings.push({ kind: 'exception', message: `${what}: ${messageOf(error)}`, fatal: true })
  }

  #unfinished(): Finding[] {
    const names = [...new Set([...this.loop.tasks()].map((task) => task.name))]
    if (names.length === 0) return []
    const message = `${this.loop.taskCount} tasks never finished: ${names.slice(0, 5).join(', ')}`
    return [{ kind: 'unfinished', message, fatal: true }]
  }

  #refused(): Finding[] {
    const times = this.loop.acceptFailures
    if (times === 0) return []
    return [
      {
        kind: 'accept-failed',
        message: 'accepting failed for want of descriptors, and was tried again',
        times,
      },
    ]
  }
}

/** What is known exactly, where the encoded histogram has three digits. */
function* exactStatistics(histogram: Histogram): Iterable<[string, number]> {
  yield ['mean', histogram.mean]
  yield ['max', histogram.max]
  if (!histogram.isExact) return
  for (const [statistic, percent] of Object.entries(PERCENTILES)) {
    yield [statistic, histogram.percentile(percent)]
  }
}

/** What a handle costs beyond the work it declares: parsing, system calls, the language itself. */
function overheadOf({ overheadNs, handles }: { overheadNs: number; handles: number }): MetricValue {
  // To the picosecond: what sums of run times leave beyond that is rounding, and must not look like a cost.
  const ps = Math.round((overheadNs / Math.max(1, handles)) * 1e3)
  return { value: Math.max(0, ps) / 1e3, unit: 'ns', better: 'lower' }
}

function count(value: number): MetricValue {
  return { value, unit: 'count', better: 'neither' }
}
