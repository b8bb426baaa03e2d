/** poll: the whole interest list goes to the kernel and is searched there and here, at every wait: O(watched). */
import type { Clock, EmitIo, SelectorFactory } from '../contracts.ts'
import { FdSelectorBase, type Watch } from './fd-selector.ts'
import { fillTimespec } from './syscalls.ts'

const POLLIN = 0x1
const POLLOUT = 0x4
const POLLERR = 0x8
const POLLHUP = 0x10
const POLLNVAL = 0x20
const BROKEN = POLLERR | POLLHUP | POLLNVAL

// `struct pollfd`: a word with the descriptor, a word with what is asked (low half) and what is so (high half).
const ENTRY_WORDS = 2

class PollSelector extends FdSelectorBase {
  readonly name = 'poll'
  #entries = new Int32Array(64 * ENTRY_WORDS)
  readonly #slots: Watch[] = []
  readonly #timespec = new Uint32Array(4)

  constructor(clock: Clock) {
    super(clock)
    this.watchWakeFd()
  }

  protected wait(timeoutNs: number, emit: EmitIo): number {
    const timespec = fillTimespec(this.#timespec, timeoutNs)
    const ready = this.sys.ppoll(this.#entries, this.#slots.length, timespec, null)
    if (ready < 0) return this.nothingReady('ppoll')
    return this.#deliverReady(ready, emit)
  }

  #deliverReady(ready: number, emit: EmitIo): number {
    let emitted = 0
    for (let slot = 0; ready > 0; slot++) {
      const flags = this.#entries[slot * ENTRY_WORDS + 1]! >> 16
      if (flags === 0) continue
      ready--
      const canRead = (flags & (POLLIN | BROKEN)) !== 0
      const canWrite = (flags & (POLLOUT | BROKEN)) !== 0
      emitted += this.deliver(this.#slots[slot]!.fd, canRead, canWrite, false, emit)
    }
    return emitted
  }

  protected register(watch: Watch, known: boolean): void {
    if (!known) {
      watch.slot = this.#slots.push(watch) - 1
      if (this.#slots.length * ENTRY_WORDS > this.#entries.length) this.#grow()
    }
    this.interestChanged(watch)
  }

  /**
   * poll always reports POLLHUP and POLLERR, asked or not: a descriptor that nobody waits for is made negative,
   * which poll skips. Clears what was reported.
   */
  protected interestChanged(watch: Watch): void {
    const asked = (watch.readArmed ? POLLIN : 0) | (watch.writeArmed ? POLLOUT : 0)
    const at = watch.slot * ENTRY_WORDS
    this.#entries[at] = asked === 0 ? ~watch.fd : watch.fd
    this.#entries[at + 1] = asked
  }

  /** The last entry takes the free place, so that the array stays dense. */
  protected remove(watch: Watch): void {
    const last = this.#slots.pop()!
    if (last === watch) return
    last.slot = watch.slot
    this.#slots[last.slot] = last
    this.interestChanged(last)
  }

  protected release(): void {
    this.#slots.length = 0
  }

  #grow(): void {
    const larger = new Int32Array(this.#entries.length * 2)
    larger.set(this.#entries)
    this.#entries = larger
  }
}

/** poll(2) with nanosecond time-outs (ppoll). Throws `UnavailableError` where there is none. */
export const poll: SelectorFactory = (clock) => new PollSelector(clock)
