import { defineScenario, type Loop, ms, type ScenarioContext, z } from '../harness/api.ts'
import { HttpServer } from './http/server.ts'
import { type Directory, loadAll } from './server-models/load.ts'
import type { OpenServer, ServerModel } from './server-models/models.ts'
import { eventLoop, threads } from './server-models/on-loop.ts'
import { processes } from './server-models/process-server.ts'
import { iterationsPerMs } from './three-models/blocking.ts'

const params = z.object({
  requests: z.number().int().min(1).max(5000).default(8).describe('Requests to each server'),
  rate: z
    .number()
    .positive()
    .max(10_000)
    .default(8)
    .describe('Requests a second (Poisson); a process takes some 70 ms of CPU to start'),
  waitMs: z.number().min(0).max(1e4).default(5).describe('How long a request waits for its backend, ms'),
  computeMs: z.number().min(0).max(1e4).default(2).describe('CPU time of a request, ms'),
  most: z.number().int().min(1).max(100).default(32).describe('Threads, and processes, at once; more wait'),
})

type Params = z.output<typeof params>
type Context = ScenarioContext<Params>

interface Opened {
  readonly model: ServerModel
  readonly server: OpenServer
}

/** How long what has answered may take to end. */
const ENDING_NS = ms(10_000)
const LOOK_NS = ms(5)
const ANY_PORT = { host: '127.0.0.1', port: 0 }

export default defineScenario({
  name: 'server-models',
  summary:
    'One HTTP service by a process, a thread and an event per request: look at latency.* and the table of costs',
  params,
  classes: { eventLoop: { priority: 1 }, threads: { priority: 1 } },
  // Threads, processes and the context switches between them are the machine's: no world has them.
  time: ['real'],
  serve: (loop, ctx) => serveModels(loop, ctx, [eventLoop, threads, processes]),
  load: loadAll,
})

/** All servers at once, of which only one is used at a time; the load learns from the directory where they are. */
export async function serveModels(
  loop: Loop,
  ctx: Context,
  models: readonly ServerModel[],
  endingNs = ENDING_NS,
): Promise<void> {
  const { waitMs, computeMs, most } = ctx.params
  const service = { waitNs: ms(waitMs), iterations: Math.round(computeMs * iterationsPerMs()) }
  const opened: Opened[] = []
  try {
    for (const model of models)
      opened.push({ model, server: await model.open(loop, ANY_PORT, service, most) })
    await serveDirectory(loop, ctx, opened)
    for (const each of opened) await checkModel(loop, ctx, each, endingNs)
  } finally {
    for (const { server } of opened) await server.close()
  }
  report(ctx, opened)
}

/** Until the load is finished. */
async function serveDirectory(loop: Loop, ctx: Context, opened: readonly Opened[]): Promise<void> {
  const directory: Directory = Object.fromEntries(
    opened.map(({ model, server }) => [model.name, server.address]),
  )
  const server = new HttpServer(loop, {
    route: () => ({ status: 200, body: JSON.stringify(directory) }),
    headerTimeoutNs: ms(10_000),
    idleTimeoutNs: ms(10_000),
  })
  const listener = loop.listen(ctx.address, server.serve, { name: 'directory' })
  ctx.ready(listener.address)
  await ctx.loadFinished
  listener.close()
  await server.shutDown()
}

/** What has answered may still have to end. */
async function checkModel(
  loop: Loop,
  { check }: Context,
  { model, server }: Opened,
  endingNs: number,
): Promise<void> {
  const untilNs = loop.nowNs() + endingNs
  while (server.left() > 0 && loop.nowNs() < untilNs) await loop.sleep(LOOK_NS)
  const { title, perRequest, inside } = model
  const { begun, answered, aborted, places } = server.tally
  check(server.left() === 0, `${title}: ${server.left()} were left behind`)
  check(
    begun === answered + aborted,
    `${title}: of ${begun} requests ${answered} were answered and ${aborted} given up`,
  )
  const expected = perRequest ? answered : Math.min(1, answered)
  check(
    places.size === expected,
    `${title}: ${answered} answers came from ${places.size} places, not ${expected}`,
  )
  const wrong = [...places].find((place) => place.startsWith(`${process.pid}/`) !== inside)
  check(
    wrong === undefined,
    `${title}: an answer came from ${inside ? 'outside of' : 'inside'} the server's process, ${wrong}`,
  )
}

function report({ meter }: Context, opened: readonly Opened[]): void {
  const rows = opened.map(({ model, server: { tally } }) => {
    const { cpuNs, memoryBytes, voluntary, involuntary } = tally.usage()
    const each = (total: number) => total / Math.max(1, tally.answered)
    return { model, tally, memoryBytes, cpu: each(cpuNs), gaveUp: each(voluntary), forced: each(involuntary) }
  })
  for (const { model, tally, memoryBytes, cpu, gaveUp, forced } of rows) {
    // Of the three, the policy runs the event loop alone.
    const better = model.perRequest ? 'neither' : 'lower'
    meter.value(`cpu.${model.name}`, cpu, 'ns', better)
    meter.value(`memory.${model.name}`, memoryBytes, 'bytes', 'neither')
    meter.value(`switches.${model.name}`, gaveUp + forced, 'count', 'neither')
    meter.value(`throughput.${model.name}`, tally.rate(), 'ops/s', 'neither')
    if (tally.aborted > 0) meter.count(`aborted.${model.name}`, tally.aborted)
  }
  meter.table({
    title: 'What a request costs the server',
    columns: [
      { name: 'server' },
      { name: 'throughput', unit: 'ops/s' },
      { name: 'CPU', unit: 'ns' },
      { name: 'switches, voluntary', unit: 'count' },
      { name: 'forced', unit: 'count' },
      { name: 'memory in all', unit: 'bytes' },
      { name: 'at once', unit: 'count' },
    ],
    rows: rows.map(({ model, tally, cpu, gaveUp, forced, memoryBytes }) => [
      model.title,
      tally.rate(),
      cpu,
      gaveUp,
      forced,
      memoryBytes,
      tally.atOnce,
    ]),
  })
}
