import type { Attributes } from '../contracts.ts'
import { ReadyHandle } from './handle.ts'
import { Heap } from './heap.ts'

/** What `callLater` and `callAt` give back. */
export interface TimerHandle {
  readonly whenNs: number
  readonly cancelled: boolean
  /** O(1). Nothing happens when it has run already. */
  cancel(): void
}

/** A callback that becomes ready at `whenNs`. */
export class Timer extends ReadyHandle implements TimerHandle {
  readonly whenNs: number
  /** Breaks ties between equal times, so that equal deadlines fire in order of creation. */
  readonly order: number
  readonly #callback: () => void
  readonly #timers: Timers
  scheduled = true

  constructor(timers: Timers, whenNs: number, order: number, callback: () => void, attributes: Attributes) {
    super(attributes, undefined)
    this.whenNs = whenNs
    this.order = order
    this.#callback = callback
    this.#timers = timers
  }

  get name(): string {
    return this.#callback.name || 'timer'
  }

  run(): void {
    this.#callback()
  }

  override cancel(): void {
    if (!this.cancelled && this.scheduled) this.#timers.forget()
    this.cancelled = true
  }
}

// As in asyncio (base_events.py, _MIN_SCHEDULED_TIMER_HANDLES and _MIN_CANCELLED_TIMER_HANDLES_FRACTION).
const PURGE_FROM = 100
const PURGE_FRACTION = 0.5

/**
 * The timers of a loop, in a heap. Cancelling only marks, O(1); when more than half are marked the heap is
 * rebuilt without them, so that the cost of cancelling stays O(1) amortised and memory is bounded.
 */
export class Timers {
  readonly #heap = new Heap<Timer>(
    (a, b) => a.whenNs < b.whenNs || (a.whenNs === b.whenNs && a.order < b.order),
  )
  #created = 0
  #cancelled = 0

  /** Timers held, cancelled ones that are not purged yet among them. */
  get size(): number {
    return this.#heap.size
  }

  add(whenNs: number, callback: () => void, attributes: Attributes): Timer {
    const timer = new Timer(this, whenNs, this.#created++, callback, attributes)
    this.#heap.push(timer)
    return timer
  }

  /** The time of the earliest live timer; `Infinity` where there is none. */
  nextNs(): number {
    this.#purgeIfWorthIt()
    for (let first = this.#heap.peek(); first !== undefined; first = this.#heap.peek()) {
      if (!first.cancelled) return first.whenNs
      this.#remove()
    }
    return Number.POSITIVE_INFINITY
  }

  /** Removes and returns the earliest live timer that is due, if any. */
  takeDue(nowNs: number): Timer | undefined {
    return this.nextNs() <= nowNs ? this.#remove() : undefined
  }

  /** A timer of ours was cancelled. */
  forget(): void {
    this.#cancelled++
  }

  #remove(): Timer {
    const timer = this.#heap.pop()!
    timer.scheduled = false
    if (timer.cancelled) this.#cancelled--
    return timer
  }

  #purgeIfWorthIt(): void {
    const size = this.#heap.size
    if (size <= PURGE_FROM || this.#cancelled / size <= PURGE_FRACTION) return
    this.#heap.retain((timer) => !timer.cancelled)
    this.#cancelled = 0
  }
}
