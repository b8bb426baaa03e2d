import { HandleKind, ReadyHandle } from './handle.ts'
import type { Loop } from './loop.ts'

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

type Callback<T> = (future: Future<T>) => void
type Resolve<T> = (value: T) => void
type Reject = (reason: unknown) => void

/** Calls back when a future is done. */
const DONE_CALLBACK = new HandleKind<AnyFuture, Callback<unknown>>({
  nameOf: (handle) => handle.first.name || 'done-callback',
  run: (handle) => handle.first(handle.subject),
})

/** Resumes an async function that awaits a future. */
const AWAIT = new HandleKind<AnyFuture, Resolve<unknown>, Reject>({
  nameOf: (handle) => handle.task?.name ?? 'await',
  run: (handle) => {
    const cancellation = handle.task?.takeWakeUp(handle)
    if (cancellation === undefined) handle.subject.deliver(handle.first, handle.second)
    else {
      handle.subject.retrieve()
      handle.second(cancellation)
    }
  },
})

/**
 * A value that comes later. Completing it never runs anything at once: whoever waits becomes a handle in the
 * ready queue, in order of registration (asyncio's rule), so that the policy decides.
 *
 * `await future` works in async functions (it is a thenable), `yield future` in generator coroutines. `then` is
 * there for `await`; it returns nothing, so to chain, write an async function or use `addDoneCallback`.
 */
export class Future<T = unknown> implements PromiseLike<T> {
  readonly loop: Loop
  /** Called once when it is cancelled: gives up whatever would have completed it. */
  onCancel: (() => void) | undefined
  #state = PENDING
  #outcome: unknown
  // One waiter is by far the most usual case: no array for it.
  #waiting: ReadyHandle | ReadyHandle[] | undefined

  constructor(loop: Loop) {
    this.loop = loop
  }

  get done(): boolean {
    return this.#state !== PENDING
  }

  get cancelled(): boolean {
    return this.#state === CANCELLED
  }

  /** Has an error, or was cancelled. */
  get failed(): boolean {
    return this.#state >= REJECTED
  }

  /** The value. Throws the error or `CancelledError`, or `InvalidStateError` while pending. */
  result(): T {
    this.retrieve()
    if (this.#state === RESOLVED) return this.#outcome as T
    if (this.#state === PENDING) throw new InvalidStateError('Result is not set')
    throw this.#outcome
  }

  /** The error, or undefined where it has a value. Throws when pending or cancelled. */
  error(): unknown {
    this.retrieve()
    if (this.#state === PENDING) throw new InvalidStateError('Error is not set')
    if (this.#state === CANCELLED) throw this.#outcome
    return this.#state === REJECTED ? this.#outcome : undefined
  }

  setResult(value: T): void {
    this.complete(RESOLVED, value)
  }

  /** Anything may be thrown in JavaScript, `undefined` too; that would look like no error and is replaced. */
  setError(error: unknown): void {
    this.complete(REJECTED, error ?? new Error(`${error} was thrown`))
    this.loop.exceptions.failed(this as Future)
  }

  /** Cancels unless done already; says whether it did. */
  cancel(message?: string): boolean {
    return this.#state === PENDING && this.cancelWith(new CancelledError(message))
  }

  /** Schedules `callback(this)` on completion; at the next turn where it is complete already. */
  addDoneCallback(callback: (future: Future<T>) => void): void {
    const { currentAttributes } = this.loop
    this.addWaiter(
      new ReadyHandle(
        DONE_CALLBACK,
        currentAttributes,
        undefined,
        this,
        callback as Callback<unknown>,
        undefined,
      ),
    )
  }

  /** Removes every registration of `callback` that is not scheduled yet; returns how many. */
  removeDoneCallback(callback: (future: Future<T>) => void): number {
    const before = this.#waiters()
    const after = before.filter((waiter) => !(waiter.kind === DONE_CALLBACK && waiter.first === callback))
    this.#waiting = after.length > 0 ? after : undefined
    return before.length - after.length
  }

  /** For `await`. A future that is done resumes at once, without a turn of the loop, as in asyncio. */
  // biome-ignore lint/suspicious/noThenProperty: being a thenable is the point
  then<R1 = T, R2 = never>(
    resolve?: ((value: T) => R1 | PromiseLike<R1>) | null,
    reject?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): PromiseLike<R1 | R2> {
    const onValue = (resolve ?? ignore) as Resolve<unknown>
    const onError = (reject ?? ignore) as Reject
    if (this.#state === PENDING) this.#suspend(onValue, onError)
    else this.deliver(onValue, onError)
    return undefined as never
  }

  #suspend(resolve: Resolve<unknown>, reject: Reject): void {
    const { currentTask, currentAttributes } = this.loop
    if (currentTask === (this as AnyFuture)) reject(new TypeError('A task cannot await itself'))
    else {
      const handle = new ReadyHandle(AWAIT, currentAttributes, currentTask, this, resolve, reject)
      this.addWaiter(handle)
      currentTask?.waitFor(handle)
    }
  }

  /** For `yield* future` in a generator coroutine: like `yield future`, with the type of the value. */
  *[Symbol.iterator](): Generator<Future<T>, T, T> {
    return yield this
  }

  /** @internal Hands the outcome on. */
  deliver(resolve: Resolve<T>, reject: Reject): void {
    if (this.#state === RESOLVED) resolve(this.#outcome as T)
    else {
      this.retrieve()
      reject(this.#outcome)
    }
  }

  /** @internal The value or what was thrown, whichever it came to. */
  get outcome(): unknown {
    this.retrieve()
    return this.#outcome
  }

  /** @internal What it was cancelled with; where it was not, an error to cancel others with. */
  cancellation(): CancelledError {
    return this.#state === CANCELLED ? (this.#outcome as CancelledError) : new CancelledError()
  }

  /** @internal Somebody has seen the error: it need not be reported. */
  retrieve(): void {
    if (this.#state === REJECTED) this.loop.exceptions.retrieved(this as Future)
  }

  /** @internal Schedules `waiter` on completion. */
  addWaiter(waiter: ReadyHandle): void {
    if (this.#state !== PENDING) this.#schedule(waiter)
    else if (this.#waiting === undefined) this.#waiting = waiter
    else if (Array.isArray(this.#waiting)) this.#waiting.push(waiter)
    else this.#waiting = [this.#waiting, waiter]
  }

  /** @internal */
  protected cancelWith(error: CancelledError): true {
    this.complete(CANCELLED, error)
    const { onCancel } = this
    this.onCancel = undefined
    onCancel?.()
    return true
  }

  protected complete(state: number, outcome: unknown): void {
    if (this.#state !== PENDING) throw new InvalidStateError('The future is done already')
    this.#state = state
    this.#outcome = outcome
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    if (Array.isArray(waiting)) for (const waiter of waiting) this.#schedule(waiter)
    else this.#schedule(waiting)
  }

  #schedule(waiter: ReadyHandle): void {
    // The task may have changed its attributes while it waited.
    if (waiter.task !== undefined) waiter.attributes = waiter.task.attributes
    this.loop.enqueue(waiter)
  }

  #waiters(): ReadyHandle[] {
    if (this.#waiting === undefined) return []
    return Array.isArray(this.#waiting) ? this.#waiting : [this.#waiting]
  }
}

function ignore(): void {}

/** For code that only asks whether a future is done: `Future` is invariant in its value. */
// biome-ignore lint/suspicious/noExplicitAny: no other type stands for every future
export type AnyFuture = Future<any>
