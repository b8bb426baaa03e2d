/**
 * Watches any policy and says where the time went: by class and by callback, how often it ran, for how long, and
 * how long it had waited; how many tasks there were; which callbacks held the loop too long.
 *
 * (The articles' TimingEventLoop; asyncio's debug mode warns of slow callbacks in the same way.) It costs a clock
 * reading and two table look-ups a handle.
 */
import {
  definePolicy,
  durationOption,
  type Finding,
  type Handle,
  innerOption,
  type LoopObserver,
  type ObserverTable,
  z,
} from '../harness/api.ts'

class Tally {
  count = 0
  runNs = 0
  longestNs = 0
  waitNs = 0

  add(runNs: number, waitNs: number): void {
    this.count++
    this.runNs += runNs
    this.waitNs += waitNs
    if (runNs > this.longestNs) this.longestNs = runNs
  }
}

/** Tallies by key. Handles of one kind come in runs, so that the last one used is found without a look-up. */
class Tallies {
  readonly #byKey = new Map<string, Tally>()
  #lastKey: string | undefined
  #last = new Tally()

  of(key: string): Tally {
    if (key === this.#lastKey) return this.#last
    const known = this.#byKey.get(key)
    const tally = known ?? new Tally()
    if (known === undefined) this.#byKey.set(key, tally)
    this.#lastKey = key
    this.#last = tally
    return tally
  }

  entries(): [string, Tally][] {
    return [...this.#byKey]
  }
}

class TimingObserver implements LoopObserver {
  readonly name = 'timing'
  readonly #slowNs: number
  readonly #byClass = new Tallies()
  readonly #byName = new Tallies()
  readonly #slow = new Tallies()
  #tasks = 0

  constructor(slowNs: number) {
    this.#slowNs = slowNs
  }

  taskSpawned(): void {
    this.#tasks++
  }

  handleFinished(handle: Handle, startNs: number, endNs: number): void {
    const runNs = endNs - startNs
    const waitNs = startNs - handle.readyAtNs
    this.#byClass.of(handle.className).add(runNs, waitNs)
    this.#byName.of(handle.name).add(runNs, waitNs)
    if (runNs > this.#slowNs) this.#slow.of(handle.name).add(runNs, waitNs)
  }

  metrics() {
    const all = this.#byClass.entries().map(([, tally]) => tally)
    const executionNs = all.reduce((sum, each) => sum + each.runNs, 0)
    return {
      'timing.tasks': { value: this.#tasks, unit: 'count', better: 'neither' },
      'timing.handles': {
        value: all.reduce((sum, each) => sum + each.count, 0),
        unit: 'count',
        better: 'neither',
      },
      'timing.execution': { value: executionNs, unit: 'ns', better: 'lower' },
    } as const
  }

  tables(): ObserverTable[] {
    return [
      table('Time by class', 'class', this.#byClass),
      table('Time by callback', 'callback', this.#byName),
    ]
  }

  findings(): Finding[] {
    return this.#slow.entries().map(([name, { count, longestNs }]) => ({
      kind: 'slow-callback',
      message: `${name} held the loop for up to ${(longestNs / 1e6).toFixed(1)} ms`,
      times: count,
    }))
  }
}

/** The most expensive first. */
function table(title: string, what: string, tallies: Tallies): ObserverTable {
  const rows = tallies.entries().sort(([, a], [, b]) => b.runNs - a.runNs)
  return {
    title,
    columns: [
      { name: what },
      { name: 'count', unit: 'count' },
      { name: 'total run', unit: 'ns' },
      { name: 'mean run', unit: 'ns' },
      { name: 'longest run', unit: 'ns' },
      { name: 'mean wait', unit: 'ns' },
    ],
    rows: rows.map(([key, t]) => [key, t.count, t.runNs, t.runNs / t.count, t.longestNs, t.waitNs / t.count]),
  }
}

export default definePolicy({
  name: 'timing',
  summary: 'wraps a policy and tells where the time went, by class and callback; warns of slow callbacks',
  options: z.strictObject({
    inner: innerOption(),
    slow: durationOption('100ms', 'a callback that holds the loop longer is reported'),
  }),
  createQueue: (env) => env.inner(env.options.inner).queue,
  selector: (env) => env.inner(env.options.inner).selector,
  observe: (env) => [new TimingObserver(env.options.slow), ...env.inner(env.options.inner).observers],
})
