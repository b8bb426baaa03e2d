import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import type { Stream } from '../../harness/loop/streams.ts'
import { ClientPool } from '../../scenarios/http/client.ts'
import { meanGapNs } from '../../scenarios/http/load.ts'
import { httpParams } from '../../scenarios/http/params.ts'
import { encodeResponse, type HttpResponse } from '../../scenarios/http/response.ts'
import httpServer from '../../scenarios/http-server.ts'
import { twoHosts } from '../world/simulate.ts'
import { realLoop, run } from './bench-loop.ts'
import { testContext } from './context.ts'
import { startInChild } from './start-in-child.ts'

describe('the load of http-server', () => {
  test('offers the share of the processor that was asked for', () => {
    // 0.7 × 100 + 0.25 × 1000 + 0.05 × 8000 = 720 µs a request
    expect(meanGapNs(httpParams.parse({ load: 1 }))).toBeCloseTo(720_000)
    expect(meanGapNs(httpParams.parse({ load: 0.5 }))).toBeCloseTo(1_440_000)
    expect(meanGapNs(httpParams.parse({ load: 1, reportShare: 0, apiShare: 0 }))).toBeCloseTo(100_000)
  })

  test('has nothing to divide by zero', () => {
    const gapNs = meanGapNs(httpParams.parse({ healthUs: 0, apiUs: 0, reportUs: 0 }))
    expect(gapNs).toBeGreaterThan(0)
    expect(gapNs).toBeLessThan(Number.POSITIVE_INFINITY)
  })
})

const ANSWER = encodeResponse(200, '"answer"', { keepAlive: true })

type Behaviour = (stream: Stream) => void

/** What comes of one request where the server does the first with the first connection, the second with the next. */
async function exchange(behaviours: readonly Behaviour[], mayRetry = true) {
  const { world, client, server } = await twoHosts()
  let connections = 0
  const { address } = server.listen({ host: '127.0.0.1', port: 0 }, async (stream) => {
    const behave = behaviours[connections++]!
    while ((await stream.read()) !== undefined) behave(stream)
  })
  let retries = 0
  const outcomes: (HttpResponse | Error)[] = []
  const ask = client.spawn(async () => {
    const pool = new ClientPool(client, address, 4)
    const done = client.createFuture()
    const retried = () => {
      retries++
    }
    const request = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    pool.send({
      request,
      done: (outcome) => {
        outcomes.push(outcome)
        done.setResult()
      },
      ...(mayRetry ? { retried } : {}),
    })
    await done
    await pool.close()
  })
  await world.run([ask])
  const said = outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : outcome.status))
  return { said, retries, connections }
}

describe('a request whose connection dies', () => {
  const answer: Behaviour = (stream) => stream.write(ANSWER)
  const reset: Behaviour = (stream) => stream.reset()
  const end: Behaviour = (stream) => stream.close()
  const answerInPart: Behaviour = (stream) => {
    stream.write(ANSWER.slice(0, 20))
    stream.close()
  }

  test.each([
    ['by a reset', reset],
    ['in order', end],
  ])('before the first byte, %s, is sent once more over a fresh connection', async (_how, die) => {
    expect(await exchange([die, answer])).toEqual({ said: [200], retries: 1, connections: 2 })
  })

  test('twice has failed', async () => {
    const said = ['Connection reset by peer (ECONNRESET)']
    expect(await exchange([reset, reset, answer])).toEqual({ said, retries: 1, connections: 2 })
  })

  test('within its answer has failed: the server has done what it was asked for', async () => {
    const said = ['The connection ended before the answer came']
    expect(await exchange([answerInPart, answer])).toEqual({ said, retries: 0, connections: 1 })
  })

  test('has failed where it must not be sent twice', async () => {
    const said = ['Connection reset by peer (ECONNRESET)']
    expect(await exchange([reset, answer], false)).toEqual({ said, retries: 0, connections: 1 })
  })
})

describe.runIf(process.platform === 'linux')(
  'http-server under its load, in two processes (real time)',
  () => {
    async function measure(params: Record<string, number>) {
      const server = await startInChild(params)
      const loop = realLoop(classesOf(httpServer, httpServer.params.parse({})))
      const address = { host: '127.0.0.1', port: server.port }
      const { ctx, measured, failures } = testContext(httpServer, params, { address })
      await run(loop, () => httpServer.load!(loop, ctx))
      loop.close()
      await server.stop()
      return { measured, failures }
    }

    test('every request is answered, by its class and with its id', async () => {
      const { measured, failures } = await measure({ durationMs: 300, warmupMs: 50, load: 0.6 })
      expect(failures).toEqual([])
      expect([...measured.latencies.keys()].sort()).toEqual(['api', 'health', 'report'])
      const count = [...measured.latencies.values()].reduce((sum, values) => sum + values.length, 0)
      expect(measured.operations).toBe(count)
      expect(count).toBeGreaterThan(100)
    })

    test('overload waits in the queue of the client, and is answered all the same', async () => {
      const params = { durationMs: 100, warmupMs: 0, load: 3, connections: 4 }
      const { measured, failures } = await measure(params)
      expect(failures).toEqual([])
      // The last arrivals waited for about twice the time in which all came.
      expect(Math.max(...measured.latencies.get('health')!)).toBeGreaterThan(50e6)
    })

    test('slices of work let others in between', async () => {
      const params = { durationMs: 200, warmupMs: 0, load: 0.5, sliceUs: 200 }
      const { failures } = await measure(params)
      expect(failures).toEqual([])
    })
  },
)
