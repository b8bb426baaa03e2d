import type { Address, Attributes, NetworkError, Transport, TransportOwner } from '../contracts.ts'
import { networkError } from './network-error.ts'
import { OutputBuffer } from './output-buffer.ts'
import { decodeAddress, SOCKADDR_BYTES } from './socket-address.ts'
import { SocketEvent } from './socket-event.ts'
import { ERRNO, OWNERLESS, type SocketHost } from './socket-host.ts'

const SHUT_WR = 1
const SOL_SOCKET = 1
const SO_LINGER = 13
const MSG_NOSIGNAL = 0x4000

/** Pieces sent in one handle before others get a turn. */
const SENDS_PER_HANDLE = 16
/** Reads of what nobody wants any more, at `close`. */
const DISCARDS_AT_CLOSE = 16
/** Bytes in one send: its result must fit in a C int. */
const LONGEST_SEND = 2 ** 30
/** Up to here a chunk comes from Buffer's pool, which is twice as fast as an allocation of its own. */
const POOLED_BELOW = 2048

const LINGER_NOT = new Int32Array([1, 0])
const NOWHERE: Address = { host: '', port: 0 }

/** A connected stream socket, TCP or Unix. */
export class SocketTransport implements Transport {
  owner: TransportOwner = OWNERLESS
  readonly #host: SocketHost
  readonly #output = new OutputBuffer()
  readonly #readEvent = new SocketEvent(
    'read',
    () => this.#onReadable(),
    () => this.#abandon(),
  )
  readonly #writeEvent = new SocketEvent(
    'write',
    () => this.#onWritable(),
    () => this.#abandon(),
  )
  /** −1 once closed. */
  #fd: number
  #local: Address | undefined
  #remote: Address | undefined
  /** False from the end of the stream, or from our `close`, on. */
  #reading = true
  #paused = false
  /** How reading goes on after a pause; `undefined` while the selector still has the event. */
  #stalled: 'again' | 'rearm' | undefined
  #writableWatched = false
  /** What is to happen when the output is empty. */
  #ending: 'end' | 'close' | undefined
  #peerEnded = false
  #finSent = false
  #finished: 'no' | 'untold' | 'told' = 'no'
  #error: NetworkError | undefined

  /** Takes the descriptor over. Throws `UnsupportedError` (and leaves it open) where it cannot be watched. */
  constructor(host: SocketHost, fd: number, remote?: Address) {
    this.#host = host
    this.#fd = fd
    this.#remote = remote
    host.watch(fd, this.#readEvent, undefined)
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

  /** Asked for when first needed; unknown (port 0) once the transport is closed. */
  get localAddress(): Address {
    this.#local ??= this.#ask('getsockname')
    return this.#local ?? NOWHERE
  }

  get remoteAddress(): Address {
    this.#remote ??= this.#ask('getpeername')
    return this.#remote ?? NOWHERE
  }

  write(bytes: Uint8Array): void {
    if (this.#fd < 0 || this.#ending !== undefined || bytes.length === 0) return
    if (this.#output.bytes > 0) {
      this.#output.push(bytes)
      return
    }
    const sent = this.#send(bytes)
    if (sent === bytes.length || sent < 0) return
    this.#output.push(sent === 0 ? bytes : bytes.subarray(sent))
    this.#awaitWritable()
  }

  pauseReading(): void {
    this.#paused = true
  }

  resumeReading(): void {
    this.#paused = false
    const how = this.#stalled
    this.#stalled = undefined
    if (how !== undefined) this.#readOn(how)
  }

  end(): void {
    if (this.#fd < 0 || this.#ending !== undefined) return
    this.#ending = 'end'
    if (this.#output.bytes === 0) this.#sendFin()
  }

  /** A Unix socket knows no RST: its peer sees the end of the stream, or ECONNRESET if it had sent more. */
  reset(): void {
    if (this.#fd < 0) return
    this.#host.sys.setsockopt(this.#fd, SOL_SOCKET, SO_LINGER, LINGER_NOT, 8)
    this.#finish(undefined)
  }

  close(): void {
    if (this.#fd < 0) return
    this.#ending = 'close'
    this.#reading = false
    if (this.#output.bytes === 0) this.#closeInOrder()
  }

  #onReadable(): void {
    if (!this.#reading || this.#fd < 0) return
    if (this.#paused) {
      this.#stalled = 'again'
      return
    }
    const { sys, readBuffer } = this.#host
    const count = sys.recv(this.#fd, readBuffer, readBuffer.length, 0)
    if (count > 0) this.#received(count)
    else if (count === 0) this.#onPeerEnd()
    else this.#readFailed(sys.errno())
  }

  /**
   * A short read has emptied the socket: one EAGAIN saved. A full one goes round through the ready queue, since
   * a fast sender would otherwise hold the loop.
   */
  #received(count: number): void {
    const { readBuffer } = this.#host
    try {
      this.owner.received(copyOf(readBuffer, count))
    } finally {
      this.#readOn(count === readBuffer.length ? 'again' : 'rearm')
    }
  }

  #readOn(how: 'again' | 'rearm'): void {
    if (!this.#reading || this.#fd < 0) return
    if (this.#paused) this.#stalled = how
    else if (how === 'again') this.#host.again(this.#readEvent)
    else this.#host.rearm(this.#fd, 'readable')
  }

  #onPeerEnd(): void {
    this.#reading = false
    this.#peerEnded = true
    this.#finishIfBothEnded()
    this.owner.ended()
  }

  #readFailed(errno: number): void {
    if (errno === ERRNO.EAGAIN) this.#readOn('rearm')
    else if (errno === ERRNO.EINTR) this.#readOn('again')
    else this.#finish(networkError(errno, 'Cannot read'))
  }

  /** Also how the owner is told of the end, so that `closed` comes from a handle whoever caused it. */
  #onWritable(): void {
    if (this.#finished === 'untold') {
      this.#finished = 'told'
      this.owner.closed(this.#error)
    } else if (this.#output.bytes > 0) {
      this.#flush()
    }
  }

  #flush(): void {
    let full = false
    for (let sends = 0; !full && this.#output.bytes > 0 && sends < SENDS_PER_HANDLE; sends++) {
      const piece = this.#output.next()
      const sent = this.#send(piece)
      if (sent < 0) return
      this.#output.sent(sent)
      full = sent < Math.min(piece.length, LONGEST_SEND)
    }
    if (this.#output.bytes === 0) this.#flushed()
    else if (full) this.#awaitWritable()
    else this.#host.again(this.#writeEvent)
  }

  #flushed(): void {
    if (this.#ending === 'close') {
      this.#closeInOrder()
      return
    }
    if (this.#ending === 'end') this.#sendFin()
    this.owner.drained()
  }

  /** Bytes taken; 0 when the socket is full; −1 when the connection has broken and was finished. */
  #send(bytes: Uint8Array): number {
    const { sys } = this.#host
    const sent = sys.send(this.#fd, bytes, Math.min(bytes.length, LONGEST_SEND), MSG_NOSIGNAL)
    if (sent >= 0) return sent
    const errno = sys.errno()
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return 0
    this.#finish(networkError(errno, 'Cannot write'))
    return -1
  }

  /** The write side is watched from the first full socket on: most connections never need it. */
  #awaitWritable(): void {
    if (this.#writableWatched) {
      this.#host.rearm(this.#fd, 'writable')
    } else {
      this.#writableWatched = true
      this.#host.watch(this.#fd, undefined, this.#writeEvent)
    }
  }

  #sendFin(): void {
    this.#host.sys.shutdown(this.#fd, SHUT_WR)
    this.#finSent = true
    this.#finishIfBothEnded()
  }

  #finishIfBothEnded(): void {
    if (this.#peerEnded && this.#finSent) this.#finish(undefined)
  }

  /**
   * Closing a socket with unread bytes makes the kernel send RST, and the peer may lose what we sent before.
   * Hence they are read and dropped first. Those still under way cannot be helped: that is TCP.
   */
  #closeInOrder(): void {
    const { sys, readBuffer } = this.#host
    for (let reads = this.#peerEnded ? DISCARDS_AT_CLOSE : 0; reads < DISCARDS_AT_CLOSE; reads++) {
      if (sys.recv(this.#fd, readBuffer, readBuffer.length, 0) <= 0) break
    }
    this.#finish(undefined)
  }

  #finish(error: NetworkError | undefined): void {
    if (this.#fd < 0) return
    this.#abandon()
    this.#error = error
    this.#finished = 'untold'
    this.#host.again(this.#writeEvent)
  }

  #abandon(): void {
    if (this.#fd < 0) return
    this.#host.closeFd(this.#fd)
    this.#fd = -1
    this.#output.clear()
  }

  #ask(call: 'getsockname' | 'getpeername'): Address | undefined {
    const bytes = new Uint8Array(SOCKADDR_BYTES)
    const length = new Int32Array([SOCKADDR_BYTES])
    if (this.#fd < 0 || this.#host.sys[call](this.#fd, bytes, length) < 0) return undefined
    return decodeAddress(bytes, length[0]!)
  }
}

function copyOf(buffer: Uint8Array, count: number): Uint8Array {
  const chunk = count < POOLED_BELOW ? Buffer.allocUnsafe(count) : Buffer.allocUnsafeSlow(count)
  chunk.set(buffer.subarray(0, count))
  return chunk
}
