import type { Attributes } from '../contracts.ts'
import { ReadyHandle } from './handle.ts'
import type { Loop } from './loop.ts'
import type { Task } from './task.ts'

/** Thrown into a task that is cancelled, and by `await` on a cancelled future. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError'
}

/** A future was asked for what it does not have yet, or told what it knows already. (asyncio's name.) */
export class InvalidStateError extends Error {
  override readonly name = 'InvalidStateError'
}

const PENDING = 0
const RESOLVED = 1
const REJECTED = 2
const CANCELLED = 3

/** Something scheduled when a future completes. */
export abstract class CompletionHandle<T> extends ReadyHandle {
  readonly future: Future<T>

  constructor(future: Future<T>, attributes: Attributes, task: Task | undefined) {
    super(attributes, task)
    this.future = future
  }

  /** Attributes may have changed while it waited: takes the task's present ones. */
  refresh(): void {
    if (this.task !== undefined) this.attributes = this.task.attributes
  }
}

class DoneCallback<T> extends CompletionHandle<T> {
  readonly callback: (future: Future<T>) => void

  constructor(future: Future<T>, callback: (future: Future<T>) => void, attributes: Attributes) {
    super(future, attributes, undefined)
    this.callback = callback
  }

  get name(): string {
    return this.callback.name || 'done-callback'
  }

  run(): void {
    this.callback(this.future)
  }
}

type Resolve<T> = (value: T) => void
type Reject = (reason: unknown) => void

/** Resumes an async function that awaits a future. */
class AwaitHandle<T> extends CompletionHandle<T> {
  readonly #resolve: Resolve<T>
  readonly #reject: Reject

  constructor(
    future: Future<T>,
    attributes: Attributes,
    task: Task | undefined,
    resolve: Resolve<T>,
    reject: Reject,
  ) {
    super(future, attributes, task)
    this.#resolve = resolve
    this.#reject = reject
  }

  get name(): string {
    return this.task?.name ?? 'await'
  }

  run(): void {
    const cancellation = this.task?.takeWakeUp()
    if (cancellation !== undefined) this.#reject(cancellation)
    else this.future.deliver(this.#resolve, this.#reject)
  }
}

/**
 * A value that comes later. Completing it never runs anything at once: whoever waits becomes a handle in the
 * ready queue, in order of registration (asyncio's rule), so that the policy decides.
 *
 * `await future` works in async functions (it is a thenable), `yield future` in generator coroutines. `then` is
 * there for `await`; it returns nothing, so to chain, write an async function or use `addDoneCallback`.
 */
export class Future<T = unknown> implements PromiseLike<T> {
  readonly loop: Loop
  #state = PENDING
  #outcome: unknown
  // One waiter is by far the most usual case: no array for it.
  #waiting: CompletionHandle<T> | CompletionHandle<T>[] | undefined
  #retrieved = false

  constructor(loop: Loop) {
    this.loop = loop
  }

  get done(): boolean {
    return this.#state !== PENDING
  }

  get cancelled(): boolean {
    return this.#state === CANCELLED
  }

  /** The value. Throws the error or `CancelledError`, or `InvalidStateError` while pending. */
  result(): T {
    this.#retrieve()
    if (this.#state === RESOLVED) return this.#outcome as T
    if (this.#state === PENDING) throw new InvalidStateError('Result is not set')
    throw this.#outcome
  }

  /** The error, or undefined where it has a value. Throws when pending or cancelled. */
  error(): unknown {
    this.#retrieve()
    if (this.#state === PENDING) throw new InvalidStateError('Error is not set')
    if (this.#state === CANCELLED) throw this.#outcome
    return this.#state === REJECTED ? this.#outcome : undefined
  }

  setResult(value: T): void {
    this.complete(RESOLVED, value)
  }

  setError(error: unknown): void {
    if (this.#waiting === undefined) this.loop.unretrieved.add(this as Future)
    this.complete(REJECTED, error)
  }

  /** Cancels unless done already; says whether it did. */
  cancel(message?: string): boolean {
    if (this.#state !== PENDING) return false
    this.complete(CANCELLED, new CancelledError(message))
    return true
  }

  /** Schedules `callback(this)` on completion; at the next turn where it is complete already. */
  addDoneCallback(callback: (future: Future<T>) => void): void {
    this.addWaiter(new DoneCallback(this, callback, this.loop.currentAttributes))
  }

  /** Removes every registration of `callback` that is not scheduled yet; returns how many. */
  removeDoneCallback(callback: (future: Future<T>) => void): number {
    const before = this.#waiters()
    const after = before.filter((waiter) => !(waiter instanceof DoneCallback && waiter.callback === callback))
    this.#waiting = after.length > 0 ? after : undefined
    return before.length - after.length
  }

  /** For `await`. A future that is done resumes at once, without a turn of the loop, as in asyncio. */
  // biome-ignore lint/suspicious/noThenProperty: being a thenable is the point
  then<R1 = T, R2 = never>(
    resolve?: ((value: T) => R1 | PromiseLike<R1>) | null,
    reject?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): PromiseLike<R1 | R2> {
    if (this.#state !== PENDING) {
      this.deliver(resolve as Resolve<T>, reject as Reject)
    } else {
      const { currentTask, currentAttributes } = this.loop
      if (currentTask === (this as unknown)) reject?.(new TypeError('A task cannot await itself'))
      else {
        this.addWaiter(
          new AwaitHandle(this, currentAttributes, currentTask, resolve as Resolve<T>, reject as Reject),
        )
        currentTask?.waitFor(this as Future)
      }
    }
    return undefined as never
  }

  /** For `yield* future` in a generator coroutine: like `yield future`, with the type of the value. */
  *[Symbol.iterator](): Generator<Future<T>, T, T> {
    return yield this
  }

  /** @internal Hands the outcome on. */
  deliver(resolve: Resolve<T>, reject: Reject): void {
    if (this.#state === RESOLVED) resolve(this.#outcome as T)
    else {
      this.#retrieve()
      reject(this.#outcome)
    }
  }

  /** @internal Hands the outcome on to a generator coroutine. */
  resumeTask(task: Task): void {
    this.#retrieve()
    task.resume(this.#state !== RESOLVED, this.#outcome)
  }

  /** @internal Schedules `waiter` on completion. */
  addWaiter(waiter: CompletionHandle<T>): void {
    if (this.#state !== PENDING) {
      waiter.refresh()
      this.loop.enqueue(waiter)
    } else if (this.#waiting === undefined) this.#waiting = waiter
    else if (Array.isArray(this.#waiting)) this.#waiting.push(waiter)
    else this.#waiting = [this.#waiting, waiter]
  }

  /** @internal */
  protected complete(state: number, outcome: unknown): void {
    if (this.#state !== PENDING) throw new InvalidStateError('The future is done already')
    this.#state = state
    this.#outcome = outcome
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) return
    if (Array.isArray(waiting)) for (const waiter of waiting) this.#schedule(waiter)
    else this.#schedule(waiting)
  }

  #schedule(waiter: CompletionHandle<T>): void {
    waiter.refresh()
    this.loop.enqueue(waiter)
  }

  #waiters(): CompletionHandle<T>[] {
    if (this.#waiting === undefined) return []
    return Array.isArray(this.#waiting) ? this.#waiting : [this.#waiting]
  }

  #retrieve(): void {
    if (this.#state !== REJECTED || this.#retrieved) return
    this.#retrieved = true
    this.loop.unretrieved.delete(this as Future)
  }
}

/** For code that only asks whether a future is done: `Future` is invariant in its value. */
// biome-ignore lint/suspicious/noExplicitAny: no other type stands for every future
export type AnyFuture = Future<any>
