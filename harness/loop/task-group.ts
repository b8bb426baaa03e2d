import { CancelledError, type Future } from './future.ts'
import type { Loop } from './loop.ts'
import type { SpawnOptions, Task, TaskBody } from './task.ts'

/**
 * Tasks that end together: `taskGroup` returns when all have ended, and a child that fails cancels its siblings
 * and the body. (asyncio.TaskGroup, structured concurrency.)
 */
export class TaskGroup {
  readonly #loop: Loop
  readonly #parent: Task
  readonly #children = new Set<Task>()
  readonly #errors: unknown[] = []
  #aborting = false
  #parentCancelRequested = false
  #inBody = true
  #allDone: Future<void> | undefined

  constructor(loop: Loop, parent: Task) {
    this.#loop = loop
    this.#parent = parent
  }

  /** Starts a child. Throws once the group is shutting down or has ended. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    if (this.#aborting || (!this.#inBody && this.#children.size === 0)) {
      throw new TypeError('The task group takes no more tasks')
    }
    const task = this.#loop.spawn(body, options)
    this.#children.add(task as Task)
    task.addDoneCallback(() => this.#childDone(task as Task))
    return task
  }

  /** @internal */
  async run<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<T> {
    let value: T | undefined
    let bodyError: unknown
    try {
      value = await body(this)
    } catch (error) {
      bodyError = error
    }
    this.#inBody = false
    const cancellation = await this.#finish(bodyError)
    if (cancellation !== undefined && this.#errors.length === 0) throw cancellation
    if (bodyError !== undefined && !(bodyError instanceof CancelledError)) this.#errors.push(bodyError)
    if (this.#errors.length > 0) {
      if (this.#parent.cancelling > 0) {
        // Keep the parent's own cancellation pending behind the errors (gh-127214).
        this.#parent.uncancel()
        this.#parent.cancel()
      }
      throw new AggregateError(this.#errors, `${this.#errors.length} failed in the task group`)
    }
    return value as T
  }

  /** Waits for the children; returns the cancellation that has to go on upwards, if there is one. */
  async #finish(bodyError: unknown): Promise<CancelledError | undefined> {
    let cancellation = bodyError instanceof CancelledError ? bodyError : undefined
    if (bodyError !== undefined && !this.#aborting) this.#abort()
    while (this.#children.size > 0) {
      this.#allDone ??= this.#loop.createFuture()
      try {
        await this.#allDone
      } catch (error) {
        if (!this.#aborting) {
          cancellation = error as CancelledError
          this.#abort()
        }
      }
      this.#allDone = undefined
    }
    // Our own cancellation of the parent has done its work: take it back, and do not pass it on.
    if (this.#parentCancelRequested && this.#parent.uncancel() === 0) return undefined
    return cancellation
  }

  #abort(): void {
    this.#aborting = true
    for (const child of this.#children) if (!child.done) child.cancel()
  }

  #childDone(child: Task): void {
    this.#children.delete(child)
    if (this.#children.size === 0 && this.#allDone?.done === false) this.#allDone.setResult()
    if (child.cancelled) return
    const error = child.error()
    if (error === undefined) return
    this.#errors.push(error)
    if (this.#aborting || this.#parentCancelRequested) return
    this.#abort()
    this.#parentCancelRequested = true
    this.#parent.cancel()
  }
}

/** Runs `body` with a group and waits for all its tasks. Their errors come out as one `AggregateError`. */
export function taskGroup<T>(loop: Loop, body: (group: TaskGroup) => PromiseLike<T>): Promise<T> {
  const parent = loop.currentTask
  if (parent === undefined) throw new TypeError('taskGroup must be used inside a task')
  return new TaskGroup(loop, parent).run(body)
}
