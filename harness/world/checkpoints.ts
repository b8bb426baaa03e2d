import type { Hash } from 'node:crypto'

const FIRST_SPACING = 16
const PLACES_MAX = 64
/** Four characters. That two logs differ before a place and have the same mark there happens once in 16 million. */
const MARK_BYTES = 3

/**
 * Hashes of a log's beginnings, at places a regular number of events apart: they tell where two logs part when one of
 * them is gone. Where places get many every second one is dropped, so how long the log becomes need not be known.
 */
export class Checkpoints {
  readonly #marks: string[] = []
  #spacing = FIRST_SPACING

  /** The number of events after which the next place is. */
  get next(): number {
    return (this.#marks.length + 1) * this.#spacing
  }

  /** Takes the place at `next`. A copy of a hash costs microseconds: a log of a million events takes some 400. */
  take(prefix: Hash): void {
    this.#marks.push(markOf(prefix.copy().digest()))
    if (this.#marks.length < PLACES_MAX) return
    const kept = this.#marks.filter((_, place) => place % 2 === 1)
    this.#marks.splice(0, PLACES_MAX, ...kept)
    this.#spacing *= 2
  }

  /** `EVENTS/SPACING:`, then four characters a place, and of the whole log. */
  text(events: number, digest: Buffer): string {
    return `${events}/${this.#spacing}:${this.#marks.join('')}${markOf(digest)}`
  }
}

function markOf(digest: Buffer): string {
  return digest.toString('base64url', 0, MARK_BYTES)
}
