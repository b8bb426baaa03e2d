import { Deque } from './deque.ts'
import type { Future } from './future.ts'
import type { Loop } from './loop.ts'
import { Event } from './sync.ts'

/** `putNowait` on a full queue. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
}

/** `getNowait` on an empty queue. */
export class QueueEmpty extends Error {
  override readonly name = 'QueueEmpty'
}

/** A queue between tasks, bounded when `maxSize` is above 0: a full one makes producers wait. (asyncio.Queue.) */
export class Queue<T> {
  readonly maxSize: number
  readonly #loop: Loop
  readonly #items = new Deque<T>()
  readonly #getters = new Deque<Future>()
  readonly #putters = new Deque<Future>()
  readonly #finished: Event
  #unfinished = 0

  constructor(loop: Loop, maxSize = 0) {
    this.#loop = loop
    this.maxSize = maxSize
    this.#finished = new Event(loop)
    this.#finished.set()
  }

  get size(): number {
    return this.#items.size
  }

  get isFull(): boolean {
    return this.maxSize > 0 && this.size >= this.maxSize
  }

  async put(item: T): Promise<void> {
    while (this.isFull) await this.#waitIn(this.#putters, () => !this.isFull)
    this.putNowait(item)
  }

  /** Throws `QueueFull`. */
  putNowait(item: T): void {
    if (this.isFull) throw new QueueFull(`The queue holds ${this.maxSize} items`)
    this.#items.push(item)
    this.#unfinished++
    this.#finished.clear()
    wakeNext(this.#getters)
  }

  async get(): Promise<T> {
    while (this.size === 0) await this.#waitIn(this.#getters, () => this.size > 0)
    return this.getNowait()
  }

  /** Throws `QueueEmpty`. */
  getNowait(): T {
    if (this.size === 0) throw new QueueEmpty('The queue is empty')
    const item = this.#items.shift() as T
    wakeNext(this.#putters)
    return item
  }

  /** An item that was got has been dealt with. */
  taskDone(): void {
    if (this.#unfinished === 0) throw new RangeError('taskDone was called more often than items were put')
    this.#unfinished--
    if (this.#unfinished === 0) this.#finished.set()
  }

  /** Waits until every item that was put has been dealt with. */
  async join(): Promise<void> {
    if (this.#unfinished > 0) await this.#finished.wait()
  }

  async #waitIn(waiters: Deque<Future>, canGoOn: () => boolean): Promise<void> {
    const waiter = this.#loop.createFuture() as Future
    waiters.push(waiter)
    try {
      await waiter
    } catch (error) {
      waiter.cancel()
      waiters.remove(waiter)
      // It was woken but cannot take the call: wake the next in line.
      if (canGoOn() && !waiter.cancelled) wakeNext(waiters)
      throw error
    }
  }
}

function wakeNext(waiters: Deque<Future>): void {
  for (let waiter = waiters.shift(); waiter !== undefined; waiter = waiters.shift()) {
    if (waiter.done) continue
    waiter.setResult(undefined)
    return
  }
}
