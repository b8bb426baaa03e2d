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
import { OutputBuffer } from '../selectors/output-buffer.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { OWNERLESS } from '../selectors/socket-host.ts'
import type { Line } from './link.ts'

/** Bytes that may be under way, sent and not yet taken by the peer's program; the rest waits in the buffer. */
export const WINDOW_BYTES = 256 * 1024
/** The largest piece that travels, and arrives, as one. */
export const SEGMENT_BYTES = 64 * 1024

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

/**
 * One end of a simulated TCP connection. What a program sees is what Linux shows through `SocketTransport`: bytes
 * before the end or the error, EPIPE at the next write once the peer has both ended and gone, a pause that holds
 * back errors as well.
 */
export class VirtualTransport implements Transport {
  readonly localAddress: Address
  readonly remoteAddress: Address
  owner: TransportOwner = OWNERLESS
  readonly #selector: SimulatedSelector
  readonly #clock: Clock
  readonly #readEvent = new VirtualEvent('read', () => this.#read())
  readonly #writeEvent = new VirtualEvent('write', () => this.#flush())
  readonly #output = new OutputBuffer()
  /** Towards the peer. */
  readonly #line: Line
  #peer!: VirtualTransport
  /** Nobody owns it yet: what arrives waits, as it does in a kernel before `accept`. */
  #unclaimed = true
  #arrived: Segment[] = []
  #underWayBytes = 0
  #paused = false
  #ending: 'end' | 'close' | undefined
  #endSent = false
  #endArrived = false
  #endRead = false
  /** Why the connection can carry nothing any more, once RST has come. */
  #broken: NetworkFailure | undefined
  #closed = false

  constructor(selector: SimulatedSelector, line: Line, localAddress: Address, remoteAddress: Address) {
    this.#selector = selector
    this.#line = line
    this.#clock = selector.clock
    this.localAddress = localAddress
    this.remoteAddress = remoteAddress
  }

  join(peer: VirtualTransport): void {
    this.#peer = peer
    peer.#peer = this
  }

  /** The network gives the connection up at `atNs`: this end sees what a reset by its peer would show. */
  loseAt(atNs: number): void {
    this.#selector.deliverAt(atNs, () => this.#arriveReset())
  }

  /** Hands it to an owner, who is set inside `take`. What has arrived since then comes in a handle of its own. */
  claim(take: (transport: Transport) => void): void {
    this.#unclaimed = false
    try {
      take(this)
    } finally {
      this.#readOn()
    }
  }

  get attributes(): Attributes {
    return this.#readEvent.attributes
  }

  set attributes(attributes: Attributes) {
    this.#readEvent.attributes = attributes
    this.#writeEvent.attributes = attributes
  }

  get bufferedBytes(): number {
    return this.#output.bytes
  }

  write(bytes: Uint8Array): void {
    if (this.#ending !== undefined || this.#closed || bytes.length === 0) return
    this.#output.push(bytes)
    this.#send()
  }

  pauseReading(): void {
    this.#paused = true
  }

  resumeReading(): void {
    this.#paused = false
    this.#readOn()
  }

  end(): void {
    if (this.#ending !== undefined || this.#closed) return
    this.#ending = 'end'
    this.#send()
  }

  reset(): void {
    if (this.#closed) return
    this.#transmit(RESET, 0)
    this.#finish(undefined)
  }

  close(): void {
    if (this.#closed) return
    this.#ending = 'close'
    this.#discardArrived()
    if (this.#endSent) this.#finish(undefined)
    else this.#send()
  }

  // ------------------------------------------------------------------ sending

  #send(): void {
    if (this.#broken !== undefined && this.#output.bytes > 0) {
      this.#finish(this.#broken)
      return
    }
    while (this.#output.bytes > 0 && this.#underWayBytes < WINDOW_BYTES) this.#sendPiece()
    if (this.#ending !== undefined && !this.#endSent && this.#output.bytes === 0) this.#sendEnd()
  }

  /** A copy travels: the writer may use its bytes again, and the receiver owns what it gets. */
  #sendPiece(): void {
    const next = this.#output.next()
    const room = Math.min(SEGMENT_BYTES, WINDOW_BYTES - this.#underWayBytes)
    const piece = Buffer.from(next.subarray(0, room))
    this.#output.sent(piece.length)
    this.#underWayBytes += piece.length
    this.#transmit(piece, piece.length)
  }

  #sendEnd(): void {
    this.#endSent = true
    this.#transmit(END, 0)
    if (this.#ending === 'close' || this.#endRead) this.#finish(undefined)
  }

  /** Pieces follow one another on the line; each arrives when its last byte does. */
  #transmit(segment: Segment, bytes: number): void {
    const arrivesNs = this.#line.arrivalNs(this.#clock.lastNs, bytes)
    const peer = this.#peer
    if (arrivesNs < Number.POSITIVE_INFINITY) peer.#selector.deliverAt(arrivesNs, () => peer.#arrive(segment))
  }

  /** The peer's program has taken bytes, and the news has come back. */
  #acknowledged(bytes: number): IoEvent | undefined {
    this.#underWayBytes -= bytes
    return this.#output.bytes > 0 ? this.#writeEvent : undefined
  }

  #flush(): void {
    if (this.#output.bytes === 0) return
    this.#send()
    if (this.#output.bytes > 0 || this.#ending === 'close' || this.#broken !== undefined) return
    this.owner.drained()
  }

  // ------------------------------------------------------------------ receiving

  #arrive(segment: Segment): IoEvent | undefined {
    if (segment === RESET) return this.#arriveReset()
    if (this.#closed) {
      // Data for a connection that is gone: answered with RST, as TCP does.
      if (segment !== END) this.#transmit(RESET, 0)
      return undefined
    }
    if (segment === END) this.#endArrived = true
    this.#arrived.push(segment)
    if (this.#ending === 'close') this.#discardArrived()
    return this.#wantsRead ? this.#readEvent : undefined
  }

  /** After the peer's end only a writer learns of it, as in a kernel: there is nothing more to read. */
  #arriveReset(): IoEvent | undefined {
    if (this.#closed) return undefined
    this.#broken = this.#endArrived
      ? new NetworkFailure('EPIPE', 'Cannot write: broken pipe (EPIPE)')
      : new NetworkFailure('ECONNRESET', 'Connection reset by peer (ECONNRESET)')
    if (!this.#endArrived) this.#arrived.push(RESET)
    if (this.#wantsRead) return this.#readEvent
    return this.#output.bytes > 0 ? this.#writeEvent : undefined
  }

  get #wantsRead(): boolean {
    return this.#arrived.length > 0 && !this.#paused && !this.#unclaimed && !this.#closed
  }

  #readOn(): void {
    if (this.#wantsRead) this.#selector.deliverAt(this.#clock.lastNs, () => this.#readEvent)
  }

  #read(): void {
    try {
      while (this.#wantsRead) this.#take(this.#arrived.shift()!)
    } finally {
      // Only after an exception is anything left.
      this.#readOn()
    }
  }

  #take(segment: Segment): void {
    if (segment === RESET) this.#finish(this.#broken)
    else if (segment === END) this.#readEnd()
    else {
      this.#acknowledge(segment.length)
      this.owner.received(segment)
    }
  }

  #acknowledge(bytes: number): void {
    const peer = this.#peer
    peer.#selector.deliverAt(this.#line.newsNs(this.#clock.lastNs), () => peer.#acknowledged(bytes))
  }

  /** At `close`: what nobody reads any more must not hold up the peer. */
  #discardArrived(): void {
    for (const segment of this.#arrived.splice(0)) {
      if (segment instanceof Uint8Array) this.#acknowledge(segment.length)
    }
  }

  #readEnd(): void {
    this.#endRead = true
    if (this.#endSent) this.#finish(undefined)
    this.owner.ended()
  }

  /** The owner hears of it in an I/O handle of its own, whoever caused it. */
  #finish(error: NetworkError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#output.clear()
    this.#discardArrived()
    if (this.owner === OWNERLESS) return
    const event = new VirtualEvent('close', () => this.owner.closed(error))
    event.attributes = this.attributes
    this.#selector.deliverAt(this.#clock.lastNs, () => event)
  }
}
