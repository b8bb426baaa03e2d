/**
 * How fast the simulated world is: `npm run bench`. Whole rounds as `run` and `replay` make them, with health, digest
 * and exact percentiles, without the start of their process. Absolute figures are the machine's; the floor beside them
 * is the least work that any simulation of the same queue in this language does.
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { Bench } from 'tinybench'
import { loadPlugin } from '../catalog.ts'
import { formatDuration, formatValue } from '../format.ts'
import { Histogram } from '../histogram.ts'
import type { Arrival } from '../loop/arrivals.ts'
import { preparePolicy } from '../policy-parts.ts'
import { createRandom, type Random } from '../random.ts'
import { World } from '../world/world.ts'
import { HealthObserver } from './health.ts'
import { type Outcome, runVirtual } from './round.ts'
import { createVirtualHost } from './runtime.ts'

const CUSTOMERS = 1_000_000
/** As many as the Azure LLM trace (2023) has. */
const ROWS = 28_185
const MEAN_SERVICE_NS = 1e6
const LOAD = 0.8

export interface WorldFigure {
  readonly name: string
  readonly units: number
  readonly medianNs: number
}

interface Options {
  /** Shrinks the loads, for tests. */
  readonly scale: number
  readonly rounds: number
  readonly loads: readonly LoadName[]
}

type LoadName = 'tasks' | 'mm1' | 'floor' | 'replay'

const WHOLE: Options = { scale: 1, rounds: 5, loads: ['tasks', 'mm1', 'floor', 'replay'] }

export async function measureWorld({ scale, rounds, loads }: Options = WHOLE): Promise<WorldFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'loopdyno-bench-'))
  try {
    const customers = Math.ceil(CUSTOMERS * scale)
    const rows = Math.ceil(ROWS * scale)
    const trace = join(folder, 'trace.csv')
    await writeTrace(trace, rows)
    const known = {
      tasks: {
        name: 'M/M/1 customers, an async task each',
        units: customers,
        run: () => runTasks(customers),
      },
      mm1: { name: 'the same as scenario mm1: all figures', units: customers, run: () => runMm1(customers) },
      floor: {
        name: 'M/M/1 customers, Lindley recursion (floor)',
        units: customers,
        run: () => lindley(customers),
      },
      replay: { name: 'rows of a trace, replayed', units: rows, run: () => runReplay(trace) },
    }
    const bench = new Bench({ iterations: rounds, time: 0, warmupIterations: 1, warmupTime: 0 })
    for (const load of loads) bench.add(known[load].name, known[load].run)
    await bench.run()
    return loads.map((load) => ({ ...known[load], medianNs: medianOf(bench, known[load].name) }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function medianOf(bench: Bench, name: string): number {
  const result = bench.getTask(name)?.result
  if (result?.state === 'completed') return result.latency.p50 * 1e6
  throw new Error(`${name} did not complete: ${JSON.stringify(result)}`)
}

/** A customer is an async task; with health, digest and sojourns, and nothing else. */
async function runTasks(customers: number): Promise<void> {
  const random = createRandom(1)
  const world = new World()
  const policy = await preparePolicy('fifo:batch=1')
  const observers = [new HealthObserver('virtual')]
  const loop = createVirtualHost(world, 0, { policy, classes: {}, random: random.fork('policy'), observers })
  const sojourns = Histogram.createExact()
  const services = random.fork('services')
  const main = loop.spawn(async () => {
    const done = loop.createFuture()
    const arrivals = loop.arrivals(arrivalsOf(customers, random.fork('arrivals')), ({ atNs }) => {
      const serviceNs = Math.round(services.exponential(MEAN_SERVICE_NS))
      loop.spawn(async () => {
        loop.work(serviceNs)
        sojourns.record(loop.nowNs() - atNs)
        if (sojourns.count === customers) done.setResult()
      })
    })
    await arrivals
    await done
  })
  await world.run([main])
  main.result()
}

function* arrivalsOf(customers: number, random: Random): Generator<Arrival> {
  let atNs = 0
  for (let i = 0; i < customers; i++) {
    atNs += Math.round(random.exponential(MEAN_SERVICE_NS / LOAD))
    yield { atNs }
  }
}

async function runMm1(customers: number): Promise<void> {
  const settings = { load: LOAD, customers, meanServiceUs: MEAN_SERVICE_NS / 1e3 }
  await runScenario('mm1', settings)
}

async function runReplay(trace: string): Promise<void> {
  await runScenario('replay', { trace, classes: 'a=0,b=1' })
}

async function runScenario(name: string, settings: Record<string, unknown>): Promise<Outcome> {
  const scenario = await loadPlugin('scenario', name)
  const policy = await preparePolicy('fifo:batch=1')
  const params = scenario.params.parse(settings)
  const outcome = await runVirtual({
    policy,
    plain: policy,
    scenario,
    params,
    selector: 'simulated',
    seed: 1,
  })
  if (outcome.status !== 'ok') throw new Error(`${name} failed: ${outcome.reason}`)
  return outcome
}

/** The waits of the same queue without any loop: W' = max(0, W + S − A). (Lindley 1952.) */
function lindley(customers: number): number {
  const random = createRandom(1)
  const [arrivals, services] = [random.fork('arrivals'), random.fork('services')]
  let waitNs = 0
  let sumNs = 0
  for (let i = 0; i < customers; i++) {
    const serviceNs = Math.round(services.exponential(MEAN_SERVICE_NS))
    sumNs += waitNs + serviceNs
    const gapNs = Math.round(arrivals.exponential(MEAN_SERVICE_NS / LOAD))
    waitNs = Math.max(0, waitNs + serviceNs - gapNs)
  }
  return sumNs
}

async function writeTrace(path: string, rows: number): Promise<void> {
  await pipeline(traceLines(rows, createRandom(1)), createWriteStream(path))
}

function* traceLines(rows: number, random: Random): Generator<string> {
  yield 'arrival_us,class,service_us\n'
  let atUs = 0
  for (let i = 0; i < rows; i++) {
    atUs += Math.round(random.exponential(MEAN_SERVICE_NS / LOAD / 1e3))
    yield `${atUs},${i % 3 === 0 ? 'a' : 'b'},${Math.round(random.exponential(MEAN_SERVICE_NS / 1e3))}\n`
  }
}

export function worldTable(figures: readonly WorldFigure[]): string {
  const table = new Table({
    head: ['virtual time', 'units', 'a round', 'a second'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const { name, units, medianNs } of figures) {
    table.push([
      name,
      formatValue(units, 'count'),
      formatDuration(medianNs),
      formatValue((units * 1e9) / medianNs, 'ops/s'),
    ])
  }
  return table.toString()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${worldTable(await measureWorld())}\n`)
}
