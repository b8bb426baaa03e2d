/**
 * What every network must do, over whatever selector: plain functions that reject when it does not, so that the
 * canaries can see them fail. To add a selector, write a `SelectorFixture` (bench.ts) and list it in the test.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRandom, type Random } from '../../harness/random.ts'
import {
  type Bench,
  type Check,
  connectPair,
  connectPeer,
  echo,
  failureOf,
  Peer,
  settle,
  until,
} from './bench.ts'

export async function bytesArriveInOrder(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  for (const word of ['one ', 'two ', 'three']) client.transport.write(Buffer.from(word))
  await until(bench, () => server.text === 'one two three')
}

export async function halfCloseWorksBothWays(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  client.transport.write(Buffer.from('question'))
  client.transport.end()
  client.transport.write(Buffer.from('ignored'))
  await until(bench, () => server.ends === 1)
  assert.equal(server.text, 'question')
  server.transport.write(Buffer.from('answer'))
  await until(bench, () => client.text === 'answer')
  assert.equal(client.closes + server.closes, 0)
  server.transport.end()
  await until(bench, () => client.closes === 1 && server.closes === 1)
  assert.deepEqual([client.ends, client.error, server.error], [1, undefined, undefined])
}

export async function resetIsSeenByThePeer(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  client.transport.write(Buffer.from('hello'))
  await until(bench, () => server.bytes === 5)
  server.transport.reset()
  await until(bench, () => client.closes === 1 && server.closes === 1)
  assert.equal(client.error?.code, 'ECONNRESET')
  assert.equal(server.error, undefined)
}

export async function resetDropsTheBuffer(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  client.transport.pauseReading()
  server.transport.write(new Uint8Array(32e6))
  assert.ok(server.transport.bufferedBytes > 0)
  server.transport.reset()
  assert.equal(server.transport.bufferedBytes, 0)
  await until(bench, () => server.closes === 1)
  client.transport.resumeReading()
  await until(bench, () => client.closes === 1)
  assert.equal(client.error?.code, 'ECONNRESET')
}

export async function refusedConnectionsHaveACode(bench: Bench): Promise<void> {
  const listener = bench.network.listen(bench.address(), () => {})
  listener.close()
  const error = await failureOf(bench, listener.address)
  assert.equal(error.code, 'ECONNREFUSED')
}

export async function anAddressInUseIsRefusedAtOnce(bench: Bench): Promise<void> {
  const { address } = bench.network.listen(bench.address(), () => {})
  assert.throws(() => bench.network.listen(address, () => {}), { code: 'EADDRINUSE' })
}

export async function aCancelledConnectIsNeverDone(bench: Bench): Promise<void> {
  const listener = bench.network.listen(bench.address(), () => {})
  let calls = 0
  const cancel = bench.network.connect(listener.address, () => calls++)
  cancel()
  cancel()
  await settle(bench)
  assert.equal(calls, 0)
}

export async function closingTwiceIsOnce(bench: Bench): Promise<void> {
  const { client, server, listener } = await connectPair(bench)
  for (let i = 0; i < 2; i++) {
    client.transport.close()
    listener.close()
  }
  client.transport.write(Buffer.from('ignored'))
  client.transport.end()
  client.transport.reset()
  await until(bench, () => client.closes === 1 && server.ends === 1)
  server.transport.close()
  await until(bench, () => server.closes === 1)
  await settle(bench)
  assert.deepEqual([client.closes, server.closes, server.bytes], [1, 1, 0])
  bench.close()
  bench.close()
}

export async function tenMegabytesEchoedAreEqual(bench: Bench): Promise<void> {
  const sent = randomBytes(10e6)
  const listener = bench.network.listen(bench.address(), (transport) => echo(transport))
  let client: Peer | undefined
  connectPeer(bench, listener.address, (peer) => {
    client = peer
    peer.transport.write(sent)
    peer.transport.end()
  })
  await until(bench, () => client?.closes === 1)
  assert.equal(client!.error, undefined)
  assert.ok(Buffer.concat(client!.chunks).equals(sent), 'what came back differs')
}

export async function twoHundredConnectionsAtOnce(bench: Bench): Promise<void> {
  const listener = bench.network.listen(bench.address(), (transport) => echo(transport))
  const clients: Peer[] = []
  for (let i = 0; i < 200; i++) {
    connectPeer(bench, listener.address, (peer) => {
      clients.push(peer)
      peer.transport.write(Buffer.from(`client ${i}`))
      peer.onReceived = () => peer.transport.end()
    })
  }
  await until(bench, () => clients.length === 200 && clients.every((client) => client.closes === 1))
  assert.equal(new Set(clients.map((client) => client.text)).size, 200)
}

export async function bytesWrittenBeforeCloseAllArrive(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  const sent = randomBytes(3e6)
  server.transport.write(sent)
  server.transport.close()
  await until(bench, () => client.ends === 1)
  assert.ok(Buffer.concat(client.chunks).equals(sent))
  client.transport.close()
  await until(bench, () => client.closes === 1 && server.closes === 1)
}

/** Unread bytes at the closing side would make a kernel send RST and lose what was sent. */
export async function unreadBytesDoNotSpoilAClose(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  server.transport.pauseReading()
  client.transport.write(Buffer.from('nobody reads this'))
  await settle(bench)
  server.transport.write(Buffer.from('goodbye'))
  server.transport.close()
  await until(bench, () => client.ends === 1)
  assert.deepEqual([client.text, client.error], ['goodbye', undefined])
}

export async function aSlowReaderFillsTheBufferWhichDrains(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  client.transport.pauseReading()
  const total = 16e6
  server.transport.write(new Uint8Array(total / 2))
  for (let i = 0; i < 1000; i++) server.transport.write(new Uint8Array(total / 2000))
  await settle(bench)
  assert.ok(server.transport.bufferedBytes > 0)
  assert.equal(server.drains, 0)
  client.transport.resumeReading()
  await until(bench, () => client.bytes === total)
  await until(bench, () => server.drains === 1)
}

export async function pausedReadingDeliversNothing(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  server.onReceived = () => server.transport.pauseReading()
  client.transport.write(Buffer.from('a'))
  await until(bench, () => server.bytes === 1)
  client.transport.write(Buffer.from('b'))
  client.transport.end()
  await settle(bench)
  assert.deepEqual([server.text, server.ends], ['a', 0])
  server.transport.resumeReading()
  await until(bench, () => server.text === 'ab')
  server.transport.resumeReading()
  await until(bench, () => server.ends === 1)
}

/** Bytes, pauses and ends in any order, many connections at once: what loses an edge hangs here. */
export async function fitfulReadersLoseNothing(bench: Bench): Promise<void> {
  const random = createRandom(7)
  const readers: Peer[] = []
  const listener = bench.network.listen(bench.address(), (transport) => {
    const reader = new Peer(transport)
    readers.push(reader)
    reader.onReceived = () => {
      if (random.uniform() < 0.5) transport.pauseReading()
    }
    reader.onEnded = () => transport.end()
  })
  const sent = randomBytes(60_000)
  const writers: Peer[] = []
  for (let i = 0; i < 20; i++) connectPeer(bench, listener.address, (peer) => writers.push(peer))
  await until(bench, () => writers.length === 20 && readers.length === 20)
  await until(bench, () => {
    for (const { transport } of readers) if (random.uniform() < 0.3) transport.resumeReading()
    for (const writer of writers) writeOn(writer, sent, random)
    return writers.every((writer) => writer.closes === 1) && readers.every((reader) => reader.closes === 1)
  })
  assert.ok(readers.every((reader) => Buffer.concat(reader.chunks).equals(sent)))
}

const written = new WeakMap<Peer, number>()

function writeOn(writer: Peer, bytes: Uint8Array, random: Random): void {
  if (random.uniform() < 0.5) return
  const from = written.get(writer) ?? 0
  const to = from + random.integer(4000)
  written.set(writer, to)
  writer.transport.write(bytes.subarray(from, to))
  if (to >= bytes.length) writer.transport.end()
}

export async function eventsCarryTheTransportsAttributes(bench: Bench): Promise<void> {
  const { client, server } = await connectPair(bench)
  const seen = new Set<string>()
  bench.emitted = (event) => seen.add(`${event.name} ${event.attributes.className}`)
  server.transport.attributes = { ...server.transport.attributes, className: 'urgent' }
  client.transport.write(Buffer.from('x'))
  await until(bench, () => server.bytes === 1)
  assert.ok(seen.has('read urgent'), [...seen].join())
}

export async function aThrowingServerGoesOnServing(bench: Bench): Promise<void> {
  let accepted = 0
  const listener = bench.network.listen(bench.address(), (transport) => {
    if (++accepted === 1) throw new Error('first one')
    echo(transport).onReceived = () => {
      throw new Error('bad bytes')
    }
  })
  for (let i = 0; i < 3; i++) {
    connectPeer(bench, listener.address, (peer) => {
      peer.transport.write(Buffer.from('x'))
      peer.transport.end()
    })
  }
  await until(bench, () => accepted === 3 && bench.errors.length >= 3)
  bench.errors.length = 0
}

/** Every selector must pass these; one sentence each. */
export const NETWORK_CHECKS: Readonly<Record<string, Check>> = {
  'bytes arrive in order': bytesArriveInOrder,
  'half-close works both ways': halfCloseWorksBothWays,
  'a reset is seen by the peer as ECONNRESET': resetIsSeenByThePeer,
  'a reset drops the buffer at once': resetDropsTheBuffer,
  'a refused connection has the code ECONNREFUSED': refusedConnectionsHaveACode,
  'an address in use is refused by listen itself': anAddressInUseIsRefusedAtOnce,
  'a cancelled connect is never done': aCancelledConnectIsNeverDone,
  'closing twice is closing once': closingTwiceIsOnce,
  '10 MB of random bytes echoed with backpressure come back equal': tenMegabytesEchoedAreEqual,
  '200 connections at once are all served': twoHundredConnectionsAtOnce,
  'bytes written before close all arrive': bytesWrittenBeforeCloseAllArrive,
  'unread bytes do not spoil a close': unreadBytesDoNotSpoilAClose,
  'a slow reader fills the buffer, which drains once': aSlowReaderFillsTheBufferWhichDrains,
  'paused reading delivers nothing until it is resumed': pausedReadingDeliversNothing,
  'readers that pause at random lose nothing': fitfulReadersLoseNothing,
  "events carry their transport's attributes": eventsCarryTheTransportsAttributes,
  'a server that throws goes on serving': aThrowingServerGoesOnServing,
}
