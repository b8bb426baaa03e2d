import type { Attributes } from '../contracts.ts'
import { HandleKind, ReadyHandle } from './handle.ts'
import { TimerHeap } from './timer-heap.ts'

/** What `callLater` and `callAt` give back. */
export interface TimerHandle {
  readonly whenNs: number
  readonly cancelled: boolean
  /** O(1). Nothing happens when it has run already. */
  cancel(): void
}

/** A callback that becomes ready at `whenNs`. It gets its handle then: most timers of a busy server never do. */
export class Timer<Argument = unknown> implements TimerHandle {
  declare readonly whenNs: number
  /** Breaks ties between equal times, so that equal deadlines fire in order of creation. */
  declare readonly order: number
  declare readonly callback: (argument: Argument) => void
  declare readonly argument: Argument
  declare readonly attributes: Attributes
  declare cancelled: boolean
  /** Where it is held until it is due. */
  declare timers: Timers | undefined
  declare handle: ReadyHandle | undefined

  constructor(
    timers: Timers,
    whenNs: number,
    order: number,
    callback: (argument: Argument) => void,
    argument: Argument,
    attributes: Attributes,
  ) {
    this.whenNs = whenNs
    this.order = order
    this.callback = callback
    this.argument = argument
    this.attributes = attributes
    this.cancelled = false
    this.timers = timers
    this.handle = undefined
  }

  cancel(): void {
    if (this.cancelled) return
    this.cancelled = true
    this.timers?.forget()
    this.handle?.cancel()
  }
}

/** A timer that is due. */
export const TIMER = new HandleKind<Timer>({
  nameOf: (handle) => handle.subject.callback.name || 'timer',
  run: (handle) => handle.subject.callback(handle.subject.argument),
})

// As in asyncio (base_events.py, _MIN_SCHEDULED_TIMER_HANDLES and _MIN_CANCELLED_TIMER_HANDLES_FRACTION).
const PURGE_FROM = 100
const PURGE_FRACTION = 0.5

/**
 * The timers of a loop, in a heap. Cancelling only marks, O(1); when more than half are marked the heap is
 * rebuilt without them, so that the cost of cancelling stays O(1) amortised and memory is bounded.
 */
export class Timers {
  readonly #heap = new TimerHeap()
  #created = 0
  #cancelled = 0

  /** Timers held, cancelled ones that are not purged yet among them. */
  get size(): number {
    return this.#heap.size
  }

  /** Throws `RangeError` where `whenNs` is not a number. */
  add<A>(whenNs: number, callback: (argument: A) => void, argument: A, attributes: Attributes): Timer<A> {
    checkTime(whenNs)
    const timer = new Timer(this, whenNs, this.#created++, callback, argument, attributes)
    this.#heap.push(timer as Timer)
    return timer
  }

  /** The time of the earliest live timer; `Infinity` where there is none. */
  nextNs(): number {
    this.#purgeIfWorthIt()
    while (this.#heap.peek()?.cancelled) this.#remove()
    return this.#heap.firstNs
  }

  /** Removes and returns the earliest live timer that is due, if any. */
  takeDue(nowNs: number): Timer | undefined {
    while (this.#heap.firstNs <= nowNs) {
      const timer = this.#remove()
      if (!timer.cancelled) return timer
    }
    return undefined
  }

  /** A timer of ours was cancelled. */
  forget(): void {
    this.#cancelled++
  }

  #remove(): Timer {
    const timer = this.#heap.pop()!
    timer.timers = undefined
    if (timer.cancelled) this.#cancelled--
    return timer
  }

  #purgeIfWorthIt(): void {
    const { size } = this.#heap
    if (size <= PURGE_FROM || this.#cancelled <= size * PURGE_FRACTION) return
    this.#heap.dropCancelled()
    this.#cancelled = 0
  }
}

/** The handle of a timer that is due. */
export function handleOf(timer: Timer): ReadyHandle {
  timer.handle = new ReadyHandle(TIMER, timer.attributes, undefined, timer, undefined, undefined)
  return timer.handle
}

/** Throws `RangeError` where the time is not a number: it would never come due and spoil the order of others. */
export function checkTime(whenNs: number): void {
  if (Number.isNaN(whenNs)) throw new RangeError('A timer needs a time: got NaN')
}
