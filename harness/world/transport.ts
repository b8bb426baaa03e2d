import type {
  Address,
  Attributes,
  Clock,
  IoEvent,
  NetworkError,
  Transport,
  TransportOwner,
} from '../contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../loop/attributes.ts'
import { NetworkFailure } from '../selectors/network-error.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { OWNERLESS } from '../selectors/socket-host.ts'

/** One-way delay of a link, ns, and its bandwidth: a local network's. */
export const LATENCY_NS = 50_000
const NS_PER_BYTE = 8 // 1 Gbit/s
/** Bytes that may be under way, sent and not yet taken by the peer's program; the rest waits in the buffer. */
const WINDOW_BYTES = 256 * 1024

const END = Symbol('end')
const RESET = Symbol('reset')
type Segment = Uint8Array | typeof END | typeof RESET

export class VirtualEvent implements IoEvent {
  readonly name: string
  attributes: Attributes = DEFAULT_ATTRIBUTES
  pending = false
  readonly run: () => void

  constructor(name: string, run: () => void) {
    this.name = name
    this.run = run
  }
}

/** One end of a simulated TCP connection. */
export class VirtualTransport implements Transport {
  readonly localAddress: Address
  readonly remoteAddress: Address
  owner: TransportOwner = OWNERLESS
  readonly #selector: SimulatedSelector
  readonly #clock: Clock
  readonly #readEvent = new VirtualEvent('read', () => this.#read())
  readonly #writeEvent = new VirtualEvent('write', () => this.#flush())
  #peer!: VirtualTransport
  #arrived: Segment[] = []
  #unsent: Uint8Array[] = []
  #unsentBytes = 0
  #underWayBytes = 0
  #lineFreeNs = 0
  #paused = false
  #ending = false
  #endSent = false
  #closing = false
  #closed = false

  constructor(selector: SimulatedSelector, localAddress: Address, remoteAddress: Address) {
    this.#selector = selector
    this.#clock = selector.clock
    this.localAddress = localAddress
    this.remoteAddress = remoteAddress
  }

  join(peer: VirtualTransport): void {
    this.#peer = peer
    peer.#peer = this
  }

  get attributes(): Attributes {
    return this.#readEvent.attributes
  }

  set attributes(attributes: Attributes) {
    this.#readEvent.attributes = attributes
    this.#writeEvent.attributes = attributes
  }

  get bufferedBytes(): number {
    return this.#unsentBytes
  }

  write(bytes: Uint8Array): void {
    if (this.#ending || this.#closed) return
    this.#unsent.push(bytes)
    this.#unsentBytes += bytes.length
    this.#send()
  }

  pauseReading(): void {
    this.#paused = true
  }

  resumeReading(): void {
    this.#paused = false
    if (this.#arrived.length > 0) this.#selector.deliverAt(this.#clock.lastNs, () => this.#readEvent)
  }

  end(): void {
    if (this.#ending || this.#closed) return
    this.#ending = true
    this.#send()
  }

  reset(): void {
    if (this.#closed) return
    this.#transmit(RESET, 0)
    this.#unsent = []
    this.#unsentBytes = 0
    this.#finish(undefined)
  }

  close(): void {
    if (this.#closed) return
    this.end()
    this.#closing = true
    this.#arrived = []
    if (this.#endSent) this.#finish(undefined)
  }

  // ------------------------------------------------------------------ sending

  #send(): void {
    while (this.#unsent.length > 0 && this.#underWayBytes < WINDOW_BYTES) {
      const bytes = this.#unsent.shift()!
      this.#unsentBytes -= bytes.length
      this.#underWayBytes += bytes.length
      this.#transmit(bytes, bytes.length)
    }
    if (!this.#ending || this.#endSent || this.#unsent.length > 0) return
    this.#endSent = true
    this.#transmit(END, 0)
  }

  #transmit(segment: Segment, bytes: number): void {
    const startNs = Math.max(this.#clock.lastNs, this.#lineFreeNs)
    this.#lineFreeNs = startNs + bytes * NS_PER_BYTE
    const peer = this.#peer
    peer.#selector.deliverAt(this.#lineFreeNs + LATENCY_NS, () => peer.#arrive(segment))
  }

  /** The peer's program has taken bytes, and the news has come back. */
  #acknowledged(bytes: number): IoEvent | undefined {
    this.#underWayBytes -= bytes
    return this.#unsent.length > 0 ? this.#writeEvent : undefined
  }

  #flush(): void {
    const wasWaiting = this.#unsent.length > 0
    this.#send()
    if (!wasWaiting || this.#unsent.length > 0) return
    if (this.#closing) this.#end(undefined)
    else this.owner.drained()
  }

  // ------------------------------------------------------------------ receiving

  #arrive(segment: Segment): IoEvent | undefined {
    if (this.#closed) {
      // Data for a connection that is gone: answered with RST, as TCP does.
      if (segment instanceof Uint8Array) this.#transmit(RESET, 0)
      return undefined
    }
    if (this.#closing && segment !== RESET) return undefined // nobody reads any more
    if (segment === RESET) this.#arrived = []
    this.#arrived.push(segment)
    return this.#paused && segment !== RESET ? undefined : this.#readEvent
  }

  #read(): void {
    while (this.#arrived.length > 0 && !this.#closed && (!this.#paused || this.#arrived[0] === RESET)) {
      const segment = this.#arrived.shift()!
      if (segment === RESET)
        this.#end(new NetworkFailure('ECONNRESET', 'Connection reset by peer (ECONNRESET)'))
      else if (segment === END) this.#readEnd()
      else this.#take(segment)
    }
  }

  #take(bytes: Uint8Array): void {
    const peer = this.#peer
    peer.#selector.deliverAt(this.#clock.lastNs + LATENCY_NS, () => peer.#acknowledged(bytes.length))
    this.owner.received(bytes)
  }

  #readEnd(): void {
    this.owner.ended()
    if (this.#endSent) this.#end(undefined)
  }

  #end(error: NetworkError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.owner.closed(error)
  }

  /** Closed from this side: the owner hears of it in an I/O handle of its own. */
  #finish(error: NetworkError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    const { owner } = this
    const event = new VirtualEvent('close', () => owner.closed(error))
    event.attributes = this.attributes
    this.#selector.deliverAt(this.#clock.lastNs, () => event)
  }
}
