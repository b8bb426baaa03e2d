/**
 * How fast the kernel is, beside what Node does itself: `npm run bench`. Each load runs on the real loop (owned
 * driver where there is epoll) and in Node's own terms, in the same process; the ratio is what to look at, since
 * absolute figures are the machine's.
 */
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { Bench, type FnReturnedObject } from 'tinybench'
import { formatDuration, formatValue } from '../format.ts'
import type { AnyFuture } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import { preparePolicy } from '../policy-parts.ts'
import { createRandom } from '../random.ts'
import { defaultSelector } from '../selectors/registry.ts'
import { createRealRuntime, type Runtime } from './runtime.ts'

/** Callbacks ready at the same time; tasks that take turns. */
const CALLBACKS_WIDE = 1000
const TASKS_WIDE = 100
const TIMERS_WITHIN_NS = 10e6

interface Load {
  readonly name: string
  /** What Node does in its place. */
  readonly nodeName: string
  /** Units of work in one batch of full size. */
  readonly units: number
  /** What it should reach, per second; the first is 10 times one immediate after the other. */
  readonly yardstick?: (chainedPerSecond: number) => number
  /** Also measured under the policy `timing`. */
  readonly timed?: true
  /** Runs one batch on the loop; called inside a turn. */
  onLoop(loop: Loop, units: number): AnyFuture
  onNode(units: number): Promise<unknown>
}

const TIMING_ADDS_NS_MAX = 100

/** Chains of callbacks, each of which schedules the next, until all the units are used up. */
function chains(
  wide: number,
  units: number,
  schedule: (callback: () => void) => void,
  done: () => void,
): void {
  let left = units
  let live = wide
  const callback = () => {
    left--
    if (left >= live) schedule(callback)
    else if (--live === 0) done()
  }
  for (let i = live; i > 0; i--) schedule(callback)
}

function callbacks(wide: number): Pick<Load, 'onLoop' | 'onNode'> {
  return {
    onLoop(loop, units) {
      const done = loop.createFuture()
      const schedule = (callback: () => void) => void loop.callSoon(callback)
      chains(wide, units, schedule, () => done.setResult())
      return done
    },
    onNode: (units) => new Promise<void>((resolve) => chains(wide, units, setImmediate, resolve)),
  }
}

/** A turn, with its look at I/O, for every callback: what one immediate after the other costs in Node. */
const CHAINED: Load = {
  name: 'callbacks, one after the other',
  nodeName: 'setImmediate',
  units: 50_000,
  ...callbacks(1),
}

const LOADS: readonly Load[] = [
  {
    name: `callbacks, ${CALLBACKS_WIDE} at a time`,
    nodeName: 'setImmediate',
    units: 1_000_000,
    yardstick: (chainedPerSecond) => 10 * chainedPerSecond,
    timed: true,
    ...callbacks(CALLBACKS_WIDE),
  },
  CHAINED,
  {
    name: 'async switches',
    nodeName: 'await of setImmediate',
    units: 200_000,
    yardstick: () => 3e6,
    onLoop(loop, units) {
      const body = async () => {
        for (let i = units / TASKS_WIDE; i > 0; i--) await loop.yieldNow()
      }
      return loop.gather(Array.from({ length: TASKS_WIDE }, () => body))
    },
    onNode: nodeSwitches,
  },
  {
    name: 'generator switches',
    nodeName: 'await of setImmediate',
    units: 400_000,
    timed: true,
    onLoop(loop, units) {
      function* body() {
        for (let i = units / TASKS_WIDE; i > 0; i--) yield
      }
      return loop.gather(Array.from({ length: TASKS_WIDE }, () => body))
    },
    onNode: nodeSwitches,
  },
  {
    name: 'timers, half of them cancelled',
    nodeName: 'setTimeout, clearTimeout',
    units: 100_000,
    onLoop(loop, units) {
      const done = loop.createFuture()
      const nowNs = loop.nowNs()
      halfCancelled(
        units,
        (fire, at) => loop.callAt(nowNs + at * TIMERS_WITHIN_NS, fire),
        (timer) => timer.cancel(),
        () => done.setResult(),
      )
      return done
    },
    onNode: (units) =>
      new Promise<void>((resolve) => {
        halfCancelled(
          units,
          (fire, at) => setTimeout(fire, (at * TIMERS_WITHIN_NS) / 1e6),
          clearTimeout,
          resolve,
        )
      }),
  },
]

async function nodeSwitches(units: number): Promise<void> {
  const body = async () => {
    for (let i = units / TASKS_WIDE; i > 0; i--) await new Promise(setImmediate)
  }
  await Promise.all(Array.from({ length: TASKS_WIDE }, body))
}

/** Sets timers in random order, cancels every second one and waits for the rest. */
function halfCancelled<Timer>(
  units: number,
  set: (fire: () => void, at: number) => Timer,
  cancel: (timer: Timer) => void,
  done: () => void,
): void {
  const random = createRandom(1)
  let left = Math.ceil(units / 2)
  const fire = () => {
    if (--left === 0) done()
  }
  const timers = Array.from({ length: units }, () => set(fire, random.uniform()))
  for (let i = 1; i < units; i += 2) cancel(timers[i]!)
}

export interface LoadFigure {
  readonly load: Load
  readonly perSecond: number
  readonly nodePerSecond: number
}

export interface KernelFigures {
  readonly loads: readonly LoadFigure[]
  /** What the policy `timing` adds to a handle, ns, by load. */
  readonly timingAddsNs: Readonly<Record<string, number>>
}

export interface BenchSize {
  /** Times each batch is run. */
  readonly rounds: number
  /** Of the full batch, above 0. */
  readonly scale: number
}

/** Measures everything. `scale` below 1 is for tests: the figures then mean nothing. */
export async function measureKernel({ rounds, scale }: BenchSize): Promise<KernelFigures> {
  const bench = new Bench({
    iterations: rounds,
    time: 0,
    warmupIterations: Math.ceil(rounds / 5),
    warmupTime: 0,
    throws: true,
  })
  const fifo = await runtimeOf('fifo')
  const timing = await runtimeOf('timing')
  const sized = LOADS.map((load) => ({ ...load, units: Math.ceil((load.units * scale) / 1000) * 1000 }))
  for (const load of sized) {
    bench.add(load.name, () => cpuOf(() => runBatch(fifo, load)))
    bench.add(inNode(load), () => cpuOf(() => load.onNode(load.units)))
    if (load.timed) bench.add(underTiming(load), () => cpuOf(() => runBatch(timing, load)))
  }
  await bench.run()
  for (const { loop } of [fifo, timing]) loop.close()
  return figuresOf(sized, (task, units) => (units * 1e3) / medianMs(bench, task))
}

function figuresOf(loads: readonly Load[], rateOf: (task: string, units: number) => number): KernelFigures {
  const addedNs = (load: Load) =>
    1e9 / rateOf(underTiming(load), load.units) - 1e9 / rateOf(load.name, load.units)
  return {
    loads: loads.map((load) => ({
      load,
      perSecond: rateOf(load.name, load.units),
      nodePerSecond: rateOf(inNode(load), load.units),
    })),
    timingAddsNs: Object.fromEntries(
      loads.filter((load) => load.timed).map((load) => [load.name, addedNs(load)]),
    ),
  }
}

/** Processor time, ms: what the work costs, whatever else the machine does and however long timers are waited for. */
async function cpuOf(work: () => Promise<unknown>): Promise<FnReturnedObject> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { overriddenDuration: (user + system) / 1e3 }
}

/** The loop is entered from a macrotask by its driver; the batch starts inside a turn, as all work does. */
function runBatch(runtime: Runtime, load: Load): Promise<void> {
  return runtime.run(runtime.loop.spawn(() => load.onLoop(runtime.loop, load.units)) as AnyFuture)
}

async function runtimeOf(policy: string): Promise<Runtime> {
  const prepared = await preparePolicy(policy)
  return createRealRuntime({
    policy: prepared,
    selector: defaultSelector(),
    classes: {},
    random: createRandom(1),
  })
}

function inNode(load: Load): string {
  return `${load.name} in Node`
}

function underTiming(load: Load): string {
  return `${load.name} under timing`
}

function medianMs(bench: Bench, name: string): number {
  const result = bench.getTask(name)?.result
  if (result?.state !== 'completed') throw new Error(`The benchmark '${name}' did not complete`)
  return result.latency.p50
}

/** The figures as a table, with the yardsticks they are held against. */
export function kernelTable({ loads, timingAddsNs }: KernelFigures): string {
  const table = new Table({
    head: ['', 'loop', 'Node', 'ratio', 'yardstick', 'met'],
    style: { head: [], border: [] },
  })
  const chainedPerSecond = loads.find(({ load }) => load.name === CHAINED.name)!.nodePerSecond
  for (const { load, perSecond, nodePerSecond } of loads) {
    const wanted = load.yardstick?.(chainedPerSecond)
    table.push([
      load.name,
      formatValue(perSecond, 'ops/s'),
      `${formatValue(nodePerSecond, 'ops/s')} (${load.nodeName})`,
      `×${(perSecond / nodePerSecond).toFixed(1)}`,
      wanted === undefined ? '' : `at least ${formatValue(wanted, 'ops/s')}`,
      wanted === undefined ? '' : yesOrNo(perSecond >= wanted),
    ])
  }
  for (const [name, ns] of Object.entries(timingAddsNs)) {
    const limit = `at most ${formatDuration(TIMING_ADDS_NS_MAX)}`
    table.push([
      `timing adds to ${name}`,
      formatDuration(ns),
      '',
      '',
      limit,
      yesOrNo(ns <= TIMING_ADDS_NS_MAX),
    ])
  }
  return table.toString()
}

function yesOrNo(met: boolean): string {
  return met ? 'yes' : 'no'
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const figures = await measureKernel({ rounds: 15, scale: 1 })
  process.stdout.write(`${kernelTable(figures)}\n`)
}
