import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Address } from '../../harness/contracts.ts'
import type { ServerModel } from '../../scenarios/server-models/models.ts'
import { eventLoop, openOnLoop, threads } from '../../scenarios/server-models/on-loop.ts'
import { processes, processModel } from '../../scenarios/server-models/process-server.ts'
import { targetOf } from '../../scenarios/server-models/service.ts'
import scenario, { serveModels } from '../../scenarios/server-models.ts'
import { startProcess } from '../../scenarios/three-models/process.ts'
import { inRealTime } from './three-models-runtime.ts'

const quick = { requests: 3, rate: 100, waitMs: 1, computeMs: 0.1 }

/** Both sides in this process, on Node's own loop, which two of ours can share. */
async function runWith(models: readonly ServerModel[], params: Record<string, unknown> = {}) {
  const given = { params: { ...quick, ...params }, policy: 'node' }
  let start = (_address: Address) => {}
  const started = new Promise<Address>((resolve) => {
    start = resolve
  })
  const loading = started.then((address) =>
    inRealTime(scenario, (loop, ctx) => scenario.load!(loop, ctx), { ...given, address }),
  )
  const serving = await inRealTime(
    scenario,
    (loop, ctx) => {
      const loadFinished = loop.fromPromise(loading.then(() => {}))
      return serveModels(loop, { ...(ctx as object), ready: start, loadFinished } as never, models, 300e6)
    },
    given,
  )
  const load = await loading
  return { served: serving.measured, load: load.measured, failures: [...serving.failures, ...load.failures] }
}

describe('server-models', () => {
  test('serves the same by an event, a thread and a process per request', async () => {
    const models = [eventLoop, threads, processes]
    const { failures, load, served } = await runWith(models)
    expect(failures).toEqual([])
    for (const { name } of models) expect(load.latencies.get(name)).toHaveLength(3)
    const cost = (quantity: string) => models.map(({ name }) => served.values.get(`${quantity}.${name}`)!)
    const [anEvent, aThread, aProcess] = cost('cpu')
    // A thread boots an engine of its own, a process all of Node: tens of milliseconds against one.
    expect(aThread).toBeGreaterThan(anEvent! * 2)
    expect(aProcess).toBeGreaterThan(anEvent! * 2)
    expect(cost('memory')[2]).toBeGreaterThan(4 * 2 ** 20)
    expect(Math.min(...cost('switches').slice(1))).toBeGreaterThan(1)
  })

  test('queues what finds no room, and answers it', async () => {
    const { failures, load } = await runWith([threads, processes], { most: 1, rate: 10_000 })
    expect(failures).toEqual([])
    for (const name of ['threads', 'processes']) expect(load.latencies.get(name)).toHaveLength(3)
  })

  test('fails where one place answers what each should have had one for', async () => {
    const { failures } = await runWith([{ ...eventLoop, perRequest: true }])
    expect(failures).toEqual(['event per request: 3 answers came from 1 places, not 3'])
  })

  test('fails where an answer comes from another process than it should', async () => {
    const { failures } = await runWith([{ ...eventLoop, inside: false }])
    expect(failures.join()).toMatch(/event per request: an answer came from inside the server's process/)
  })

  test('fails where a request is answered wrongly', async () => {
    const lazy: ServerModel = {
      ...eventLoop,
      name: 'lazy',
      open: (loop, address, service, most) =>
        eventLoop.open(loop, address, { ...service, iterations: 0 }, most),
    }
    const mistaken: ServerModel = {
      ...eventLoop,
      name: 'mistaken',
      open: async (loop, address) =>
        openOnLoop(loop, address, 'eventLoop', function* (id) {
          return { id: id + 1, result: 0, place: `${process.pid}/0` }
        }),
    }
    const { failures, load } = await runWith([eventLoop, lazy, mistaken])
    expect(
      failures.filter((message) => /^lazy: request \d: came to \d+, elsewhere to \d+$/.test(message)),
    ).toHaveLength(3)
    expect(failures).toContain('mistaken: request 1: got the answer to request 2')
    expect(failures).toContain('mistaken: 3 requests were sent and 0 answered')
    expect(load.counts.get('errors')).toBe(6)
  })

  test('fails where something is left behind', async () => {
    const leaving: ServerModel = {
      ...eventLoop,
      async open(...args) {
        return { ...(await eventLoop.open(...args)), left: () => 1 }
      },
    }
    expect((await runWith([leaving])).failures).toEqual(['event per request: 1 were left behind'])
  })

  test('goes on where processes die or cannot be started, and counts what was given up', async () => {
    const dying = processModel(() => startProcess('process.exit(1)'))
    const missing = processModel(() =>
      spawn('/nowhere/to/be/found', { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
    )
    for (const model of [dying, missing]) {
      const { failures, served } = await runWith([model], { requests: 2 })
      expect(failures).toContain('processes: 2 requests were sent and 0 answered')
      expect(served.counts.get('aborted.processes')).toBe(2)
    }
  })
})

test('a process per request survives clients that vanish, speak no HTTP or ask for what is not there', async () => {
  await inRealTime(
    scenario,
    async (loop) => {
      const service = { waitNs: 1e6, iterations: 1 }
      const server = await processes.open(loop, { host: '127.0.0.1', port: 0 }, service, 8)
      const { port } = server.address as { port: number }
      const said = (text: string, end?: 'reset') => loop.fromPromise(exchange(port, text, end))
      await said('GET /wo', 'reset')
      expect(await said('what?\r\n\r\n')).toContain('400 Bad Request')
      expect(await said('GET /else HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('404 Not Found')
      expect(await said(`GET ${targetOf(7)} HTTP/1.1\r\nHost: x\r\n\r\n`)).toContain('"id":7')
      while (server.left() > 0) await loop.sleep(1e6)
      const { begun, answered, aborted } = server.tally
      expect({ begun, answered, aborted }).toEqual({ begun: 4, answered: 1, aborted: 3 })
      await server.close()
    },
    { policy: 'node' },
  )
})

/** All that is answered until the connection ends. */
function exchange(port: number, text: string, end?: 'reset'): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text, () => end === 'reset' && socket.resetAndDestroy())
    })
    socket.on('data', (data) => {
      heard += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })
}
