import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import { ms } from '../../harness/durations.ts'
import { UnsupportedError } from '../../harness/errors.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { Stream } from '../../harness/loop/streams.ts'
import { createRandom } from '../../harness/random.ts'
import { unavailableReason } from '../../harness/selectors/syscalls.ts'
import { Clients } from '../../scenarios/connections/clients.ts'
import { drive } from '../../scenarios/connections/drive.ts'
import { roomUnder } from '../../scenarios/connections/room.ts'
import { type Echo, EchoServer } from '../../scenarios/connections/server.ts'
import connections, { serveConnections } from '../../scenarios/connections.ts'
import { realLoop, run } from './bench-loop.ts'
import { testContext } from './context.ts'

const WARM_UP = 30
const PARAMS = { sizes: '4,10', events: 20, runs: 2 }

/** What takes the place of the honest parts. */
interface Parts {
  readonly server?: (loop: Loop) => EchoServer
  readonly clients?: (loop: Loop) => Clients
  /** How many of the bystanders' connections answer. */
  readonly alive?: (held: number) => number
}

/** Both sides under one loop. They talk over real sockets all the same. */
async function measure(parts: Parts = {}, params: Readonly<Record<string, unknown>> = PARAMS) {
  const loop = realLoop(classesOf(connections, connections.params.parse({})))
  const server = parts.server?.(loop) ?? new EchoServer(loop)
  const loadFinished = loop.createFuture()
  const driver = testContext(connections, params)
  const tested = testContext(connections, params, {
    loadFinished,
    ready: (address) => {
      const clients = parts.clients?.(loop) ?? new Clients(loop)
      const crowd = { clients, bystanders: bystanders(parts.alive) }
      const driving = loop.spawn(() => drive(loop, { ...driver.ctx, address }, crowd, WARM_UP))
      driving.addDoneCallback(() => {
        if (driving.error() !== undefined) driver.failures.push(String(driving.error()))
        loadFinished.setResult()
      })
    },
  })
  await run(loop, () => serveConnections(loop, tested.ctx, server)).finally(() => loop.close())
  return {
    server,
    failures: [...tested.failures, ...driver.failures],
    values: tested.measured.values,
    counts: tested.measured.counts,
    driven: driver.measured,
  }
}

function bystanders(alive = (held: number) => held) {
  let held = 0
  return {
    growTo: async (size: number) => {
      held = size
    },
    sweep: async () => alive(held),
    close: async () => {},
  }
}

/** A server of which `serve` is done otherwise. */
function serverThat(
  serves: (server: EchoServer, stream: Stream, honest: () => Promise<void>) => Promise<void>,
) {
  return (loop: Loop) => {
    const server = new EchoServer(loop, { acceptTries: 5 })
    const { serve } = server
    return Object.assign(server, {
      serve: (stream: Stream) => serves(server, stream, () => serve(stream)),
    })
  }
}

const echoing = (echo: Echo) => ({
  server: (loop: Loop) => new EchoServer(loop, { echo }),
  clients: (loop: Loop) => new Clients(loop, ms(300)),
})

describe.runIf(unavailableReason() === undefined)('connections', () => {
  test('measures each size, and the server bears that all are reset at the end', async () => {
    const { failures, values, counts, server, driven } = await measure()
    expect(failures).toEqual([])
    expect(server.steps.map(({ size, held }) => [size, held])).toEqual([
      [4, 4],
      [10, 10],
    ])
    expect(values.get('perEvent.4')).toBeGreaterThan(0)
    expect(values.get('perEvent.10')).toBeGreaterThan(0)
    // The control connection is the eleventh, and ends in order.
    expect([counts.get('connections.accepted'), counts.get('connections.reset')]).toEqual([11, 10])
    expect(driven.latencies.get('ping')).toHaveLength(80)
    expect(driven.operations).toBe(80)
  })

  test('pings as many connections at once as are active', async () => {
    const { failures, driven } = await measure({}, { ...PARAMS, active: 3 })
    expect(failures).toEqual([])
    expect(driven.operations).toBe(80)
  })

  test('leaves to other processes what its own has no room for', async () => {
    const room = { connections: 6, limit: 'process' } as const
    const { failures, server } = await measure({ server: (loop) => new EchoServer(loop, { room }) })
    expect(failures).toEqual([])
    expect(server.steps.map(({ size, held }) => [size, held])).toEqual([
      [4, 4],
      [10, 6],
    ])
  })

  test('stops at the size that the selector has no room for', async () => {
    const room = { connections: 6, limit: 'selector' } as const
    const { failures, values } = await measure({ server: (loop) => new EchoServer(loop, { room }) })
    expect(failures).toEqual([])
    expect([values.has('perEvent.4'), values.has('perEvent.10')]).toEqual([true, false])
  })

  test('is unsupported where the selector has no room for the smallest size', async () => {
    const room = { connections: 3, limit: 'selector' } as const
    await expect(measure({ server: (loop) => new EchoServer(loop, { room }) })).rejects.toThrow(
      UnsupportedError,
    )
  })

  test('refuses sizes that do not ascend, and more activity than connections', () => {
    const accepts = (params: object) => connections.params.safeParse(params).success
    expect(accepts({ sizes: '10,100000' })).toBe(true)
    for (const sizes of ['10,10', '20,10', '0', '1.5', 'many', '', '100001'])
      expect(accepts({ sizes })).toBe(false)
    expect(accepts({ sizes: '2,10', active: 3 })).toBe(false)
  })
})

describe('the room for connections', () => {
  const select = { maxFd: 1023, watch: () => {} } as never

  test('is what select can watch, less what the process needs itself', () => {
    expect(roomUnder(select, 20_000)).toEqual({ connections: 960, limit: 'selector' })
  })

  test('is what the process may open where that is less, or where the selector knows of no descriptors', () => {
    expect(roomUnder(select, 500)).toEqual({ connections: 436, limit: 'process' })
    expect(roomUnder({} as never, 500)).toEqual({ connections: 436, limit: 'process' })
  })
})

describe.runIf(unavailableReason() === undefined)('connections notices', () => {
  test('a server that drops every third connection', async () => {
    let accepted = 0
    const drops = serverThat((_, __, honest) => (++accepted % 3 === 0 ? Promise.resolve() : honest()))
    const { failures } = await measure({ server: drops })
    expect(failures).toEqual(['4 connections were made, and the server holds 3'])
  })

  test('a server that changes what it was sent', async () => {
    const changes = echoing((stream, chunk) => stream.write(chunk.map((byte) => byte ^ 1)))
    expect((await measure(changes)).failures).toEqual([
      '30 of 30 pings were not answered with their own bytes',
    ])
  })

  test('a server that answers twice', async () => {
    const twice = echoing((stream, chunk) => {
      stream.write(chunk)
      stream.write(chunk)
    })
    expect((await measure(twice)).failures.join()).toMatch(
      /of 30 pings were not answered with their own bytes/,
    )
  })

  test('connections that die after they were measured', async () => {
    let answers = 0
    // Pings of the warm-up, and those that are measured.
    const mutes = echoing((stream, chunk) => ++answers <= WARM_UP + 2 * 20 && stream.write(chunk))
    const { failures } = await measure(mutes, { ...PARAMS, sizes: '10' })
    expect(failures).toEqual(['10 of 10 connections are dead'])
  })

  test('connections of other processes that are dead', async () => {
    const room = { connections: 6, limit: 'process' } as const
    const { failures } = await measure({
      server: (loop) => new EchoServer(loop, { room }),
      alive: (held) => Math.max(0, held - 1),
    })
    expect(failures).toEqual(['1 connections of other processes are dead'])
  })

  test('pings that the driver does not know of', async () => {
    class Talkative extends Clients {
      override async ping(...[count, active, random]: Parameters<Clients['ping']>) {
        await super.ping(1, active, createRandom(1))
        return super.ping(count, active, random)
      }
    }
    const { failures } = await measure({ clients: (loop) => new Talkative(loop) })
    expect(failures).toContain('20 pings were sent, and 21 reached the server')
  })

  test('a connection of which it does not know how it ended', async () => {
    let accepted = 0
    const forgets = serverThat(async (server, _, honest) => {
      await honest()
      if (++accepted === 2) server.reset--
    })
    expect((await measure({ server: forgets })).failures).toContain('11 connections were accepted, 10 ended')
  })
})

describe.runIf(unavailableReason() === undefined)('the server of connections', () => {
  /** Talks to the server as the body wants. */
  async function talk(body: (loop: Loop, stream: Stream) => Promise<void>): Promise<EchoServer> {
    const loop = realLoop({})
    const server = new EchoServer(loop)
    const errors: unknown[] = []
    loop.setExceptionHandler(({ error }) => errors.push(error))
    await run(loop, async () => {
      const listener = loop.listen({ host: '127.0.0.1', port: 0 }, server.serve)
      const stream = await loop.connect(listener.address)
      await body(loop, stream)
      stream.close()
      listener.close()
      await loop.sleep(ms(1))
      await server.close()
    })
    loop.close()
    expect(errors).toEqual([])
    return server
  }

  test('answers a ping that comes in pieces', async () => {
    const server = await talk(async (loop, stream) => {
      stream.write(Buffer.from([0, 1, 2]))
      await loop.sleep(ms(1))
      stream.write(Buffer.from([3, 4]))
      expect([...(await stream.readExactly(5))!]).toEqual([0, 1, 2, 3, 4])
    })
    expect([server.opened, server.ended, server.reset]).toEqual([1, 1, 0])
  })

  test('answers a peer that has said its last', async () => {
    const server = await talk(async (_, stream) => {
      stream.write(Buffer.from([0, 1, 2]))
      stream.end()
      expect([...(await stream.readExactly(3))!]).toEqual([0, 1, 2])
      expect(await stream.read()).toBeUndefined()
    })
    expect([server.opened, server.ended, server.reset]).toEqual([1, 1, 0])
  })

  test('bears a peer that resets the connection in the middle of a ping', async () => {
    const server = await talk(async (loop, stream) => {
      stream.write(Buffer.from([0, 1, 2]))
      await loop.sleep(ms(1))
      stream.reset()
      await loop.sleep(ms(1))
    })
    expect([server.opened, server.ended, server.reset]).toEqual([1, 0, 1])
  })

  test('serves everybody in the end where descriptors run out', async () => {
    const child = startScarce()
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const { port } = JSON.parse((await lines.next()).value as string) as { port: number }
    const failing = lines.next()
    const clients = Array.from({ length: 60 }, (_, i) => pinged(port, i, failing))
    expect((await failing).value).toBe('failed')
    await Promise.all(clients)
    child.stdin!.end()
    expect(JSON.parse((await lines.next()).value as string)).toEqual({ opened: 60 })
  })
})

function startScarce(): ChildProcess {
  const script = fileURLToPath(new URL('connections-scarce.ts', import.meta.url))
  return spawn(process.execPath, ['--import', 'jiti/register', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** One client, that holds its connection until descriptors have run out. */
async function pinged(port: number, i: number, runOut: Promise<unknown>): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1')
  const ping = Buffer.from([0, i])
  socket.write(ping)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer).toEqual(ping)
  await runOut
  socket.end()
}
