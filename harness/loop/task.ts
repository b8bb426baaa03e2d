import type { Attributes } from '../contracts.ts'
import { type AttributeOptions, deriveAttributes } from './attributes.ts'
import { type AnyFuture, CancelledError, Future, InvalidStateError } from './future.ts'
import { HandleKind, ReadyHandle } from './handle.ts'
import type { Loop } from './loop.ts'
import { YieldPoint } from './yield-point.ts'

/** A generator coroutine: yields futures (or nothing, to give way once) and gets their values. */
// biome-ignore lint/suspicious/noExplicitAny: every yield may get a value of another type
export type Coroutine<T> = Generator<unknown, T, any>

/** What `spawn` takes: an async function or a generator function. */
export type TaskBody<T> = () => PromiseLike<T> | Coroutine<T> | T

export interface SpawnOptions extends AttributeOptions {
  readonly name?: string
}

/** Starts a task, and resumes a generator that gave way with a bare `yield`. */
const STEP = new HandleKind<undefined>({
  nameOf: (handle) => handle.task!.name,
  run: (handle) => handle.task!.step(handle),
})

/** Resumes a generator coroutine with the outcome of a future. */
const RESUME = new HandleKind<AnyFuture>({
  nameOf: (handle) => handle.task!.name,
  run: (handle) => handle.task!.resumeWith(handle),
})

/** A coroutine under the loop. Its semantics are those of asyncio's Task. */
export class Task<T = unknown> extends Future<T> {
  readonly name: string
  #attributes: Attributes
  #body: TaskBody<T> | undefined
  #coroutine: Coroutine<T> | undefined
  #waitingOn: ReadyHandle | undefined
  // Only an async function can wait for several things at once: `await Promise.all([one(), two()])`.
  #alsoWaitingOn: Set<ReadyHandle> | undefined
  #mustCancel = false
  #cancelMessage: string | undefined
  #cancelRequests = 0
  /** @internal Neighbours in the loop's list of live tasks. */
  newer: Task | undefined
  /** @internal */
  older: Task | undefined
  /** @internal It was reported that it awaits a promise that is not the loop's. */
  foreignReported = false

  constructor(loop: Loop, body: TaskBody<T>, name: string, attributes: Attributes) {
    super(loop)
    this.#body = body
    this.name = name
    this.#attributes = attributes
    this.#scheduleStep()
  }

  get attributes(): Attributes {
    return this.#attributes
  }

  /** Changes class, priority, deadline ... of everything this task does from now on. */
  setAttributes(options: AttributeOptions): void {
    const { classes, clock } = this.loop
    this.#attributes = deriveAttributes(this.#attributes, options, classes, clock)
  }

  /**
   * Throws `CancelledError` into the coroutine at its next step, at every `await` where it waits. It may catch it,
   * and may suppress it. Returns false when the task is done already.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false
    this.#cancelRequests++
    if (this.#cancelWaits(message)) return true
    this.#mustCancel = true
    this.#cancelMessage = message
    return true
  }

  /** Requests to cancel that were not taken back. */
  get cancelling(): number {
    return this.#cancelRequests
  }

  /** Takes one request back; returns how many remain. At none, a pending cancellation is dropped (CPython 3.13). */
  uncancel(): number {
    if (this.#cancelRequests > 0) this.#cancelRequests--
    if (this.#cancelRequests === 0) this.#mustCancel = false
    return this.#cancelRequests
  }

  override setResult(): never {
    throw new InvalidStateError('A task sets its own result')
  }

  override setError(): never {
    throw new InvalidStateError('A task sets its own error')
  }

  /** @internal A task that was to be cancelled and ended otherwise still has the message. */
  override cancellation(): CancelledError {
    return this.cancelled ? super.cancellation() : new CancelledError(this.#cancelMessage)
  }

  /** @internal Suspended, but by nothing of the loop's: it awaits a promise that the loop knows nothing of. */
  get waitsElsewhere(): boolean {
    return this.#waitingOn === undefined && !this.done && !this.#alsoWaitingOn?.size
  }

  /** @internal The coroutine goes on when `handle` runs, and not before. */
  waitFor(handle: ReadyHandle): void {
    if (this.#waitingOn === undefined) this.#waitingOn = handle
    else {
      this.#alsoWaitingOn ??= new Set()
      this.#alsoWaitingOn.add(handle)
    }
    if (this.#mustCancel && cancelSubject(handle, this.#cancelMessage)) this.#mustCancel = false
  }

  /** @internal A wait is over: returns the error to throw, if a cancellation is pending. */
  takeWakeUp(handle: ReadyHandle): CancelledError | undefined {
    if (this.#waitingOn === handle) this.#waitingOn = undefined
    else this.#alsoWaitingOn?.delete(handle)
    if (!this.#mustCancel) return undefined
    // A wait that was itself cancelled has its error: where others go on waiting, ours is for them.
    const hasItsOwn = handle.subject instanceof Future && endedInCancellation(handle.subject)
    if (hasItsOwn && !this.waitsElsewhere) return undefined
    this.#mustCancel = false
    return hasItsOwn ? undefined : new CancelledError(this.#cancelMessage)
  }

  /** @internal Runs the first step, or the next one of a generator that gave way. */
  step(handle: ReadyHandle): void {
    const cancellation = this.takeWakeUp(handle)
    if (this.#coroutine !== undefined) this.#resume(cancellation !== undefined, cancellation)
    else if (cancellation === undefined) this.#start()
    else this.#fail(cancellation) // cancelled before its first step: the body never runs
  }

  /** @internal The future of `handle` is done: goes on with the generator. */
  resumeWith(handle: ReadyHandle<AnyFuture>): void {
    const { failed, outcome } = handle.subject
    const cancellation = this.takeWakeUp(handle)
    if (cancellation === undefined) this.#resume(failed, outcome)
    else this.#resume(true, cancellation)
  }

  /** Says whether the cancellation reached all of the task. What it did not reach throws when it wakes. */
  #cancelWaits(message: string | undefined): boolean {
    const waits = this.#alsoWaitingOn ?? NO_WAITS
    let all = this.loop.currentTask !== (this as AnyFuture)
    if (this.#waitingOn !== undefined) all = cancelSubject(this.#waitingOn, message) && all
    else if (waits.size === 0) return false
    for (const handle of waits) all = cancelSubject(handle, message) && all
    return all
  }

  #start(): void {
    const body = this.#body!
    this.#body = undefined // not kept alive by whoever keeps the task
    try {
      const made = body()
      if (isCoroutine<T>(made)) {
        this.#coroutine = made
        this.#resume(false, undefined)
      } else if (isThenable<T>(made)) {
        made.then(
          (value) => this.#finish(value),
          (error) => this.#fail(error),
        )
      } else this.#finish(made as T)
    } catch (error) {
      this.#fail(error)
    }
  }

  #resume(failed: boolean, outcome: unknown): void {
    let known = this.#advance(failed, outcome)
    while (known !== undefined) known = this.#advance(known.failed, known.outcome)
  }

  /**
   * One step of the generator: throws `outcome` into it, or gives it as the value of its `yield`. Returns what that
   * comes to where it is known already: a future that is done does not give way, as in asyncio.
   */
  #advance(failed: boolean, outcome: unknown): Outcome | undefined {
    let step: IteratorResult<unknown, T>
    try {
      step = failed ? this.#coroutine!.throw(outcome) : this.#coroutine!.next(outcome)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
    if (!step.done) return this.#waitForYielded(step.value)
    this.#finish(step.value)
    return undefined
  }

  #waitForYielded(yielded: unknown): Outcome | undefined {
    if (yielded === undefined || yielded instanceof YieldPoint) return this.#scheduleStep()
    if (yielded === this) return failure('A task cannot await itself')
    if (yielded instanceof Future) return yielded.done ? yielded : this.#waitForFuture(yielded)
    if (isThenable(yielded)) return this.#waitForFuture(this.loop.fromPromise(yielded))
    const what = isCoroutine(yielded) ? 'a generator: write yield*' : typeof yielded
    return failure(`A coroutine may yield futures, not ${what}`)
  }

  #waitForFuture(future: AnyFuture): undefined {
    const handle = new ReadyHandle(RESUME, this.#attributes, this as Task, future, undefined, undefined)
    future.addWaiter(handle)
    this.waitFor(handle)
  }

  #scheduleStep(): undefined {
    const handle = new ReadyHandle(STEP, this.#attributes, this as Task, undefined, undefined, undefined)
    this.#waitingOn = handle
    this.loop.enqueue(handle)
  }

  #finish(value: T): void {
    if (this.#mustCancel) super.cancel(this.#cancelMessage)
    else super.setResult(value)
    this.#ended()
  }

  #fail(error: unknown): void {
    if (error instanceof CancelledError) this.cancelWith(error)
    else super.setError(error)
    this.#ended()
  }

  #ended(): void {
    this.#coroutine = undefined
    this.#waitingOn = undefined
    this.#alsoWaitingOn = undefined
    this.loop.taskEnded(this as Task)
  }
}

/** What a wait came to; a future that is done is one. */
interface Outcome {
  readonly failed: boolean
  readonly outcome: unknown
}

function failure(message: string): Outcome {
  return { failed: true, outcome: new TypeError(message) }
}

const NO_WAITS: ReadonlySet<ReadyHandle> = new Set()

/** What a task waits for is cancelled with it. A mere turn cannot be: the task hears of it when the turn comes. */
function cancelSubject(handle: ReadyHandle, message: string | undefined): boolean {
  return handle.subject instanceof Future && handle.subject.cancel(message)
}

/** It was cancelled, or it has the error of what was: a gather is never cancelled itself. */
function endedInCancellation(future: AnyFuture): boolean {
  return future.failed && future.outcome instanceof CancelledError
}

function isThenable<T>(value: unknown): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}

export function isCoroutine<T>(value: unknown): value is Coroutine<T> {
  const candidate = value as Coroutine<T> | undefined
  return typeof candidate?.next === 'function' && typeof candidate.throw === 'function'
}
