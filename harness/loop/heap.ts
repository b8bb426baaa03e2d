/** A binary min-heap: `before(a, b)` says whether `a` leaves first. Push and pop are O(log n). */
export class Heap<T> {
  #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let hole = items.length
    items.push(item)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!this.#before(item, items[parent]!)) break
      items[hole] = items[parent]!
      hole = parent
    }
    items[hole] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length > 0) this.#sink(last!, 0)
    return top
  }

  /** Drops every item that fails the test; O(n). */
  retain(keep: (item: T) => boolean): void {
    const items = this.#items.filter(keep)
    this.#items = items
    for (let i = (items.length >> 1) - 1; i >= 0; i--) this.#sink(items[i]!, i)
  }

  #sink(item: T, start: number): void {
    const items = this.#items
    const length = items.length
    let hole = start
    for (let child = 2 * hole + 1; child < length; child = 2 * hole + 1) {
      if (child + 1 < length && this.#before(items[child + 1]!, items[child]!)) child++
      if (!this.#before(items[child]!, item)) break
      items[hole] = items[child]!
      hole = child
    }
    items[hole] = item
  }
}
