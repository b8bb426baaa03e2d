/** select: three bit sets that are copied and searched at every wait, and no descriptor above 1023. */
import type { Clock, EmitIo, SelectorFactory } from '../contracts.ts'
import { FdSelectorBase, type Watch } from './fd-selector.ts'
import { fillTimespec } from './syscalls.ts'

const FD_SETSIZE = 1024
const SET_WORDS = FD_SETSIZE / 32

class SelectSelector extends FdSelectorBase {
  readonly name = 'select'
  override readonly maxFd = FD_SETSIZE - 1
  readonly #askRead = new Int32Array(SET_WORDS)
  readonly #askWrite = new Int32Array(SET_WORDS)
  readonly #canRead = new Int32Array(SET_WORDS)
  readonly #canWrite = new Int32Array(SET_WORDS)
  readonly #timespec = new Uint32Array(4)
  /** One above the highest descriptor asked for: what the kernel searches. */
  #nfds = 0

  constructor(clock: Clock) {
    super(clock)
    this.watchWakeFd()
  }

  protected wait(timeoutNs: number, emit: EmitIo): number {
    this.#canRead.set(this.#askRead)
    this.#canWrite.set(this.#askWrite)
    const timespec = fillTimespec(this.#timespec, timeoutNs)
    const ready = this.sys.pselect(this.#nfds, this.#canRead, this.#canWrite, null, timespec, null)
    if (ready < 0) return this.nothingReady('pselect')
    return ready === 0 ? 0 : this.#deliverReady(emit)
  }

  #deliverReady(emit: EmitIo): number {
    const words = (this.#nfds + 31) >>> 5
    let emitted = 0
    for (let word = 0; word < words; word++) {
      const read = this.#canRead[word]!
      const write = this.#canWrite[word]!
      if ((read | write) !== 0) emitted += this.#deliverWord(word * 32, read, write, emit)
    }
    return emitted
  }

  #deliverWord(firstFd: number, read: number, write: number, emit: EmitIo): number {
    let emitted = 0
    for (let left = read | write; left !== 0; left &= left - 1) {
      const bit = 31 - Math.clz32(left & -left)
      const mask = 1 << bit
      emitted += this.deliver(firstFd + bit, (read & mask) !== 0, (write & mask) !== 0, false, emit)
    }
    return emitted
  }

  protected register(watch: Watch): void {
    this.interestChanged(watch)
  }

  protected interestChanged(watch: Watch): void {
    setBit(this.#askRead, watch.fd, watch.readArmed)
    setBit(this.#askWrite, watch.fd, watch.writeArmed)
    if (watch.readArmed || watch.writeArmed) this.#nfds = Math.max(this.#nfds, watch.fd + 1)
    else if (watch.fd === this.#nfds - 1) this.#lowerNfds()
  }

  protected remove(watch: Watch): void {
    watch.readArmed = false
    watch.writeArmed = false
    this.interestChanged(watch)
  }

  protected release(): void {
    this.#nfds = 0
  }

  #lowerNfds(): void {
    let word = (this.#nfds - 1) >>> 5
    while (word >= 0 && (this.#askRead[word]! | this.#askWrite[word]!) === 0) word--
    this.#nfds = word < 0 ? 0 : word * 32 + 32 - Math.clz32(this.#askRead[word]! | this.#askWrite[word]!)
  }
}

function setBit(set: Int32Array, fd: number, on: boolean): void {
  const mask = 1 << (fd & 31)
  if (on) set[fd >>> 5]! |= mask
  else set[fd >>> 5]! &= ~mask
}

/** select(2) with nanosecond time-outs (pselect). Throws `UnavailableError` where there is none. */
export const select: SelectorFactory = (clock) => new SelectSelector(clock)
