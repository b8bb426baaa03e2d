/**
 * Bytes that have arrived and were not yet used, as one contiguous piece.
 *
 * A chunk that meets an empty queue is looked at where it lies, without a copy: the common case of one request
 * per chunk. Only a rest that waits for more is copied, into a buffer that doubles: O(1) a byte, also when a
 * hostile peer sends one byte at a time.
 */
export class ByteQueue {
  /** Valid from `start` to `end`; moves with every `append`. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** False while `bytes` is somebody's chunk, which must not be written to. */
  #owned = false
  /** How far, from `start`, a line end was looked for already. */
  #searched = 0

  get size(): number {
    return this.end - this.start
  }

  append(chunk: Uint8Array): void {
    if (this.size === 0) this.#adopt(chunk)
    else {
      this.#makeRoom(chunk.length)
      this.bytes.set(chunk, this.end)
      this.end += chunk.length
    }
  }

  consume(count: number): void {
    this.start += count
    this.#searched = 0
  }

  /**
   * The offset, from `start`, of the first LF at or after the offset `from`; -1 where there is none yet.
   * Remembers where it stopped, so a line that arrives in a thousand pieces is searched once.
   */
  findLineFeed(from: number): number {
    const { bytes, start, end } = this
    for (let i = start + Math.max(from, this.#searched); i < end; i++) {
      if (bytes[i] === LF) return i - start
    }
    this.#searched = end - start
    return -1
  }

  #adopt(chunk: Uint8Array): void {
    this.bytes = chunk
    this.start = 0
    this.end = chunk.length
    this.#owned = false
    this.#searched = 0
  }

  #makeRoom(count: number): void {
    const capacity = this.#owned ? this.bytes.length : 0
    if (this.end + count <= capacity) return
    const needed = this.size + count
    // Moving within a buffer less than half full keeps the cost of moving below that of the bytes that came.
    const target = needed <= capacity / 2 ? this.bytes : new Uint8Array(Math.max(SMALLEST, 2 * needed))
    target.set(this.bytes.subarray(this.start, this.end))
    this.end -= this.start
    this.start = 0
    this.bytes = target
    this.#owned = true
  }
}

const LF = 0x0a
const SMALLEST = 512

interface Latin1 {
  latin1Slice(this: Uint8Array, from: number, to: number): string
}

// Node's own method, which its types leave out: the one call that turns bytes into text without a copy between.
const { latin1Slice } = Buffer.prototype as unknown as Latin1

/** The bytes as ISO 8859-1, the one encoding in which no header can fail to decode. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return latin1Slice.call(bytes, from, to)
}
