/**
 * epoll, edge-triggered: the kernel keeps the interest list, so that a wait costs what is ready and not what is
 * watched, and `rearm` costs no system call.
 */
import type { Clock, EmitIo, SelectorFactory } from '../contracts.ts'
import { FdSelectorBase, type Watch } from './fd-selector.ts'
import { networkError } from './network-error.ts'
import { ERRNO } from './socket-host.ts'
import { fillTimespec } from './syscalls.ts'

const EPOLL_CLOEXEC = 0o2000000
const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3

const EPOLLIN = 0x1
const EPOLLOUT = 0x4
const EPOLLERR = 0x8
const EPOLLHUP = 0x10
const EPOLLRDHUP = 0x2000
const EPOLLONESHOT = 1 << 30
const EPOLLET = 1 << 31

const BROKEN = EPOLLERR | EPOLLHUP
const FINAL = BROKEN | EPOLLRDHUP

// `struct epoll_event` is packed on x86-64 only: 12 bytes there, elsewhere 16 with the data aligned. In words.
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4
const DATA_WORD = process.arch === 'x64' ? 1 : 2
const MAX_EVENTS = 1024

class EpollSelector extends FdSelectorBase {
  readonly name = 'epoll'
  readonly #epfd: number
  readonly #events = new Int32Array(MAX_EVENTS * EVENT_WORDS)
  readonly #change = new Int32Array(EVENT_WORDS)
  readonly #timespec = new Uint32Array(4)
  #nanoseconds = true

  constructor(clock: Clock) {
    super(clock)
    this.#epfd = this.sys.epoll_create1(EPOLL_CLOEXEC)
    if (this.#epfd < 0) throw networkError(this.sys.errno(), 'Cannot create an epoll instance')
    this.watchWakeFd()
  }

  protected wait(timeoutNs: number, emit: EmitIo): number {
    const ready = this.#waitForEvents(timeoutNs)
    if (ready < 0) return this.nothingReady('epoll_wait')
    let emitted = 0
    for (let at = 0; at < ready * EVENT_WORDS; at += EVENT_WORDS) {
      emitted += this.#deliverEvent(this.#events[at]!, this.#events[at + DATA_WORD]!, emit)
    }
    return emitted
  }

  #waitForEvents(timeoutNs: number): number {
    if (timeoutNs <= 0) return this.sys.epoll_wait(this.#epfd, this.#events, MAX_EVENTS, 0)
    if (!this.#nanoseconds) return this.#waitMs(timeoutNs)
    const timespec = fillTimespec(this.#timespec, timeoutNs)
    const ready = this.sys.epoll_pwait2(this.#epfd, this.#events, MAX_EVENTS, timespec, null)
    if (ready >= 0 || !isMissing(this.sys.errno())) return ready
    this.#nanoseconds = false
    return this.#waitMs(timeoutNs)
  }

  /** Rounded up: late by up to a millisecond, but never early. */
  #waitMs(timeoutNs: number): number {
    const timeoutMs =
      timeoutNs === Number.POSITIVE_INFINITY ? -1 : Math.min(Math.ceil(timeoutNs / 1e6), 2 ** 31 - 1)
    return this.sys.epoll_wait(this.#epfd, this.#events, MAX_EVENTS, timeoutMs)
  }

  #deliverEvent(flags: number, fd: number, emit: EmitIo): number {
    const canRead = (flags & (EPOLLIN | FINAL)) !== 0
    const canWrite = (flags & (EPOLLOUT | BROKEN)) !== 0
    return this.deliver(fd, canRead, canWrite, (flags & FINAL) !== 0, emit)
  }

  protected register(watch: Watch, known: boolean): void {
    const op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    if (this.#control(op, watch) === 0) return
    throw networkError(this.sys.errno(), `epoll cannot watch descriptor ${watch.fd}`)
  }

  /** An edge-triggered descriptor stays registered as it is; a one-shot has been switched off by the kernel. */
  protected interestChanged(watch: Watch): void {
    if (watch.level && (watch.readArmed || watch.writeArmed)) this.#control(EPOLL_CTL_MOD, watch)
  }

  protected remove(watch: Watch): void {
    this.#control(EPOLL_CTL_DEL, watch)
  }

  protected release(): void {
    this.sys.close(this.#epfd)
  }

  #control(op: number, watch: Watch): number {
    this.#change[0] = watch.level ? oneShotFlags(watch) : edgeFlags(watch)
    this.#change[DATA_WORD] = watch.fd
    return this.sys.epoll_ctl(this.#epfd, op, watch.fd, this.#change)
  }
}

function edgeFlags(watch: Watch): number {
  const readable = watch.readable === undefined ? 0 : EPOLLIN | EPOLLRDHUP
  const writable = watch.writable === undefined ? 0 : EPOLLOUT
  return readable | writable | EPOLLET
}

function oneShotFlags(watch: Watch): number {
  return (watch.readArmed ? EPOLLIN : 0) | (watch.writeArmed ? EPOLLOUT : 0) | EPOLLONESHOT
}

/** EPERM: what old container sandboxes answer to system calls that they do not know. */
function isMissing(errno: number): boolean {
  return errno === ERRNO.ENOSYS || errno === ERRNO.EPERM
}

/** Linux's epoll. Throws `UnavailableError` elsewhere. */
export const epoll: SelectorFactory = (clock) => new EpollSelector(clock)
