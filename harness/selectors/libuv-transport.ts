import type { Socket } from 'node:net'
import type { Address, Attributes, IoEvent, NetworkError, Transport, TransportOwner } from '../contracts.ts'
import { NetworkFailure } from './network-error.ts'
import { SocketEvent } from './socket-event.ts'
import { OWNERLESS } from './socket-host.ts'

/** Unread bytes from which on Node is told to stop reading. */
const HIGH_WATER_BYTES = 65_536

/**
 * A `net.Socket` as a transport. What libuv delivers waits here until the loop runs the event of its side; one
 * chunk a handle, so that others get their turn between two.
 */
export class LibuvTransport implements Transport {
  owner: TransportOwner = OWNERLESS
  readonly localAddress: Address
  readonly remoteAddress: Address
  readonly #socket: Socket
  readonly #post: (event: IoEvent) => void
  readonly #readEvent = new SocketEvent('read', () => this.#onReadable(), nothing)
  readonly #writeEvent = new SocketEvent('write', () => this.#onWritable(), nothing)
  readonly #flushedCall = () => this.#onFlushed()
  #chunks: Uint8Array[] = []
  #unreadBytes = 0
  #paused = false
  #peerEnd: 'no' | 'untold' | 'told' = 'no'
  #ending: 'end' | 'close' | 'reset' | undefined
  #full = false
  #drained = false
  #closed: 'no' | 'untold' | 'told' = 'no'
  #error: NetworkError | undefined

  constructor(socket: Socket, remote: Address | undefined, post: (event: IoEvent) => void) {
    this.#socket = socket
    this.#post = post
    this.localAddress = addressOf(socket.localAddress, socket.localPort)
    this.remoteAddress = remote ?? addressOf(socket.remoteAddress, socket.remotePort)
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error))
    socket.on('close', () => this.#onClose())
    socket.resume()
  }

  get attributes(): Attributes {
    return this.#readEvent.attributes
  }

  set attributes(attributes: Attributes) {
    this.#readEvent.attributes = attributes
    this.#writeEvent.attributes = attributes
  }

  get bufferedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength
  }

  write(bytes: Uint8Array): void {
    if (this.#ending !== undefined || this.#socket.destroyed || bytes.length === 0) return
    this.#socket.write(bytes, this.#flushedCall)
    if (this.#socket.writableLength > 0) this.#full = true
  }

  pauseReading(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#paused = false
    this.#readOn()
  }

  end(): void {
    if (this.#ending !== undefined || this.#socket.destroyed) return
    this.#ending = 'end'
    this.#socket.end()
  }

  /**
   * Not `resetAndDestroy`: that first sends what is buffered, and FIN before RST, so that the peer sees an orderly
   * end. Its flag and `destroy` give the RST at once. A Unix socket knows no RST and is just closed; so is a
   * socket whose FIN is on its way, since libuv refuses to reset it.
   */
  reset(): void {
    if (this.#socket.destroyed) return
    const finUnderWay = this.#socket.writableEnded && !this.#socket.writableFinished
    this.#stopReading('reset')
    if ('port' in this.localAddress && !finUnderWay) Object.assign(this.#socket, { resetAndClosing: true })
    this.#socket.destroy()
  }

  /** Reading goes on, into nothing: unread bytes would turn the close into a reset. */
  close(): void {
    if (this.#socket.destroyed) return
    this.#stopReading('close')
    this.#socket.resume()
    this.#socket.destroySoon()
  }

  #stopReading(ending: 'close' | 'reset'): void {
    this.#ending = ending
    this.#peerEnd = 'told'
    this.#dropUnread()
  }

  #dropUnread(): void {
    this.#chunks = []
    this.#unreadBytes = 0
  }

  // ------------------------------------------------------------------ what libuv tells

  #onData(chunk: Uint8Array): void {
    if (this.#ending === 'close' || this.#ending === 'reset') return
    this.#chunks.push(chunk)
    this.#unreadBytes += chunk.length
    if (this.#unreadBytes >= HIGH_WATER_BYTES) this.#socket.pause()
    this.#post(this.#readEvent)
  }

  #onEnd(): void {
    if (this.#peerEnd !== 'no') return
    this.#peerEnd = 'untold'
    this.#post(this.#readEvent)
  }

  #onFlushed(): void {
    if (!this.#full || this.#socket.destroyed || this.#socket.writableLength > 0) return
    this.#full = false
    this.#drained = true
    this.#post(this.#writeEvent)
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.#error ??= new NetworkFailure(error.code ?? 'EIO', error.message)
  }

  /** An owner that has paused would never get to the bytes before the error, nor to the error. */
  #onClose(): void {
    this.#closed = 'untold'
    if (this.#error !== undefined && this.#paused) this.#dropUnread()
    this.#post(this.#hasUnread() ? this.#readEvent : this.#writeEvent)
  }

  // ------------------------------------------------------------------ what the loop runs

  #onReadable(): void {
    if (this.#paused) return
    try {
      this.#tellOne()
    } finally {
      this.#readOn()
    }
  }

  #tellOne(): void {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) {
      this.#unreadBytes -= chunk.length
      this.owner.received(chunk)
    } else if (this.#peerEnd === 'untold') {
      this.#peerEnd = 'told'
      this.owner.ended()
    }
  }

  #readOn(): void {
    if (this.#paused) return
    if (this.#hasUnread()) this.#post(this.#readEvent)
    else if (this.#closed === 'untold') this.#post(this.#writeEvent)
    else if (this.#socket.isPaused()) this.#socket.resume()
  }

  #hasUnread(): boolean {
    return this.#chunks.length > 0 || (this.#peerEnd === 'untold' && this.#error === undefined)
  }

  #onWritable(): void {
    if (this.#closed === 'untold') {
      if (this.#hasUnread()) return
      this.#closed = 'told'
      this.owner.closed(this.#ending === 'reset' ? undefined : this.#error)
    } else if (this.#drained) {
      this.#drained = false
      this.owner.drained()
    }
  }
}

/** As `net` tells it: no port and no address at all for a Unix socket. */
export function addressOf(host: string | undefined, port: number | undefined): Address {
  return host === undefined || port === undefined ? { path: '' } : { host, port }
}

function nothing(): void {}
