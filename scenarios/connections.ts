import {
  defineScenario,
  type Listener,
  type Loop,
  type ScenarioContext,
  UnsupportedError,
  z,
} from '../harness/api.ts'
import { Bystanders } from './connections/bystanders.ts'
import { Clients } from './connections/clients.ts'
import { drive } from './connections/drive.ts'
import { EchoServer, type Step } from './connections/server.ts'
import { sizesParam } from './pipes/sizes.ts'

const params = z
  .object({
    sizes: sizesParam('10,100,400,1000,4000', 1e5, 'Open connections, step by step: 10,100,1000'),
    active: z.number().int().min(1).max(1000).default(1).describe('Pings under way at once'),
    events: z.number().int().min(1).max(1e6).default(50).describe('Pings of a run'),
    runs: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('Measured runs of each size: the cheapest counts'),
  })
  .refine(({ sizes, active }) => active <= sizes[0]!, {
    path: ['active'],
    message: 'must be at most the smallest of sizes',
  })

type Context = ScenarioContext<z.output<typeof params>>

/**
 * Linux looks for a free port among every second one of 28,000 first: beyond 14,000 connections to one address making
 * another takes long.
 */
const PER_ADDRESS = 10_000

/** Below, what a process needs anyway hides what connections need. */
const LEAST_FOR_MEMORY = 1000

export default defineScenario({
  name: 'connections',
  summary: 'Many open connections, few active: look at perEvent.10 to perEvent.4000, selector by selector',
  params,
  classes: { ping: {} },
  // What a look at many descriptors costs is a fact about a real kernel; in virtual time it is whatever was assumed.
  time: ['real'],

  async serve(loop, ctx) {
    await serveConnections(loop, ctx, new EchoServer(loop))
  },

  load: (loop, ctx) => drive(loop, ctx, { clients: new Clients(loop), bystanders: new Bystanders(loop) }),
})

/** Exported for tests, which bring servers that drop connections or answer something else. */
export async function serveConnections(loop: Loop, ctx: Context, server: EchoServer): Promise<void> {
  const { room } = server
  const [least] = ctx.params.sizes
  if (room.limit === 'selector' && least! > room.connections) {
    throw new UnsupportedError(`${least} connections are too many: ${reason(loop, server)}`)
  }
  const listeners = listen(loop, ctx, server)
  server.addresses = listeners.map(({ address }) => address)
  ctx.ready(server.addresses[0]!)
  await ctx.loadFinished
  for (const listener of listeners) listener.close()
  await server.close()
  const { opened, ended, reset } = server
  ctx.check(opened === ended + reset, `${opened} connections were accepted, ${ended + reset} ended`)
  ctx.meter.count('connections.accepted', opened)
  ctx.meter.count('connections.reset', reset)
  report(loop, ctx, server)
}

function listen(loop: Loop, { address, params }: Context, server: EchoServer): Listener[] {
  const most = Math.min(params.sizes.at(-1)!, server.room.connections)
  const more = Math.ceil(most / PER_ADDRESS) - 1
  const addresses = [address, ...Array.from({ length: more }, () => ({ host: '127.0.0.1', port: 0 }))]
  const options = { name: 'connection', className: 'ping' }
  return addresses.map((each) => loop.listen(each, server.serve, options))
}

function reason(loop: Loop, { room }: EchoServer): string {
  return `${loop.selector.name} watches no descriptor above 1023: room for ${room.connections}`
}

function report(loop: Loop, { meter, params }: Context, server: EchoServer): void {
  const { steps } = server
  for (const { size, perEventNs } of steps) meter.value(`perEvent.${size}`, perEventNs, 'ns', 'lower')
  const [first] = steps
  const last = steps.at(-1)
  if (first === undefined || last === undefined) return
  if (steps.length > 1) meter.value('perEvent.growth', last.perEventNs / first.perEventNs, 'ratio', 'lower')
  if (last.held >= LEAST_FOR_MEMORY) {
    const { heap, resident } = server.memoryPerConnection(last)
    meter.value('memory.heapPerConnection', heap, 'bytes', 'lower')
    meter.value('memory.perConnection', resident, 'bytes', 'lower')
  }
  meter.table({
    title: `Cost per event by open connections, ${params.active} active`,
    columns: [
      { name: 'connections', unit: 'count' },
      { name: 'in this loop', unit: 'count' },
      { name: 'CPU per event', unit: 'ns' },
      { name: 'round trip, median', unit: 'ns' },
      { name: 'memory each', unit: 'bytes' },
      { name: '' },
    ],
    rows: [
      ...steps.map((step) => rowOf(step, server)),
      ...params.sizes.slice(steps.length).map((size) => [size, '–', '–', '–', '–', reason(loop, server)]),
    ],
  })
}

function rowOf(step: Step, server: EchoServer): (string | number)[] {
  const { size, held, perEventNs, roundTripNs } = step
  const memory = held < LEAST_FOR_MEMORY ? '–' : server.memoryPerConnection(step).resident
  const note = held < size ? `${size - held} in other processes` : ''
  return [size, held, perEventNs, roundTripNs, memory, note]
}
