/** Bytes waiting to be sent. Small chunks are put together, so that a thousand tiny writes are not as many calls. */

const JOIN_BELOW = 16_384
const JOINED_BYTES = 65_536

// One for all connections: it is filled and sent within one call.
const joined = new Uint8Array(JOINED_BYTES)

export class OutputBuffer {
  bytes = 0
  #chunks: Uint8Array[] = []
  #head = 0

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** What to send next; valid until the next call of any buffer. The buffer must not be empty. */
  next(): Uint8Array {
    const first = this.#chunks[this.#head]!
    if (first.length >= JOIN_BELOW || this.#head + 1 === this.#chunks.length) return first
    return this.#join()
  }

  /** Drops what was sent. */
  sent(count: number): void {
    this.bytes -= count
    while (count > 0) {
      const first = this.#chunks[this.#head]!
      if (count < first.length) {
        this.#chunks[this.#head] = first.subarray(count)
        break
      }
      count -= first.length
      this.#head++
    }
    this.#compact()
  }

  clear(): void {
    this.bytes = 0
    this.#chunks = []
    this.#head = 0
  }

  #join(): Uint8Array {
    let length = 0
    for (let i = this.#head; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!
      if (length + chunk.length > JOINED_BYTES) break
      joined.set(chunk, length)
      length += chunk.length
    }
    return joined.subarray(0, length)
  }

  /** Forgets the sent chunks when they are half of the array: O(1) a chunk, amortised. */
  #compact(): void {
    if (this.#head * 2 < this.#chunks.length) return
    this.#chunks.splice(0, this.#head)
    this.#head = 0
  }
}
