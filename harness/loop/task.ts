import type { Attributes } from '../contracts.ts'
import { type AttributeOptions, deriveAttributes } from './attributes.ts'
import { CancelledError, CompletionHandle, Future, InvalidStateError } from './future.ts'
import { ReadyHandle } from './handle.ts'
import type { Loop } from './loop.ts'

/** A generator coroutine: yields futures (or nothing, to give way once) and gets their values. */
export type Coroutine<T> = Generator<unknown, T, any>

/** What `spawn` takes: an async function or a generator function. */
export type TaskBody<T> = () => PromiseLike<T> | Coroutine<T> | T

export interface SpawnOptions extends AttributeOptions {
  readonly name?: string
}

/** Yielded or awaited: the task goes to the back of the ready queue, once. */
export class YieldPoint implements PromiseLike<void> {
  readonly #loop: Loop

  constructor(loop: Loop) {
    this.#loop = loop
  }

  // biome-ignore lint/suspicious/noThenProperty: being a thenable is the point
  then<R1 = void, R2 = never>(
    resolve?: ((value: void) => R1 | PromiseLike<R1>) | null,
    reject?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): PromiseLike<R1 | R2> {
    const { currentAttributes, currentTask } = this.#loop
    currentTask?.waitFor(undefined)
    this.#loop.enqueue(new YieldHandle(currentAttributes, currentTask, resolve!, reject!))
    return undefined as never
  }
}

class YieldHandle extends ReadyHandle {
  readonly #resolve: (value: void) => void
  readonly #reject: (reason: unknown) => void

  constructor(
    attributes: Attributes,
    task: Task | undefined,
    resolve: (value: void) => void,
    reject: (reason: unknown) => void,
  ) {
    super(attributes, task)
    this.#resolve = resolve
    this.#reject = reject
  }

  get name(): string {
    return this.task?.name ?? 'yield'
  }

  run(): void {
    const cancellation = this.task?.takeWakeUp()
    if (cancellation === undefined) this.#resolve()
    else this.#reject(cancellation)
  }
}

/** Starts a task, and resumes a generator that gave way with a bare `yield`. */
class StepHandle extends ReadyHandle {
  declare readonly task: Task

  get name(): string {
    return this.task.name
  }

  run(): void {
    this.task.step()
  }
}

/** Resumes a generator coroutine with the outcome of a future. */
class ResumeHandle extends CompletionHandle<unknown> {
  declare readonly task: Task

  get name(): string {
    return this.task.name
  }

  run(): void {
    const cancellation = this.task.takeWakeUp()
    if (cancellation === undefined) this.future.resumeTask(this.task)
    else this.task.resume(true, cancellation)
  }
}

/** A coroutine under the loop. Its semantics are those of asyncio's Task. */
export class Task<T = unknown> extends Future<T> {
  readonly name: string
  #attributes: Attributes
  readonly #body: TaskBody<T>
  #coroutine: Coroutine<T> | undefined
  #started = false
  #waitingOn: Future | undefined
  #mustCancel = false
  #cancelMessage: string | undefined
  #cancelRequests = 0
  /** @internal Neighbours in the loop's list of live tasks: cheaper than a Set entry a task. */
  previous: Task | undefined
  /** @internal */
  next: Task | undefined

  constructor(loop: Loop, body: TaskBody<T>, name: string, attributes: Attributes) {
    super(loop)
    this.#body = body
    this.name = name
    this.#attributes = attributes
    loop.enqueue(new StepHandle(attributes, this as Task))
  }

  get attributes(): Attributes {
    return this.#attributes
  }

  /** Changes class, priority, deadline ... of everything this task does from now on. */
  setAttributes(options: AttributeOptions): void {
    const { classes, clock } = this.loop
    this.#attributes = deriveAttributes(this.#attributes, options, classes, clock.nowNs())
  }

  /**
   * Throws `CancelledError` into the coroutine at its next step. It may catch it, and may suppress it. Returns
   * false when the task is done already.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false
    this.#cancelRequests++
    if (this.#waitingOn?.cancel(message)) return true
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

  /** @internal The coroutine waits for `future` (or for nothing but its turn). */
  waitFor(future: Future | undefined): void {
    this.#waitingOn = future
    if (future !== undefined && this.#mustCancel && future.cancel(this.#cancelMessage))
      this.#mustCancel = false
  }

  /** @internal The wait is over: returns the error to throw, if a cancellation is pending. */
  takeWakeUp(): CancelledError | undefined {
    this.#waitingOn = undefined
    if (!this.#mustCancel) return undefined
    this.#mustCancel = false
    return new CancelledError(this.#cancelMessage)
  }

  /** @internal Runs the first step, or the next one of a generator that gave way. */
  step(): void {
    const cancellation = this.takeWakeUp()
    if (this.#started) this.resume(cancellation !== undefined, cancellation)
    else if (cancellation === undefined) this.#start()
    else this.#fail(cancellation) // cancelled before its first step: the body never runs
  }

  /** @internal Goes on with the generator: throws `outcome` into it, or gives it as the value of its `yield`. */
  resume(failed: boolean, outcome: unknown): void {
    let step: IteratorResult<unknown, T>
    try {
      step = failed ? this.#coroutine!.throw(outcome) : this.#coroutine!.next(outcome)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (step.done) this.#finish(step.value)
    else this.#waitForYielded(step.value)
  }

  #start(): void {
    this.#started = true
    try {
      const made = this.#body()
      if (isCoroutine<T>(made)) {
        this.#coroutine = made
        this.resume(false, undefined)
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

  #waitForYielded(yielded: unknown): void {
    if (yielded === undefined || yielded instanceof YieldPoint) {
      this.loop.enqueue(new StepHandle(this.#attributes, this as Task))
    } else if (yielded === this) {
      this.resume(true, new TypeError('A task cannot await itself'))
    } else if (yielded instanceof Future) {
      yielded.addWaiter(new ResumeHandle(yielded, this.#attributes, this as Task))
      this.waitFor(yielded)
    } else if (isThenable(yielded)) this.#waitForYielded(this.loop.fromPromise(yielded))
    else this.resume(true, new TypeError(`A coroutine may yield futures, not ${typeof yielded}`))
  }

  #finish(value: T): void {
    if (this.#mustCancel) super.cancel(this.#cancelMessage)
    else super.setResult(value)
    this.#ended()
  }

  #fail(error: unknown): void {
    if (error instanceof CancelledError) super.cancel(error.message)
    else super.setError(error)
    this.#ended()
  }

  #ended(): void {
    this.#waitingOn = undefined
    this.loop.taskEnded(this as Task)
  }
}

function isThenable<T>(value: unknown): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}

export function isCoroutine<T>(value: unknown): value is Coroutine<T> {
  const candidate = value as Coroutine<T> | undefined
  return typeof candidate?.next === 'function' && typeof candidate.throw === 'function'
}
