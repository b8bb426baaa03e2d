import { describe, expect, test } from 'vitest'
import type { IoEvent, NetworkError, Transport } from '../../harness/contracts.ts'
import { createRandom } from '../../harness/random.ts'
import { SEGMENT_BYTES, WINDOW_BYTES } from '../../harness/world/transport.ts'
import { connectPair, failureOf, Peer, settle, until } from '../selectors/bench.ts'
import { anyVirtualPath, SimulatedBench, simulatedFixture } from '../selectors/simulated-bench.ts'
import { NETWORK_CHECKS } from '../selectors/suite.ts'
import { LATENCY_NS, NS_PER_BYTE } from './simulate.ts'

const bytes = (text: string) => Buffer.from(text)

/** A pair whose clock reads 0 from here on, so that times can be written down. */
async function pairAtZero() {
  const bench = new SimulatedBench()
  const pair = await connectPair(bench)
  await settle(bench)
  const zeroNs = bench.clock.lastNs
  return { bench, ...pair, nowNs: () => bench.clock.lastNs - zeroNs }
}

describe('time on the wire', () => {
  test('a connection is accepted after one way and connected after there and back', async () => {
    const bench = new SimulatedBench()
    let acceptedNs = 0
    let connectedNs = 0
    const listener = bench.network.listen(bench.address(), (transport) => {
      new Peer(transport)
      acceptedNs = bench.clock.lastNs
    })
    bench.network.connect(listener.address, (result) => {
      new Peer(result as Transport)
      connectedNs = bench.clock.lastNs
    })
    await until(bench, () => connectedNs > 0)
    expect([acceptedNs, connectedNs]).toEqual([LATENCY_NS, 2 * LATENCY_NS])
  })

  test('bytes arrive after their time on the line and the latency', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    client.transport.write(new Uint8Array(1000))
    await until(bench, () => server.bytes === 1000)
    expect(nowNs()).toBe(1000 * NS_PER_BYTE + LATENCY_NS)
  })

  test('what is sent at once follows one another on the line', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    const arrivals: number[] = []
    server.onReceived = () => arrivals.push(nowNs())
    for (let i = 0; i < 3; i++) client.transport.write(new Uint8Array(100))
    await until(bench, () => server.bytes === 300)
    expect(arrivals).toEqual([1, 2, 3].map((n) => n * 100 * NS_PER_BYTE + LATENCY_NS))
  })

  test('the two directions do not wait for each other', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    client.transport.write(new Uint8Array(500))
    server.transport.write(new Uint8Array(500))
    await until(bench, () => client.bytes + server.bytes === 1000)
    expect(nowNs()).toBe(500 * NS_PER_BYTE + LATENCY_NS)
  })

  test('a long write travels in segments, the first of which arrives first', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    client.transport.write(new Uint8Array(2 * SEGMENT_BYTES))
    await until(bench, () => server.bytes > 0)
    expect([server.bytes, nowNs()]).toEqual([SEGMENT_BYTES, SEGMENT_BYTES * NS_PER_BYTE + LATENCY_NS])
  })

  test('the end takes the latency, and no time on the line', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    client.transport.end()
    await until(bench, () => server.ends === 1)
    expect(nowNs()).toBe(LATENCY_NS)
  })
})

describe('the window', () => {
  test('takes what it holds and buffers the rest', async () => {
    const { client } = await pairAtZero()
    client.transport.write(new Uint8Array(WINDOW_BYTES))
    expect(client.transport.bufferedBytes).toBe(0)
    client.transport.write(new Uint8Array(10))
    expect(client.transport.bufferedBytes).toBe(10)
  })

  test('a reader that pauses stops the writer; the writer hears when all is sent, once', async () => {
    const { bench, client, server } = await pairAtZero()
    server.transport.pauseReading()
    client.transport.write(new Uint8Array(2 * WINDOW_BYTES))
    await settle(bench)
    expect([client.transport.bufferedBytes, server.bytes, client.drains]).toEqual([WINDOW_BYTES, 0, 0])
    server.transport.resumeReading()
    await until(bench, () => server.bytes === 2 * WINDOW_BYTES)
    await settle(bench)
    expect([client.transport.bufferedBytes, client.drains]).toEqual([0, 1])
  })

  test('a writer that never had to wait is told nothing', async () => {
    const { bench, client, server } = await pairAtZero()
    client.transport.write(new Uint8Array(WINDOW_BYTES))
    await until(bench, () => server.bytes === WINDOW_BYTES)
    await settle(bench)
    expect(client.drains).toBe(0)
  })

  test('keeps the line busy: 2 MB take their time on the line and hardly more', async () => {
    const { bench, client, server, nowNs } = await pairAtZero()
    client.transport.write(new Uint8Array(2e6))
    await until(bench, () => server.bytes === 2e6)
    expect(nowNs()).toBe(2e6 * NS_PER_BYTE + LATENCY_NS)
  })
})

describe('what a writer writes', () => {
  test('may be overwritten afterwards: the receiver has a copy of its own', async () => {
    const { bench, client, server } = await pairAtZero()
    const message = bytes('before')
    client.transport.write(message)
    message.set(bytes('after!'))
    await until(bench, () => server.bytes === 6)
    expect(server.text).toBe('before')
    server.chunks[0]!.fill(0)
    expect(message.toString()).toBe('after!')
  })

  test('is nothing when it is empty', async () => {
    const { bench, client, server } = await pairAtZero()
    client.transport.write(new Uint8Array(0))
    await settle(bench)
    expect(server.chunks).toEqual([])
  })
})

describe('a handle that comes late', () => {
  test.each([1, 2, 3, 4])(
    'what arrives before the connection was handed over waits, seed %i',
    async (seed) => {
      // The greeting arrives together with the news that the connection stands: in disorder its read may come first.
      const bench = new SimulatedBench({ disorder: createRandom(seed) })
      const clients: Peer[] = []
      const listener = bench.network.listen(bench.address(), (transport) => {
        new Peer(transport).transport.write(bytes('hello'))
      })
      const connected = (result: Transport | NetworkError) => clients.push(new Peer(result as Transport))
      for (let i = 0; i < 10; i++) bench.network.connect(listener.address, connected)
      await until(bench, () => clients.length === 10 && clients.every((client) => client.text === 'hello'))
      expect(bench.errors).toEqual([])
    },
  )

  test.each([1, 2, 3, 4, 5])('every network check holds with events in disorder, seed %i', async (seed) => {
    for (const check of Object.values(NETWORK_CHECKS)) {
      const bench = simulatedFixture({ disorder: createRandom(seed) }).make()
      await check(bench)
      expect(bench.errors).toEqual([])
    }
  })
})

describe('addresses', () => {
  test('localhost and 127.0.0.1 are one place', async () => {
    const bench = new SimulatedBench()
    const { client } = await connectPair(bench, { host: 'localhost', port: 8080 })
    expect(client.transport.remoteAddress).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(() => bench.network.listen({ host: '127.0.0.1', port: 8080 }, () => {})).toThrow(/EADDRINUSE/)
  })

  test('both sides agree on them', async () => {
    const { client, server, listener } = await connectPair(new SimulatedBench())
    expect(client.transport.remoteAddress).toEqual(listener.address)
    expect(server.transport.localAddress).toEqual(listener.address)
    expect(server.transport.remoteAddress).toEqual(client.transport.localAddress)
  })

  test('a server on all addresses is found at any', async () => {
    const bench = new SimulatedBench()
    let accepted = 0
    bench.network.listen({ host: '0.0.0.0', port: 80 }, () => accepted++)
    bench.network.connect({ host: '127.0.0.1', port: 80 }, () => {})
    await until(bench, () => accepted === 1)
  })

  test('port 0 avoids ports that are taken', () => {
    const bench = new SimulatedBench()
    for (let port = 49_152; port < 49_160; port++) bench.network.listen({ host: '127.0.0.1', port }, () => {})
    const { address } = bench.network.listen({ host: '127.0.0.1', port: 0 }, () => {})
    expect(address).toEqual({ host: '127.0.0.1', port: 49_160 })
  })

  test('a listener closed twice does not take down its successor', async () => {
    const bench = new SimulatedBench()
    const address = { host: '127.0.0.1', port: 80 }
    const first = bench.network.listen(address, () => {})
    first.close()
    let accepted = 0
    bench.network.listen(address, () => accepted++)
    first.close()
    bench.network.connect(address, () => {})
    await until(bench, () => accepted === 1)
  })

  test('names and missing paths have the codes of real sockets', async () => {
    const bench = new SimulatedBench()
    expect((await failureOf(bench, { host: 'loopdyno.invalid', port: 80 })).code).toBe('ENOTFOUND')
    expect((await failureOf(bench, anyVirtualPath())).code).toBe('ENOENT')
    expect(() => bench.network.listen({ host: 'loopdyno.invalid', port: 80 }, () => {})).toThrow(
      /not looked up/,
    )
  })
})

describe('a listener that closes', () => {
  test('refuses what asks later, and resets what it has not accepted', async () => {
    const bench = new SimulatedBench()
    const listener = bench.network.listen(bench.address(), () => {})
    const results: (Transport | NetworkError)[] = []
    const connect = () => bench.network.connect(listener.address, (result) => results.push(result))
    connect()
    // It arrives at LATENCY_NS; the listener is closed before that, so nobody is there.
    listener.close()
    connect()
    await until(bench, () => results.length === 2)
    expect(results.map((result) => (result as NetworkError).code)).toEqual(['ECONNREFUSED', 'ECONNREFUSED'])
  })

  test('a connection that waited in the backlog meanwhile is reset', async () => {
    const bench = new SimulatedBench()
    const listener = bench.network.listen(bench.address(), () => {})
    let client: Peer | undefined
    bench.network.connect(listener.address, (result) => {
      client = new Peer(result as Transport)
    })
    // Established while the loop was busy, and the loop closes the listener before it looks.
    bench.clock.work(LATENCY_NS + 1)
    listener.close()
    await until(bench, () => client?.closes === 1)
    expect(client!.error?.code).toBe('ECONNRESET')
  })

  test('so is one whose accept is ready and has not run', async () => {
    const bench = new SimulatedBench()
    let accepted = 0
    let client: Peer | undefined
    const listener = bench.network.listen(bench.address(), () => accepted++)
    bench.network.connect(listener.address, (result) => {
      client = new Peer(result as Transport)
    })
    bench.clock.work(LATENCY_NS)
    const ready: IoEvent[] = []
    bench.selector.select(0, (event) => ready.push(event))
    listener.close()
    for (const event of ready) event.run()
    await until(bench, () => client?.closes === 1)
    expect([ready.map((event) => event.name), accepted, client!.error?.code]).toEqual([
      ['accept'],
      0,
      'ECONNRESET',
    ])
  })
})

test('giving up after the connection was handed over changes nothing', async () => {
  const bench = new SimulatedBench()
  const listener = bench.network.listen(bench.address(), (transport) => new Peer(transport))
  let client: Peer | undefined
  const giveUp = bench.network.connect(listener.address, (result) => {
    client = new Peer(result as Transport)
  })
  await until(bench, () => client !== undefined)
  giveUp()
  await settle(bench)
  expect(client!.closes).toBe(0)
})
