import { CancelledError, type Future } from './future.ts'
import type { Loop } from './loop.ts'

/**
 * Mutual exclusion, first come first served: a newcomer never overtakes a waiter, and a waiter that is cancelled
 * after it was chosen passes the turn on. (asyncio.Lock.)
 */
export class Lock {
  readonly #loop: Loop
  readonly #waiters = new Set<Future>()
  #locked = false

  constructor(loop: Loop) {
    this.#loop = loop
  }

  get locked(): boolean {
    return this.#locked
  }

  async acquire(): Promise<void> {
    if (this.#locked || [...this.#waiters].some((waiter) => !waiter.cancelled)) await this.#wait()
    this.#locked = true
  }

  async #wait(): Promise<void> {
    const waiter = this.#loop.createFuture()
    this.#waiters.add(waiter as Future)
    try {
      await waiter
      this.#waiters.delete(waiter as Future)
    } catch (error) {
      this.#waiters.delete(waiter as Future)
      if (!this.#locked) this.#wakeFirst()
      throw error
    }
  }

  /** Throws when it is not locked. */
  release(): void {
    if (!this.#locked) throw new TypeError('The lock is not acquired')
    this.#locked = false
    this.#wakeFirst()
  }

  /** Runs `body` while holding the lock. */
  async with<T>(body: () => PromiseLike<T> | T): Promise<T> {
    await this.acquire()
    try {
      return await body()
    } finally {
      this.release()
    }
  }

  #wakeFirst(): void {
    const [first] = this.#waiters
    if (first !== undefined && !first.done) first.setResult(undefined)
  }
}

/** At most `permits` holders at once, first come first served. (asyncio.Semaphore.) */
export class Semaphore {
  readonly #loop: Loop
  readonly #waiters = new Set<Future>()
  #permits: number

  constructor(loop: Loop, permits = 1) {
    if (!(permits >= 0)) throw new RangeError(`A semaphore needs 0 permits or more, not ${permits}`)
    this.#loop = loop
    this.#permits = permits
  }

  /** True when `acquire` would have to wait. */
  get locked(): boolean {
    return this.#permits === 0 || [...this.#waiters].some((waiter) => !waiter.cancelled)
  }

  async acquire(): Promise<void> {
    if (!this.locked) {
      this.#permits--
      return
    }
    await this.#wait()
    while (this.#permits > 0 && this.#wakeNext());
  }

  async #wait(): Promise<void> {
    const waiter = this.#loop.createFuture()
    this.#waiters.add(waiter as Future)
    try {
      await waiter
      this.#waiters.delete(waiter as Future)
    } catch (error) {
      this.#waiters.delete(waiter as Future)
      // It had been given a permit before it was cancelled: give it back, and on.
      if (waiter.done && !waiter.cancelled) this.#permits++
      while (this.#permits > 0 && this.#wakeNext());
      throw error
    }
  }

  release(): void {
    this.#permits++
    this.#wakeNext()
  }

  async with<T>(body: () => PromiseLike<T> | T): Promise<T> {
    await this.acquire()
    try {
      return await body()
    } finally {
      this.release()
    }
  }

  #wakeNext(): boolean {
    for (const waiter of this.#waiters) {
      if (waiter.done) continue
      this.#permits--
      waiter.setResult(undefined)
      return true
    }
    return false
  }
}

/** A flag that tasks can wait for. (asyncio.Event.) */
export class Event {
  readonly #loop: Loop
  readonly #waiters = new Set<Future>()
  #isSet = false

  constructor(loop: Loop) {
    this.#loop = loop
  }

  get isSet(): boolean {
    return this.#isSet
  }

  set(): void {
    if (this.#isSet) return
    this.#isSet = true
    for (const waiter of this.#waiters) if (!waiter.done) waiter.setResult(undefined)
  }

  clear(): void {
    this.#isSet = false
  }

  async wait(): Promise<void> {
    if (this.#isSet) return
    const waiter = this.#loop.createFuture() as Future
    this.#waiters.add(waiter)
    try {
      await waiter
    } finally {
      this.#waiters.delete(waiter)
    }
  }
}

/** Waiting for a change of something a lock guards. (asyncio.Condition.) */
export class Condition {
  readonly lock: Lock
  readonly #loop: Loop
  readonly #waiters = new Set<Future>()

  constructor(loop: Loop, lock = new Lock(loop)) {
    this.#loop = loop
    this.lock = lock
  }

  acquire(): Promise<void> {
    return this.lock.acquire()
  }

  release(): void {
    this.lock.release()
  }

  /** Releases the lock, waits to be notified, and takes the lock again. May wake without cause: use `waitFor`. */
  async wait(): Promise<void> {
    if (!this.lock.locked) throw new TypeError('Cannot wait on a condition whose lock is not acquired')
    const waiter = this.#loop.createFuture() as Future
    this.lock.release()
    try {
      await this.#waitThenReacquire(waiter)
    } catch (error) {
      // It may have been notified before it failed: notify another instead.
      this.#wake(1)
      throw error
    }
  }

  async #waitThenReacquire(waiter: Future): Promise<void> {
    this.#waiters.add(waiter)
    try {
      await waiter
    } finally {
      this.#waiters.delete(waiter)
      await this.#reacquire()
    }
  }

  /** Takes the lock whatever happens; a cancellation on the way is thrown afterwards. */
  async #reacquire(): Promise<void> {
    let cancellation: unknown
    for (;;) {
      try {
        await this.lock.acquire()
        break
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error
        cancellation = error
      }
    }
    if (cancellation !== undefined) throw cancellation
  }

  async waitFor(predicate: () => boolean): Promise<void> {
    while (!predicate()) await this.wait()
  }

  /** Wakes up to `count` waiters. The lock must be held. */
  notify(count = 1): void {
    if (!this.lock.locked) throw new TypeError('Cannot notify a condition whose lock is not acquired')
    this.#wake(count)
  }

  notifyAll(): void {
    this.notify(this.#waiters.size)
  }

  #wake(count: number): void {
    let left = count
    for (const waiter of this.#waiters) {
      if (left === 0) break
      if (waiter.done) continue
      left--
      waiter.setResult(undefined)
    }
  }
}
