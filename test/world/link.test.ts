/** What programs on two hosts see of the links between them: latency, bandwidth, jitter. */
import { describe, expect, test } from 'vitest'
import { LATENCY_NS, NS_PER_BYTE, simulate, twoHosts, type WorldSettings } from './simulate.ts'
import { ANYWHERE, arrivalsOf, fates, MS, mean, times } from './traffic.ts'

describe('latency and bandwidth', () => {
  test.each<[WorldSettings, number]>([
    [{ latency: '1ms' }, 1 * MS + 100 * NS_PER_BYTE],
    [{ latency: '0' }, 100 * NS_PER_BYTE],
    [{ bandwidth: '100Mbit' }, LATENCY_NS + 100 * 80],
    // 800 bits at 10,000 a second.
    [{ bandwidth: '10kbit' }, LATENCY_NS + 80 * MS],
    [{ bandwidth: 'unlimited' }, LATENCY_NS],
  ])('under %o, 100 bytes take what they must, exactly', async (settings, takesNs) => {
    expect(await arrivalsOf(await twoHosts(settings), [10 * MS], 100)).toEqual([10 * MS + takesNs])
  })

  test('a slow line is taken by one message after the other', async () => {
    const arrivals = await arrivalsOf(
      await twoHosts({ bandwidth: '1Mbit' }),
      [10 * MS, 10 * MS, 11 * MS],
      1000,
    )
    expect(arrivals).toEqual([18, 26, 34].map((ms) => ms * MS + LATENCY_NS))
  })

  test('a connection takes there and back', async () => {
    const { world, client, server } = await twoHosts({ latency: '3ms' })
    const { address } = server.listen(ANYWHERE, async () => {})
    const connecting = client.connect(address)
    await world.run([connecting])
    expect(client.nowNs()).toBe(6 * MS)
  })

  test('hold within a host as well', async () => {
    const { value } = await simulate(
      'fifo',
      async (loop) => {
        const { address } = loop.listen(ANYWHERE, async (stream) => stream.write((await stream.read())!))
        const stream = await loop.connect(address)
        stream.write(new Uint8Array(10))
        await stream.readExactly(10)
        return loop.nowNs()
      },
      {
        world: {
          latency: '1ms',
          bandwidth: '10kbit',
          jitter: '1ms',
          loss: '1',
          lossAfter: '0',
          partition: '0+1s',
        },
      },
    )
    // There and back, then 10 bytes there and back: without jitter, loss and partition.
    expect(value).toBe(4 * MS + 2 * 8 * MS)
  })
})

describe('jitter', () => {
  const delays = async (settings: WorldSettings, seed: number) => {
    const sent = times(2000, 1e9, 100 * MS)
    const arrivals = await arrivalsOf(await twoHosts(settings, seed), sent)
    return arrivals.map((atNs, i) => atNs - sent[i]! - LATENCY_NS - NS_PER_BYTE)
  }

  test('is a delay on top with the mean that was asked for, and never less than nothing', async () => {
    const extra = await delays({ jitter: '200us' }, 1)
    expect(Math.min(...extra)).toBeGreaterThanOrEqual(0)
    // The mean of 2000 exponential delays has a standard error of 200/√2000 = 4.5 µs: within four of them.
    expect(Math.abs(mean(extra) - 200_000)).toBeLessThan(18_000)
    // Exponential, so that a share of 1 − 1/e is below the mean: within four standard errors of 1.1 %.
    const below = extra.filter((ns) => ns < 200_000).length / extra.length
    expect(Math.abs(below - (1 - 1 / Math.E))).toBeLessThan(0.044)
  })

  test('lets nothing overtake what was sent before', async () => {
    const { world, client, server } = await twoHosts({ jitter: '1ms' })
    const numbers: number[] = []
    const received = server.createFuture()
    const { address } = server.listen(ANYWHERE, async (stream) => {
      while (numbers.length < 250) numbers.push((await stream.readExactly(1))![0]!)
      received.setResult()
    })
    client.spawn(async () => {
      const stream = await client.connect(address)
      for (let i = 0; i < 250; i++) {
        stream.write(Uint8Array.of(i))
        await client.sleep(1000)
      }
    })
    await world.run([received])
    expect(numbers).toEqual(times(250, 0, 1))
  })

  test('makes messages bunch behind a late one', async () => {
    const sent = times(250, 10 * MS, 1000)
    const arrivals = await arrivalsOf(await twoHosts({ jitter: '1ms' }), sent)
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b))
    // Without order, the delays of a millisecond would have mixed up what was sent a microsecond apart.
    expect(new Set(arrivals).size).toBeLessThan(50)
  })

  test('is not the same for the first connection of each host', async () => {
    const sent = times(10, 10 * MS, 5 * MS)
    const { world, client, server } = await twoHosts({ jitter: '1ms' })
    const swapped = await arrivalsOf({ world, client: server, server: client }, sent)
    expect(swapped).not.toEqual(await arrivalsOf(await twoHosts({ jitter: '1ms' }), sent))
  })

  test('of a connection depends on the seed and on nothing that other hosts or connections do', async () => {
    const alone = await arrivalsOf(await twoHosts({ jitter: '1ms' }, 7), times(50, 10 * MS, 5 * MS))
    const hosts = await twoHosts({ jitter: '1ms' }, 7)
    const { client, server } = hosts
    const busy = client.listen(ANYWHERE, async (stream) => stream.write(new Uint8Array(100)))
    server.spawn(async () => await (await server.connect(busy.address)).readExactly(100))
    expect(await arrivalsOf(hosts, times(50, 10 * MS, 5 * MS))).toEqual(alone)
    expect(await arrivalsOf(await twoHosts({ jitter: '1ms' }, 8), times(50, 10 * MS, 5 * MS))).not.toEqual(
      alone,
    )
  })
})

describe('a run over a shaky network', () => {
  const SHAKY = {
    jitter: '100us',
    loss: '0.2',
    lossAfter: '1ms',
    threadTime: 'exp:1ms',
    fileTime: 'uniform:1us-1ms',
  }

  async function digest(settings: WorldSettings, seed: number): Promise<string> {
    const hosts = await twoHosts(settings, seed)
    const { client, world } = hosts
    const jobs = times(20, 0, 1).map(() => client.runInThread(() => 0))
    const writes = times(20, 0, 1).map((i) => client.writeFile(`/${i}`, new Uint8Array(i)))
    await fates(hosts, 50, 20 * MS)
    await world.run([...jobs, ...writes])
    return world.log.digest()
  }

  test('repeats exactly with the same seed, and not with another', async () => {
    expect(await digest(SHAKY, 1)).toBe(await digest(SHAKY, 1))
    expect(await digest(SHAKY, 1)).not.toBe(await digest(SHAKY, 2))
  })

  test.each(Object.entries(SHAKY).filter(([name]) => name !== 'lossAfter'))(
    'is shaken by %s=%s alone',
    async (name, value) => {
      expect(await digest({ [name]: value }, 1)).not.toBe(await digest({ [name]: value }, 2))
    },
  )

  test('draws nothing where nothing is left to chance', async () => {
    expect(await digest({ partition: '1ms+1ms' }, 1)).toBe(await digest({ partition: '1ms+1ms' }, 2))
  })
})
