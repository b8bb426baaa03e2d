/** Connections that are lost, and partitions: what programs on two hosts see of them. */
import { describe, expect, test } from 'vitest'
import type { NetworkError } from '../../harness/contracts.ts'
import { createRandom } from '../../harness/random.ts'
import { Link } from '../../harness/world/link.ts'
import { LATENCY_NS, modelOf, NS_PER_BYTE, runUntilNs, twoHosts } from './simulate.ts'
import { ANYWHERE, arrivalsOf, fates, MS, mean, times } from './traffic.ts'

describe('loss', () => {
  test('ends the share of connections that was asked for, at both ends with ECONNRESET', async () => {
    const { both, ends } = await fates(await twoHosts({ loss: '0.3', lossAfter: '1ms' }), 1000, 1e9)
    const lost = both.filter((each) => each === 'ECONNRESET ECONNRESET').length
    const kept = both.filter((each) => each === 'NONE NONE').length
    expect(lost + kept).toBe(1000)
    // Binomial: 300 with a standard deviation of 14.5; within four of them.
    expect(Math.abs(lost - 300)).toBeLessThan(58)
    // They lived for 1 ms in the mean, with a standard error of 1/√300 ms.
    const lives = ends.filter(({ code }) => code === 'ECONNRESET').map(({ afterNs }) => afterNs)
    expect(Math.abs(mean(lives) - MS)).toBeLessThan(0.24 * MS)
  })

  test.each(['0', '1'])('of %s is a certainty', async (loss) => {
    const { both } = await fates(await twoHosts({ loss, lossAfter: '1ms' }), 20, 1e9)
    expect(new Set(both)).toEqual(new Set([loss === '1' ? 'ECONNRESET ECONNRESET' : 'NONE NONE']))
  })

  test('may come as soon as the connection is there', async () => {
    const { both } = await fates(await twoHosts({ loss: '1', lossAfter: '0' }), 5, 1e9)
    expect(new Set(both)).toEqual(new Set(['ECONNRESET ECONNRESET']))
  })

  test.each([1, 2, 3, 4])(
    'lets nobody wait who has much to send to one who reads slowly, seed %i',
    async (seed) => {
      const { world, client, server } = await twoHosts(
        { loss: '1', lossAfter: '5ms', bandwidth: '100Mbit' },
        seed,
      )
      const codes: unknown[] = []
      const note = (error: unknown) => codes.push((error as NetworkError).code)
      const handled = server.createFuture()
      const { address } = server.listen(ANYWHERE, async (stream) => {
        try {
          while ((await stream.readExactly(1000)) !== undefined) await server.sleep(MS)
        } catch (error) {
          note(error)
        }
        handled.setResult()
      })
      const sending = client.spawn(async () => {
        const stream = await client.connect(address)
        stream.write(new Uint8Array(2e6))
        await stream.drain()
      })
      sending.addDoneCallback(() => note(sending.error()))
      await world.run([sending, handled])
      expect(codes).toEqual(['ECONNRESET', 'ECONNRESET'])
    },
  )

  test('comes after all that was due before, and nothing comes after it', async () => {
    const { world, client, server } = await twoHosts({ loss: '1', lossAfter: '50ms' })
    const sent = times(10_000, MS, 10_000)
    const arrivals: number[] = []
    const lostNs = { client: 0, server: 0 }
    const { address } = server.listen(ANYWHERE, async (stream) => {
      stream.closedFuture.addDoneCallback(() => {
        lostNs.server = server.nowNs()
      })
      while ((await stream.readExactly(1).catch(() => undefined)) !== undefined) arrivals.push(server.nowNs())
    })
    client.spawn(async () => {
      const stream = await client.connect(address)
      stream.closedFuture.addDoneCallback(() => {
        lostNs.client = client.nowNs()
      })
      for (const atNs of sent) client.callAt(atNs, () => stream.write(new Uint8Array(1)))
    })
    await runUntilNs(world, [client, server], sent.at(-1)! + MS)
    expect(lostNs.server).toBe(lostNs.client)
    const due = sent.map((atNs) => atNs + LATENCY_NS + NS_PER_BYTE).filter((atNs) => atNs < lostNs.server)
    expect(due.length).toBeGreaterThan(0)
    expect(due.length).toBeLessThan(sent.length)
    expect(arrivals).toEqual(due)
  })
})

test('a lost link takes what arrives before it is lost, and no more', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const link = new Link(modelOf({ loss: '1', latency: '1ms' }), createRandom(seed))
    const { answerNs, lostNs } = link.handshake(0)
    expect(lostNs).toBeGreaterThan(answerNs)
    for (const line of [link.there, link.back]) {
      expect(line.arrivalNs(lostNs - 1.5 * MS, 0)).toBe(lostNs - 0.5 * MS)
      expect(line.arrivalNs(lostNs - 0.5 * MS, 0)).toBe(Number.POSITIVE_INFINITY)
    }
  }
})

describe('a partition', () => {
  const PARTED = { partition: '1s+500ms' }
  const END_NS = 1.5e9
  const oneByte = LATENCY_NS + NS_PER_BYTE

  test('holds what is sent meanwhile to its end, exactly, and nothing else', async () => {
    const sent = [0.9e9, 1e9 - oneByte, 1e9 - oneByte + 1, 1e9, 1.2e9, END_NS - 1, END_NS, END_NS + MS]
    const arrivals = await arrivalsOf(await twoHosts(PARTED), sent)
    expect(arrivals).toEqual([
      0.9e9 + oneByte,
      1e9,
      // Cut off on its way, or sent while nothing passed: one after the other on the line when it ends.
      ...[1, 2, 3, 4, 5].map((n) => END_NS + n * NS_PER_BYTE + LATENCY_NS),
      END_NS + MS + oneByte,
    ])
  })

  test('comes again', async () => {
    const arrivals = await arrivalsOf(await twoHosts({ partition: '20ms+1ms;10ms+5ms' }), [
      12 * MS,
      16 * MS,
      20.5 * MS,
    ])
    expect(arrivals).toEqual([15 * MS + oneByte, 16 * MS + oneByte, 21 * MS + oneByte])
  })

  test('lets nothing through that is too long for the time between two of them', async () => {
    // 100 bytes at 1 Mbit/s take 800 µs, and 600 µs are free.
    const settings = { partition: '10ms+1ms;11600us+1ms', bandwidth: '1Mbit' }
    expect(await arrivalsOf(await twoHosts(settings), [10.5 * MS], 100)).toEqual([
      12.6 * MS + 0.8 * MS + LATENCY_NS,
    ])
  })

  test.each([true, false])('holds a connection, whether or not somebody listens (%s)', async (listens) => {
    const { world, client, server } = await twoHosts(PARTED)
    const address = { host: '127.0.0.1', port: 80 }
    let acceptedNs = 0
    if (listens)
      server.listen(address, async () => {
        acceptedNs = server.nowNs()
      })
    const connecting = client.spawn(async () => {
      await client.sleep(1.2e9)
      await client.connect(address)
    })
    await world.run([connecting])
    await runUntilNs(world, [server], END_NS + MS)
    expect((connecting.error() as NetworkError | undefined)?.code).toBe(listens ? undefined : 'ECONNREFUSED')
    expect([acceptedNs, client.nowNs()]).toEqual([listens ? END_NS + LATENCY_NS : 0, END_NS + 2 * LATENCY_NS])
  })

  test('holds the news that there is room again in the window', async () => {
    const { world, client, server } = await twoHosts({ partition: '10ms+90ms' })
    const { address } = server.listen(ANYWHERE, async (stream) => {
      await server.sleep(20 * MS)
      while ((await stream.read()) !== undefined);
    })
    const sending = client.spawn(async () => {
      const stream = await client.connect(address)
      stream.write(new Uint8Array(500_000))
      await stream.drain()
      return client.nowNs()
    })
    await world.run([sending])
    // Read at 20 ms, which the sender learns as soon as anything passes.
    expect(sending.result()).toBe(100 * MS + LATENCY_NS)
  })
})
