/**
 * What epoll, poll and select share: which descriptor has which events, that each side is delivered once and
 * then stays silent until `rearm`, waking, and events that ask to be emitted again. A back end adds the call
 * that waits and the bookkeeping of its kernel interface.
 */
import type { Clock, EmitIo, FdSelector, IoEvent, Network, WatchOptions } from '../contracts.ts'
import { UnsupportedError } from '../errors.ts'
import { networkError } from './network-error.ts'
import { SocketEvent } from './socket-event.ts'
import { ERRNO, type SocketHost } from './socket-host.ts'
import { SocketNetwork } from './sockets.ts'
import { loadSyscalls, type Syscalls } from './syscalls.ts'

const EFD_FLAGS = 0o2000000 | 0o4000 // EFD_CLOEXEC | EFD_NONBLOCK

/** One watched descriptor. */
export class Watch {
  readonly fd: number
  readonly level: boolean
  readable: IoEvent | undefined
  writable: IoEvent | undefined
  readArmed = false
  writeArmed = false
  // Edges that came while the side was silent. An edge comes once: forgetting it would be a hang.
  readMissed = false
  writeMissed = false
  /** Edge-triggered: the last edge has come, the end of the stream or an error is still to be read. */
  readFinal = false
  /** poll's: where it stands in the array. */
  slot = -1

  constructor(fd: number, level: boolean) {
    this.fd = fd
    this.level = level
  }
}

interface Retry {
  readonly event: IoEvent
  readonly atNs: number
}

export abstract class FdSelectorBase implements FdSelector, SocketHost {
  abstract readonly name: string
  readonly blocking = true
  readonly maxFd: number = 2 ** 31 - 1
  readonly network: Network
  readonly sys: Syscalls
  readonly readBuffer: Uint8Array = new Uint8Array(65_536)
  /** An eventfd: any thread that writes 8 bytes (the number 1) to it wakes the `select` under way. */
  readonly wakeFd: number
  readonly #clock: Clock
  /** By descriptor. Descriptors are small and dense, so that an array beats a map. */
  readonly #watches: (Watch | undefined)[] = []
  readonly #wakeCount = new Uint8Array(8)
  #again: IoEvent[] = []
  #spare: IoEvent[] = []
  #retries: Retry[] = []
  #woken = false
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.sys = loadSyscalls()
    this.wakeFd = this.sys.eventfd(0, EFD_FLAGS)
    if (this.wakeFd < 0) throw networkError(this.sys.errno(), 'Cannot create an eventfd')
    this.network = new SocketNetwork(this)
  }

  /** Waits and calls `deliver` for each ready descriptor; returns the events emitted. */
  protected abstract wait(timeoutNs: number, emit: EmitIo): number
  /** Tells the kernel of a new descriptor or (`known`) of a new side of one. Throws where it refuses. */
  protected abstract register(watch: Watch, known: boolean): void
  /** A side was armed or has gone silent. */
  protected abstract interestChanged(watch: Watch): void
  protected abstract remove(watch: Watch): void
  /** Closes what the back end opened. */
  protected abstract release(): void

  select(timeoutNs: number, emit: EmitIo): number {
    const again = this.#takeAgain()
    let emitted = 0
    for (let i = 0; i < again.length; i++) emitted += offer(again[i]!, emit)
    const mayWait = again.length === 0 && !this.#woken
    again.length = 0
    this.#woken = false
    emitted += this.wait(mayWait ? this.#untilRetry(timeoutNs) : 0, emit)
    return this.#retries.length === 0 ? emitted : emitted + this.#emitDueRetries(emit)
  }

  /** JavaScript of this thread runs before or after the wait, never in it: a flag does, without a call. */
  wake(): void {
    this.#woken = true
  }

  watch(fd: number, readable?: IoEvent, writable?: IoEvent, options?: WatchOptions): void {
    if (fd > this.maxFd) {
      throw new UnsupportedError(
        `${this.name} cannot watch descriptor ${fd}: FD_SETSIZE is ${this.maxFd + 1}`,
      )
    }
    while (this.#watches.length <= fd) this.#watches.push(undefined)
    const known = this.#watches[fd]
    const watch = known ?? new Watch(fd, options?.level === true)
    this.#watches[fd] = watch
    addSides(watch, readable, writable)
    try {
      this.register(watch, known !== undefined)
    } catch (error) {
      if (known === undefined) this.#watches[fd] = undefined
      throw error
    }
  }

  rearm(fd: number, side: 'readable' | 'writable'): void {
    const watch = this.#watches[fd]
    if (watch === undefined) return
    if (side === 'readable') this.#rearmReadable(watch)
    else this.#rearmWritable(watch)
  }

  unwatch(fd: number): void {
    const watch = this.#watches[fd]
    if (watch === undefined) return
    this.remove(watch)
    this.#watches[fd] = undefined
  }

  /** The next `select` emits the event first, and does not wait. */
  again(event: IoEvent): void {
    if (!event.pending && !this.#closed) this.#again.push(event)
  }

  /** Emits the event after the delay, or as soon as one of our descriptors is closed. */
  retryLater(event: IoEvent, delayNs: number): void {
    this.#retries.push({ event, atNs: this.#clock.nowNs() + delayNs })
  }

  closeFd(fd: number): void {
    this.unwatch(fd)
    this.sys.close(fd)
    if (this.#retries.length === 0) return
    for (const { event } of this.#retries) this.again(event)
    this.#retries = []
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const watch of [...this.#watches]) this.#abandon(watch)
    this.#watches.length = 0
    this.#retries = []
    this.release()
    this.sys.close(this.wakeFd)
  }

  /** For the constructor of a back end, once it can register. */
  protected watchWakeFd(): void {
    this.watch(this.wakeFd, new SocketEvent('read', nothing, nothing))
  }

  /**
   * A descriptor is ready. `final` (edge-triggered back ends): no edge will follow this one, although what ends
   * the stream is found only by a read after the last bytes. Reads then go on without edges.
   */
  protected deliver(fd: number, canRead: boolean, canWrite: boolean, final: boolean, emit: EmitIo): number {
    const watch = this.#watches[fd]
    if (watch === undefined) return 0
    if (fd === this.wakeFd) return this.#drainWakeFd()
    if (final) watch.readFinal = true
    const read = canRead ? this.#deliverReadable(watch, emit) : 0
    const write = canWrite ? this.#deliverWritable(watch, emit) : 0
    return read + write
  }

  /** What a negative result of the waiting call means: EINTR is nothing ready, all else is a bug of ours. */
  protected nothingReady(call: string): 0 {
    const errno = this.sys.errno()
    if (errno === ERRNO.EINTR) return 0
    throw networkError(errno, `${call} failed`)
  }

  #deliverReadable(watch: Watch, emit: EmitIo): number {
    if (watch.readable === undefined) return 0
    if (!watch.readArmed) {
      watch.readMissed = true
      return 0
    }
    watch.readArmed = false
    this.interestChanged(watch)
    return offer(watch.readable, emit)
  }

  #deliverWritable(watch: Watch, emit: EmitIo): number {
    if (watch.writable === undefined) return 0
    if (!watch.writeArmed) {
      watch.writeMissed = true
      return 0
    }
    watch.writeArmed = false
    this.interestChanged(watch)
    return offer(watch.writable, emit)
  }

  #rearmReadable(watch: Watch): void {
    if (watch.readMissed || watch.readFinal) {
      watch.readMissed = false
      this.again(watch.readable!)
    } else if (!watch.readArmed) {
      watch.readArmed = true
      this.interestChanged(watch)
    }
  }

  #rearmWritable(watch: Watch): void {
    if (watch.writeMissed) {
      watch.writeMissed = false
      this.again(watch.writable!)
    } else if (!watch.writeArmed) {
      watch.writeArmed = true
      this.interestChanged(watch)
    }
  }

  /** The two lists change places, so that the hot path allocates nothing. */
  #takeAgain(): IoEvent[] {
    const again = this.#again
    this.#again = this.#spare
    this.#spare = again
    return again
  }

  #untilRetry(timeoutNs: number): number {
    if (this.#retries.length === 0) return timeoutNs
    const firstNs = Math.min(...this.#retries.map((retry) => retry.atNs))
    return Math.max(0, Math.min(timeoutNs, firstNs - this.#clock.nowNs()))
  }

  #emitDueRetries(emit: EmitIo): number {
    const nowNs = this.#clock.nowNs()
    const due = this.#retries.filter((retry) => retry.atNs <= nowNs)
    this.#retries = this.#retries.filter((retry) => retry.atNs > nowNs)
    return due.reduce((emitted, retry) => emitted + offer(retry.event, emit), 0)
  }

  /** Read at once: the level-triggered back ends would report it for ever, and it concerns nobody else. */
  #drainWakeFd(): 0 {
    this.sys.read(this.wakeFd, this.#wakeCount, 8)
    return 0
  }

  #abandon(watch: Watch | undefined): void {
    const event = watch?.readable ?? watch?.writable
    if (event instanceof SocketEvent) event.abandon()
  }
}

/** While an event is pending, its handle will find whatever has happened since: one readiness, one handle. */
function offer(event: IoEvent, emit: EmitIo): number {
  if (event.pending) return 0
  emit(event)
  return 1
}

function addSides(watch: Watch, readable: IoEvent | undefined, writable: IoEvent | undefined): void {
  if (readable !== undefined) {
    watch.readable = readable
    watch.readArmed = true
    watch.readMissed = false
    watch.readFinal = false
  }
  if (writable !== undefined) {
    watch.writable = writable
    watch.writeArmed = true
    watch.writeMissed = false
  }
}

function nothing(): void {}
