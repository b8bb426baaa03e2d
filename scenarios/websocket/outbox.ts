import { Deque } from '../../harness/api.ts'

/** What becomes of a message for which there is no room. */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'disconnect'

/** Frames that wait for one subscriber to take them. */
export interface Outbox {
  readonly held: number
  /** Frames given up for want of room. */
  readonly dropped: number
  /** Takes a frame in. False: there is no room, and the subscriber has to go. */
  offer(frame: Uint8Array): boolean
  /** The oldest frame. */
  take(): Uint8Array | undefined
}

export type OutboxFactory = (bound: number, overflow: Overflow) => Outbox

/** Never holds more than its bound. */
export class BoundedOutbox implements Outbox {
  readonly #frames = new Deque<Uint8Array>()
  readonly #bound: number
  readonly #overflow: Overflow
  dropped = 0

  constructor(bound: number, overflow: Overflow) {
    this.#bound = bound
    this.#overflow = overflow
  }

  get held(): number {
    return this.#frames.size
  }

  offer(frame: Uint8Array): boolean {
    if (this.held < this.#bound) {
      this.#frames.push(frame)
      return true
    }
    this.dropped++
    if (this.#overflow === 'drop-oldest') {
      this.#frames.shift()
      this.#frames.push(frame)
    }
    return this.#overflow !== 'disconnect'
  }

  take(): Uint8Array | undefined {
    return this.#frames.shift()
  }
}
