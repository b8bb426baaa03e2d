import { defineScenario, type Loop, ms, type ScenarioContext, type Timeline, us, z } from '../harness/api.ts'
import { type Crew, type Done, EXECUTORS, type Executor, HERE, type Job } from './io-or-cpu/executors.ts'
import { laneOf } from './io-or-cpu/lane.ts'
import { computeInThread, type Load, type Service, serve, WAYS, type Way } from './io-or-cpu/latency.ts'
import { iterationsPerMs, monotonicNs } from './three-models/blocking.ts'
import { JobThread } from './three-models/thread.ts'
import { UsageWindow } from './three-models/usage.ts'

const length = (fallback: number, max: number, name: string) =>
  z.number().min(0).max(max).default(fallback).describe(name)

const params = z.object({
  jobs: z.number().int().min(1).max(10_000).default(40).describe('Jobs of each kind'),
  workers: z.number().int().min(1).max(32).default(4).describe('Threads, and processes, in a pool'),
  ioMs: length(10, 1e4, 'I/O-bound job: how long it waits, ms'),
  ioUs: length(50, 1e6, 'I/O-bound job: its CPU time, µs'),
  cpuMs: length(4, 1e4, 'CPU-bound job: its CPU time, ms'),
  durationMs: z.number().positive().max(6e4).default(350).describe('How long requests come, ms'),
  gapMs: z.number().min(0.1).max(1e4).default(2).describe('Mean time between two requests, ms'),
  requestUs: length(100, 1e6, 'CPU time of a request, µs'),
  longMs: length(150, 1e4, 'CPU time of the long computation, ms'),
  sliceMs: z.number().min(0.05).max(1e4).default(2).describe('Longest slice of it, ms'),
})

/** With more requests than these a picture shows nothing, and its record is long. */
const DRAWN_MAX = 5000

type Params = z.output<typeof params>
type Context = ScenarioContext<Params>

export interface Parts {
  readonly executors: readonly Executor[]
  readonly ways: readonly Way[]
}

export default defineScenario({
  name: 'io-or-cpu',
  summary:
    'Jobs on a loop, threads and processes; requests beside a long computation: look at latency.whole and sliced',
  params,
  classes: { request: { priority: 1, deadlineMs: 20 }, job: { priority: 5 }, computation: { priority: 10 } },
  // Threads and processes that take the machine's processors from one another are in no world.
  time: ['real'],
  main: (loop, ctx) => runParts(loop, ctx, { executors: EXECUTORS, ways: WAYS }),
})

export async function runParts(loop: Loop, ctx: Context, { executors, ways }: Parts): Promise<void> {
  const perMs = iterationsPerMs()
  const performances: Performance[] = []
  for (const executor of executors) performances.push(await perform(loop, ctx, executor, perMs))
  reportJobs(ctx, performances)
  await serveAll(loop, ctx, ways, loadOf(ctx, perMs))
}

// ------------------------------------------------------------------ jobs

interface Performance {
  readonly executor: Executor
  readonly startNs: number
  readonly memoryBytes: number
  readonly totalsNs: readonly number[]
  readonly done: readonly Done[]
}

/** The kinds of jobs: what each is named, and what one is. */
const KINDS = [
  { name: 'io', title: 'I/O-bound', jobOf: ({ ioMs, ioUs }: Params) => [ioMs, ioUs / 1e3] },
  { name: 'cpu', title: 'CPU-bound', jobOf: ({ cpuMs }: Params) => [0, cpuMs] },
] as const

function jobsOf({ params }: Context, kind: (typeof KINDS)[number], perMs: number): Job[] {
  const [waitMs, cpuMs] = kind.jobOf(params) as [number, number]
  return Array.from({ length: params.jobs }, (_, index) => ({
    waitNs: ms(waitMs),
    iterations: Math.round(cpuMs * perMs),
    seed: index + 1,
  }))
}

async function perform(loop: Loop, ctx: Context, executor: Executor, perMs: number): Promise<Performance> {
  const window = new UsageWindow()
  const beginNs = monotonicNs()
  const crew = await loop.fromPromise(executor.start(loop, ctx.params.workers))
  const startNs = monotonicNs() - beginNs
  try {
    const totalsNs: number[] = []
    const done: Done[] = []
    for (const kind of KINDS) {
      const kindNs = monotonicNs()
      done.push(...(await loop.fromPromise(crew.run(jobsOf(ctx, kind, perMs)))))
      totalsNs.push(monotonicNs() - kindNs)
    }
    return { executor, startNs, memoryBytes: await memoryOf(loop, crew, window), totalsNs, done }
  } finally {
    await loop.fromPromise(crew.close())
  }
}

/** What it added to this process, and what its own processes hold. */
async function memoryOf(loop: Loop, crew: Crew, window: UsageWindow): Promise<number> {
  return window.usage().memoryBytes + (await loop.fromPromise(crew.memoryBytes()))
}

function reportJobs(ctx: Context, performances: readonly Performance[]): void {
  const { meter } = ctx
  for (const { executor, totalsNs } of performances) {
    const better = executor.name === 'eventLoop' ? 'lower' : 'neither'
    for (const [index, kind] of KINDS.entries())
      meter.value(`total.${kind.name}.${executor.name}`, totalsNs[index]!, 'ns', better)
  }
  meter.table({
    title: 'Jobs that wait, and jobs that compute',
    columns: [
      { name: 'carried out by' },
      ...KINDS.map(({ title }) => ({ name: title, unit: 'ns' as const })),
      { name: 'start', unit: 'ns' },
      { name: 'memory', unit: 'bytes' },
    ],
    rows: performances.map(({ executor, startNs, memoryBytes, totalsNs }) => [
      executor.title,
      ...totalsNs,
      startNs,
      memoryBytes,
    ]),
  })
  for (const performance of performances) checkJobs(ctx, performance, performances[0]!)
}

function checkJobs(
  { check, params }: Context,
  { executor, done }: Performance,
  { executor: first, done: expected }: Performance,
): void {
  const { title, inside } = executor
  const jobs = KINDS.length * params.jobs
  const finished = done.filter((one) => one !== undefined)
  check(finished.length === jobs, `${title}: of ${jobs} jobs ${finished.length} were done`)
  const at = finished.findIndex(({ result }, index) => result !== expected[index]?.result)
  check(at < 0, `${title}: job ${at + 1} came to another result than by '${first.title}'`)
  const places = new Set(finished.map(({ place }) => place))
  const most = Math.min(executor.places(params.workers), params.jobs)
  check(places.size <= most, `${title}: jobs ran in ${places.size} places, not in ${most}`)
  const wrong = finished.find(({ place }) => inside !== (place.split('/')[0] === HERE.split('/')[0]))
  check(
    wrong === undefined,
    `${title}: a job ran ${inside ? 'outside of' : 'in'} this process, at ${wrong?.place}`,
  )
}

// ------------------------------------------------------------------ latency

function loadOf({ params, random }: Context, perMs: number): Load {
  const { durationMs, gapMs, requestUs, longMs, sliceMs } = params
  const gaps = random.fork('arrivals')
  const requests = []
  for (let atNs = gaps.exponential(ms(gapMs)); atNs < ms(durationMs); atNs += gaps.exponential(ms(gapMs)))
    requests.push({ id: requests.length + 1, atNs })
  return {
    requests,
    requestIterations: Math.round((requestUs / 1e3) * perMs),
    requestNs: us(requestUs),
    beginNs: ms(durationMs) / 5,
    amount: {
      iterations: Math.round(longMs * perMs),
      sliceIterations: Math.ceil(sliceMs * perMs),
      expectedNs: ms(longMs),
    },
  }
}

/** The measured window: here policies differ. */
async function serveAll(loop: Loop, ctx: Context, ways: readonly Way[], load: Load): Promise<void> {
  const thread = new JobThread(computeInThread)
  const services: Service[] = []
  try {
    await loop.fromPromise(thread.run(0)) // it is there: a pool would have it
    ctx.meter.start()
    for (const way of ways) services.push(await serve(loop, way, load, thread))
    for (const service of services) measure(ctx, service)
    ctx.meter.stop()
  } finally {
    await loop.fromPromise(thread.end())
  }
  for (const service of services) checkService(ctx, service, load)
  checkComputations(ctx, services)
  reportServices(ctx, services)
}

function measure({ meter }: Context, { way, served }: Service): void {
  for (const { arrivedNs, endNs } of served) meter.latency(way.name, endNs - arrivedNs)
  meter.operations(served.length)
}

export function checkService(
  { check }: Pick<Context, 'check'>,
  { way, served }: Service,
  { requests }: Load,
): void {
  const answered = new Set(served.map(({ id }) => id))
  check(
    answered.size === requests.length && served.length === requests.length,
    `${way.title}: of ${requests.length} requests ${answered.size} were answered, ${served.length} times`,
  )
  const early = served.find(({ arrivedNs, startNs }) => startNs < arrivedNs)
  check(early === undefined, `${way.title}: request ${early?.id} was answered before it came`)
}

function checkComputations({ check }: Context, services: readonly Service[]): void {
  const [first, ...others] = services.filter(({ computation }) => computation !== undefined)
  for (const { way, computation } of others)
    check(
      computation!.result === first!.computation!.result,
      `The computation ${way.title} came to another result than ${first!.way.title}`,
    )
}

function reportServices({ meter }: Context, services: readonly Service[]): void {
  meter.table({
    title: 'Requests beside one long computation',
    columns: [
      { name: 'computation' },
      { name: 'request p50', unit: 'ns' },
      { name: 'request p99', unit: 'ns' },
      { name: 'request max', unit: 'ns' },
      { name: 'computation took', unit: 'ns' },
    ],
    rows: services.map((service) => [service.way.title, ...latenciesOf(service), tookOf(service)]),
  })
  if (services.every(({ served }) => served.length <= DRAWN_MAX)) meter.timeline(timelineOf(services))
}

function timelineOf(services: readonly Service[]): Timeline {
  return {
    title: 'Requests beside a long computation',
    blocks: services.map(({ way, startNs, served, computation }) => ({
      name: way.title,
      lanes: [
        {
          name: 'computation',
          spans: (computation?.stretches ?? []).map((stretch) => ({
            kind: 'running' as const,
            startNs: stretch.startNs - startNs,
            endNs: stretch.endNs - startNs,
          })),
        },
        { name: 'requests', spans: laneOf(served, startNs) },
      ],
    })),
  }
}

/** Median, 99th percentile and maximum, by nearest rank. */
function latenciesOf({ served }: Service): number[] {
  const sorted = served.map(({ arrivedNs, endNs }) => endNs - arrivedNs).sort((a, b) => a - b)
  return [0.5, 0.99, 1].map((share) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0)
}

function tookOf({ computation }: Service): number | string {
  const stretches = computation?.stretches ?? []
  return stretches.length === 0 ? '–' : stretches.at(-1)!.endNs - stretches[0]!.startNs
}
