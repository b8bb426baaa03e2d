/** What the checks stand on: a selector with something that runs its events, and owners that write down. */
import assert from 'node:assert/strict'
import type {
  Address,
  IoEvent,
  Listener,
  Network,
  NetworkError,
  Selector,
  Transport,
  TransportOwner,
} from '../../harness/contracts.ts'

/** A selector on the bench, with something that runs its events. */
export interface Bench {
  readonly selector: Selector
  readonly network: Network
  /** Where a server can listen; a new one each time. */
  address(): Address
  /** Waits and runs what is emitted until the predicate holds; rejects when it does not in time. */
  runUntil(predicate: () => boolean, maxMs: number): Promise<void>
  /** How long a check waits for what must come, ms. */
  readonly patienceMs: number
  /** Sees every event that is emitted. */
  emitted: (event: IoEvent) => void
  /** What events have thrown. A check that provokes an error takes it out. */
  readonly errors: unknown[]
  close(): void
}

export interface SelectorFixture {
  readonly name: string
  /** Real sockets: what only an operating system does can be seen. */
  readonly real: boolean
  make(): Bench
}

export type Check = (bench: Bench) => Promise<void>

/** An owner that writes everything down. */
export class Peer implements TransportOwner {
  readonly transport: Transport
  readonly chunks: Uint8Array[] = []
  bytes = 0
  ends = 0
  drains = 0
  closes = 0
  error: NetworkError | undefined
  onReceived: (chunk: Uint8Array) => void = () => {}
  onDrained: () => void = () => {}
  onEnded: () => void = () => {}

  constructor(transport: Transport) {
    this.transport = transport
    transport.owner = this
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  received(chunk: Uint8Array): void {
    assert.equal(this.closes, 0, 'nothing comes after closed')
    this.chunks.push(chunk)
    this.bytes += chunk.length
    this.onReceived(chunk)
  }

  ended(): void {
    assert.equal(this.closes, 0, 'nothing comes after closed')
    this.ends++
    this.onEnded()
  }

  drained(): void {
    assert.equal(this.transport.bufferedBytes, 0)
    this.drains++
    this.onDrained()
  }

  closed(error: NetworkError | undefined): void {
    this.closes++
    this.error = error
  }
}

export interface Pair {
  readonly listener: Listener
  readonly client: Peer
  readonly server: Peer
}

export function until(bench: Bench, predicate: () => boolean): Promise<void> {
  return bench.runUntil(predicate, bench.patienceMs)
}

/** Nothing more must come: runs for a moment. */
export async function settle(bench: Bench, ms = 20): Promise<void> {
  const never = bench.runUntil(() => false, ms)
  await never.catch(() => {})
}

export function connectPeer(bench: Bench, address: Address, connected: (peer: Peer) => void): void {
  bench.network.connect(address, (result) => {
    if (result instanceof Error) throw result
    connected(new Peer(result))
  })
}

/** A server and one client of it. */
export async function connectPair(bench: Bench, address = bench.address()): Promise<Pair> {
  let server: Peer | undefined
  let client: Peer | undefined
  const listener = bench.network.listen(address, (transport) => {
    server = new Peer(transport)
  })
  connectPeer(bench, listener.address, (peer) => {
    client = peer
  })
  await until(bench, () => server !== undefined && client !== undefined)
  return { listener, client: client!, server: server! }
}

/** Sends everything back and does not read on while too much waits to be sent. */
export function echo(transport: Transport): Peer {
  const peer = new Peer(transport)
  peer.onReceived = (chunk) => {
    transport.write(chunk)
    if (transport.bufferedBytes > 65_536) transport.pauseReading()
  }
  peer.onDrained = () => transport.resumeReading()
  peer.onEnded = () => transport.end()
  return peer
}

/** Why a connection fails; told from an I/O handle. */
export async function failureOf(bench: Bench, address: Address): Promise<NetworkError> {
  let outcome: Transport | NetworkError | undefined
  let inside = true
  bench.network.connect(address, (result) => {
    assert.equal(inside, false, 'done must be called from an I/O handle, not from connect')
    outcome = result
  })
  inside = false
  await until(bench, () => outcome !== undefined)
  assert.ok(outcome instanceof Error, 'expected an error')
  return outcome
}
