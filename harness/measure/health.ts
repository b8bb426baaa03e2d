/** Watches every round, unasked: how long handles wait and run, who starves, who holds the loop too long. */
import type { Clock, Finding, Handle, LoopObserver, TimeKind } from '../contracts.ts'
import { Histogram } from '../histogram.ts'

/** A ready handle that was overtaken and waited longer than this has starved. */
const STARVED_NS = 1e9
/** One handle that runs longer than this has stalled everybody. */
const STALLED_NS = 250e6
/** Who ran is remembered in steps of this length, so that a finding can name who overtook. */
const HISTORY_STEP_NS = 100e6
const HISTORY_STEPS = 600

interface ClassWatch {
  /** Of the measured window. */
  wait: Histogram
  run: Histogram
  /** Of the whole run. */
  handles: number
  /** Run time beyond declared work (`loop.work`), ns, in all. Of the whole run. */
  overheadNs: number
}

interface Worst {
  times: number
  ns: number
  detail: string
}

export class HealthObserver implements LoopObserver {
  readonly name = 'health'
  readonly classes = new Map<string, ClassWatch>()
  readonly #starved = new Map<string, Worst>()
  readonly #stalled = new Map<string, Worst>()
  /** Handles run per class, as of each step of the history. */
  readonly #history: { readonly atNs: number; readonly runs: Map<string, number> }[] = []
  #nextStepNs = 0
  #newestRun = -1
  #lastClass: string | undefined
  #last: ClassWatch | undefined
  #isMeasuring = true
  readonly #newHistogram: () => Histogram
  #clock: Clock | undefined
  #workedNs = 0

  /** `time`: in virtual time waits and run times are kept exactly. */
  constructor(time: TimeKind) {
    this.#newHistogram = time === 'virtual' ? Histogram.createExact : Histogram.create
  }

  /** The clock of the loop that it watches, as soon as there is one: without it, it knows of no declared work. */
  watchWork(clock: Clock): void {
    this.#clock = clock
    this.#workedNs = clock.workedNs
  }

  /** Waits and run times are those of the measured window, as latencies are; findings are of the whole run. */
  window(edge: 'start' | 'stop'): void {
    this.#isMeasuring = edge === 'start'
    if (edge === 'stop') return
    for (const watch of this.classes.values())
      Object.assign(watch, { wait: this.#newHistogram(), run: this.#newHistogram() })
  }

  handleFinished(handle: Handle, startNs: number, endNs: number): void {
    const watch = this.#watch(handle.className)
    const waitNs = Math.max(0, startNs - handle.readyAtNs)
    const runNs = Math.max(0, endNs - startNs)
    if (this.#isMeasuring) {
      watch.wait.record(waitNs)
      watch.run.record(runNs)
    }
    watch.handles++
    const workedNs = this.#clock?.workedNs ?? 0
    watch.overheadNs += runNs - (workedNs - this.#workedNs)
    this.#workedNs = workedNs
    if (waitNs > STARVED_NS && handle.sequence < this.#newestRun) this.#noteStarved(handle, waitNs)
    if (runNs > STALLED_NS) note(this.#stalled, handle.name, runNs, handle.className)
    if (handle.sequence > this.#newestRun) this.#newestRun = handle.sequence
    if (endNs >= this.#nextStepNs) this.#remember(endNs)
  }

  findings(): Finding[] {
    return [
      ...[...this.#starved].map(([className, { times, ns, detail }]) => ({
        kind: 'starved' as const,
        message: `class ${className} starved: a ready handle waited ${inMs(ns)} while ${detail}`,
        times,
      })),
      ...[...this.#stalled].map(([name, { times, ns, detail }]) => ({
        kind: 'stalled' as const,
        message: `${name} (class ${detail}) held the loop for ${inMs(ns)}: nothing else could run`,
        times,
      })),
    ]
  }

  /** Handles of a class come in runs: the last one is found without a look-up. */
  #watch(className: string): ClassWatch {
    if (className === this.#lastClass) return this.#last!
    this.#lastClass = className
    this.#last = this.#lookUp(className)
    return this.#last
  }

  #lookUp(className: string): ClassWatch {
    let watch = this.classes.get(className)
    if (watch === undefined) {
      watch = { wait: this.#newHistogram(), run: this.#newHistogram(), handles: 0, overheadNs: 0 }
      this.classes.set(className, watch)
    }
    return watch
  }

  #noteStarved(handle: Handle, waitNs: number): void {
    const known = this.#starved.get(handle.className)
    if (known !== undefined && waitNs <= known.ns) known.times++
    else note(this.#starved, handle.className, waitNs, this.#overtakers(handle.readyAtNs))
  }

  /** Who ran since then, most first. */
  #overtakers(sinceNs: number): string {
    const before = this.#history.findLast((step) => step.atNs <= sinceNs)?.runs
    const ran = [...this.classes]
      .map(([name, { handles }]) => ({ name, count: handles - (before?.get(name) ?? 0) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
    return ran.map(({ name, count }) => `${name} ran ${count} times`).join(', ')
  }

  #remember(nowNs: number): void {
    this.#nextStepNs = nowNs + HISTORY_STEP_NS
    const runs = new Map([...this.classes].map(([name, { handles }]) => [name, handles]))
    this.#history.push({ atNs: nowNs, runs })
    if (this.#history.length > HISTORY_STEPS) this.#history.shift()
  }
}

function note(worsts: Map<string, Worst>, key: string, ns: number, detail: string): void {
  const known = worsts.get(key)
  if (known === undefined) worsts.set(key, { times: 1, ns, detail })
  else {
    known.times++
    if (ns > known.ns) Object.assign(known, { ns, detail })
  }
}

function inMs(ns: number): string {
  return `${Math.round(ns / 1e6)} ms`
}
