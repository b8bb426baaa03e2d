import { Future } from './future.ts'
import type { Loop } from './loop.ts'

/** What comes from outside at a time of its own: a customer, a request of a trace. */
export interface Arrival {
  /** Absolute, on the loop's clock, ns. */
  readonly atNs: number
}

/** One source with the item that comes next. Items are pulled one at a time, so a source may be of any length. */
export class ArrivalStream<T extends Arrival = Arrival> {
  /** When the next item comes, ns; `Infinity` when there is none. */
  nextNs = Number.NEGATIVE_INFINITY
  /** Done when all have come; fails with what the source or `arrive` threw. */
  readonly done: Future<void>
  readonly #items: Iterator<T>
  readonly #arrive: (item: T) => void
  #next: T | undefined

  constructor(loop: Loop, source: Iterable<T>, arrive: (item: T) => void) {
    this.done = new Future<void>(loop)
    this.done.onCancel = () => this.#end()
    this.#items = source[Symbol.iterator]()
    this.#arrive = arrive
    try {
      this.#pull()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Lets the next item arrive. */
  admit(): void {
    try {
      this.#arrive(this.#next!)
      // Unless `arrive` has given up on the rest.
      if (!this.done.done) this.#pull()
    } catch (error) {
      this.#fail(error)
    }
  }

  #pull(): void {
    const step = this.#items.next()
    this.#next = step.value
    const atNs = step.done ? Number.POSITIVE_INFINITY : step.value.atNs
    // Also where it is not a number.
    if (!(atNs >= this.nextNs)) throw new RangeError(`An arrival at ${atNs} ns follows one at ${this.nextNs}`)
    this.nextNs = atNs
    if (step.done) this.done.setResult()
  }

  /** Nothing more comes; the source may let go of what it holds. */
  #end(): void {
    this.nextNs = Number.POSITIVE_INFINITY
    this.#items.return?.()
  }

  #fail(error: unknown): void {
    this.#end()
    if (!this.done.done) this.done.setError(error)
  }
}

/** All sources of a loop. */
export class Arrivals {
  /** When the next one comes, ns; `Infinity` where there is none. A plain field: it is asked with every handle. */
  nextNs = Number.POSITIVE_INFINITY
  /** The time of the one that is being admitted: since then is ready what it makes ready. */
  admittingNs: number | undefined
  #streams: ArrivalStream[] = []

  add(stream: ArrivalStream): void {
    const left = this.#streams.filter(({ nextNs }) => nextNs < Number.POSITIVE_INFINITY)
    this.#streams = [...left, stream]
    if (this.admittingNs === undefined) this.nextNs = this.#earliest().nextNs
  }

  /** Admits all that have come by `nowNs`, in order of time; at equal times in order of their sources. */
  admit(nowNs: number): void {
    // What an arrival makes ready does not look for arrivals itself.
    this.nextNs = Number.POSITIVE_INFINITY
    let stream = this.#earliest()
    for (; stream.nextNs <= nowNs; stream = this.#earliest()) {
      this.admittingNs = stream.nextNs
      stream.admit()
    }
    this.admittingNs = undefined
    this.nextNs = stream.nextNs
  }

  #earliest(): ArrivalStream {
    let earliest = this.#streams[0]!
    for (let i = 1; i < this.#streams.length; i++) {
      if (this.#streams[i]!.nextNs < earliest.nextNs) earliest = this.#streams[i]!
    }
    return earliest
  }
}
