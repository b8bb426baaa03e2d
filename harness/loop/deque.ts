/** A double-ended queue in a ring that doubles when full. All operations are O(1), amortised. */
export class Deque<T> {
  // A power of two long, so that wrapping is a mask. Grown, never shrunk: a loop's bursts come again.
  #ring: (T | undefined)[] = new Array(64).fill(undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = item
    this.#size++
  }

  unshift(item: T): void {
    if (this.#size === this.#ring.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#ring.length - 1)
    this.#ring[this.#head] = item
    this.#size++
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#size--
    return item
  }

  pop(): T | undefined {
    if (this.#size === 0) return undefined
    this.#size--
    const last = (this.#head + this.#size) & (this.#ring.length - 1)
    const item = this.#ring[last]
    this.#ring[last] = undefined
    return item
  }

  peek(): T | undefined {
    return this.#ring[this.#head]
  }

  /** Removes the first occurrence; O(n). Says whether there was one. */
  remove(item: T): boolean {
    const mask = this.#ring.length - 1
    for (let i = 0; i < this.#size; i++) {
      if (this.#ring[(this.#head + i) & mask] === item) {
        this.#closeGap(i)
        return true
      }
    }
    return false
  }

  #closeGap(at: number): void {
    const mask = this.#ring.length - 1
    for (let i = at; i < this.#size - 1; i++) {
      this.#ring[(this.#head + i) & mask] = this.#ring[(this.#head + i + 1) & mask]
    }
    this.pop()
  }

  clear(): void {
    this.#ring.fill(undefined)
    this.#head = 0
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.#size; i++) yield this.#ring[(this.#head + i) & (this.#ring.length - 1)]!
  }

  #grow(): void {
    const { length } = this.#ring
    const older = this.#ring.slice(this.#head)
    this.#ring = older.concat(this.#ring.slice(0, this.#head), new Array(length).fill(undefined))
    this.#head = 0
  }
}
