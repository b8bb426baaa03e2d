/** The ways in which a connection can end, on the simulated network and on real sockets: the same story. */
import { describe, expect, test } from 'vitest'
import { unavailableReason } from '../../harness/selectors/syscalls.ts'
import { type Bench, connectPair, type Peer, settle } from '../selectors/bench.ts'
import { realFixture } from '../selectors/real-bench.ts'
import { SimulatedBench } from '../selectors/simulated-bench.ts'

/** What the owner was told. */
interface Story {
  readonly bytes: number
  readonly ends: number
  readonly closes: number
  readonly error: string | undefined
}

type Script = (client: Peer, server: Peer, wait: () => Promise<void>) => Promise<void>

interface Ending {
  readonly name: string
  readonly script: Script
  readonly client: Story
  readonly server: Story
  /** What real sockets do depends on how much the kernel's buffers hold. */
  readonly simulatedOnly?: true
}

const open = { bytes: 0, ends: 0, closes: 0, error: undefined }
const closed = { ...open, closes: 1 }
const endedAndClosed = { ...closed, ends: 1 }
const X = Buffer.from('x')
const MUCH = 1_000_000

const ENDINGS: Ending[] = [
  {
    name: 'both close at once: nobody hears of the other',
    script: async (client, server, wait) => {
      server.transport.close()
      client.transport.close()
      await wait()
    },
    client: closed,
    server: closed,
  },
  {
    name: 'both end at once: both hear of it and are closed',
    script: async (client, server, wait) => {
      server.transport.end()
      client.transport.end()
      await wait()
    },
    client: endedAndClosed,
    server: endedAndClosed,
  },
  {
    name: 'the second end comes much later than the first',
    script: async (client, server, wait) => {
      client.transport.end()
      await wait()
      server.transport.end()
      await wait()
    },
    client: endedAndClosed,
    server: endedAndClosed,
  },
  {
    name: 'close after end: the other side ends when it likes',
    script: async (client, server, wait) => {
      server.transport.end()
      await wait()
      server.transport.close()
      await wait()
      client.transport.end()
      await wait()
    },
    client: endedAndClosed,
    server: closed,
  },
  {
    name: 'close when the peer has ended',
    script: async (client, server, wait) => {
      client.transport.end()
      await wait()
      server.transport.close()
      await wait()
    },
    client: endedAndClosed,
    server: endedAndClosed,
  },
  {
    name: 'close with an end that nobody has read',
    script: async (client, server, wait) => {
      server.transport.pauseReading()
      client.transport.end()
      await wait()
      server.transport.close()
      await wait()
    },
    client: endedAndClosed,
    server: closed,
  },
  {
    name: 'close sends what is buffered, however late the peer reads it',
    script: async (client, server, wait) => {
      client.transport.pauseReading()
      server.transport.write(new Uint8Array(9 * MUCH))
      server.transport.close()
      await wait()
      client.transport.resumeReading()
      await wait()
      client.transport.end()
      await wait()
    },
    client: { ...endedAndClosed, bytes: 9 * MUCH },
    server: closed,
  },
  {
    name: 'bytes for a side that is closing go nowhere and hurt nobody',
    script: async (client, server, wait) => {
      client.transport.pauseReading()
      server.transport.write(new Uint8Array(9 * MUCH))
      server.transport.close()
      await wait()
      client.transport.write(X)
      await wait()
      client.transport.resumeReading()
      await wait()
      client.transport.end()
      await wait()
    },
    client: { ...endedAndClosed, bytes: 9 * MUCH },
    server: closed,
  },
  {
    name: 'one write to a side that is gone passes unnoticed',
    script: async (client, server, wait) => {
      server.transport.close()
      await wait()
      client.transport.write(X)
      await wait()
      client.transport.end()
      await wait()
    },
    client: endedAndClosed,
    server: closed,
  },
  {
    name: 'the second write to a side that is gone fails with EPIPE',
    script: async (client, server, wait) => {
      server.transport.close()
      await wait()
      for (let i = 0; i < 2; i++) {
        client.transport.write(X)
        await wait()
      }
    },
    client: { ...endedAndClosed, error: 'EPIPE' },
    server: closed,
  },
  {
    name: 'a writer with much to send to a side that closes gets EPIPE and is not left waiting',
    script: async (client, server, wait) => {
      client.transport.pauseReading()
      server.transport.write(new Uint8Array(30 * MUCH))
      await wait()
      client.transport.close()
      await wait()
      await wait()
    },
    client: closed,
    server: { ...endedAndClosed, error: 'EPIPE' },
    simulatedOnly: true,
  },
  {
    name: 'bytes before a reset are read before the error',
    script: async (_, server, wait) => {
      server.transport.write(X)
      await wait()
      server.transport.reset()
      await wait()
    },
    client: { ...closed, bytes: 1, error: 'ECONNRESET' },
    server: closed,
  },
  {
    name: 'a pause holds back the bytes and the reset after them',
    script: async (client, server, wait) => {
      client.transport.pauseReading()
      server.transport.write(X)
      server.transport.reset()
      await wait()
      expect([client.bytes, client.closes]).toEqual([0, 0])
      client.transport.resumeReading()
      await wait()
    },
    client: { ...closed, bytes: 1, error: 'ECONNRESET' },
    server: closed,
  },
  {
    name: 'a writer learns of a reset although it has paused reading',
    script: async (client, server, wait) => {
      client.transport.pauseReading()
      server.transport.reset()
      await wait()
      client.transport.write(X)
      await wait()
    },
    client: { ...closed, error: 'ECONNRESET' },
    server: closed,
  },
  {
    name: 'a reset while the peer sends much',
    script: async (client, server, wait) => {
      server.transport.pauseReading()
      client.transport.write(new Uint8Array(30 * MUCH))
      await wait()
      server.transport.reset()
      await wait()
    },
    client: { ...closed, error: 'ECONNRESET' },
    server: closed,
  },
  {
    name: 'after end and reset only a writer notices: the peer has ended, and EPIPE at the next write',
    script: async (client, server, wait) => {
      server.transport.end()
      await wait()
      server.transport.reset()
      await wait()
      expect(client.closes).toBe(0)
      client.transport.write(X)
      await wait()
    },
    client: { ...endedAndClosed, error: 'EPIPE' },
    server: closed,
  },
  {
    name: 'a reset when the peer has ended is ECONNRESET: the peer still waited for our end',
    script: async (client, server, wait) => {
      client.transport.end()
      await wait()
      server.transport.reset()
      await wait()
    },
    client: { ...closed, error: 'ECONNRESET' },
    server: endedAndClosed,
  },
  {
    name: 'a half-open connection stays open',
    script: async (client, _, wait) => {
      client.transport.end()
      await wait()
    },
    client: open,
    server: { ...open, ends: 1 },
  },
]

function storyOf({ bytes, ends, closes, error }: Peer): Story {
  return { bytes, ends, closes, error: error?.code }
}

async function play(bench: Bench, { script, client, server }: Ending, patienceMs: number): Promise<void> {
  const pair = await connectPair(bench)
  await script(pair.client, pair.server, () => settle(bench, patienceMs))
  expect({ client: storyOf(pair.client), server: storyOf(pair.server) }).toEqual({ client, server })
  expect(bench.errors).toEqual([])
  for (const peer of [pair.client, pair.server]) {
    if (peer.closes === 1) expect(peer.transport.bufferedBytes).toBe(0)
  }
}

describe('simulated', () => {
  test.each(ENDINGS)('$name', (ending) => play(new SimulatedBench(), ending, 400))
})

// The model itself: if Linux changes its mind, so must the simulation.
describe.runIf(unavailableReason() === undefined)('on real sockets, over epoll', () => {
  test.each(ENDINGS.filter((ending) => ending.simulatedOnly !== true))('$name', async (ending) => {
    const bench = realFixture('epoll').make()
    await play(bench, ending, 30)
    bench.close()
  })
})
