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
    if (!this.#inBody && this.#children.size === 0) throw new TypeError('The task group has ended')
    if (this.#aborting) throw new TypeError('The task group is shutting down: it takes no more tasks')
    const task = this.#loop.spawn(body, options)
    this.#children.add(task as Task)
    task.addDoneCallback(() => this.#childDone(task as Task))
    return task
  }

  /** @internal */
  async run<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<T> {
    let value: T | undefined
    let cancellation: CancelledError | undefined
    const bodyErrors: unknown[] = []
    try {
      value = await body(this)
    } catch (error) {
      if (error instanceof CancelledError) cancellation = error
      else bodyErrors.push(error)
      if (!this.#aborting) this.#abort()
    }
    this.#inBody = false
    cancellation = await this.#finish(cancellation)
    // Errors go before a cancellation, and the children's before the body's.
    if (cancellation !== undefined && this.#errors.length === 0) throw cancellation
    this.#errors.push(...bodyErrors)
    if (this.#errors.length > 0) this.#throwErrors()
    return value as T
  }

  #throwErrors(): never {
    if (this.#parent.cancelling > 0) {
      // The parent's own cancellation stays pending behind the errors; the count stays as it is (gh-127214).
      this.#parent.uncancel()
      this.#parent.cancel()
    }
    const { length } = this.#errors
    throw new AggregateError(this.#errors, `${length} ${length === 1 ? 'task' : 'tasks'} failed in the group`)
  }

  /** Waits for the children; returns the cancellation that has to go on upwards, if there is one. */
  async #finish(bodyCancellation: CancelledError | undefined): Promise<CancelledError | undefined> {
    let cancellation = bodyCancellation
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
    if (!child.failed || child.cancelled) return
    this.#errors.push(child.error())
    if (this.#aborting || this.#parentCancelRequested) return
    this.#abort()
    this.#parentCancelRequested = true
    this.#parent.cancel()
  }
}

/** Runs `body` with a group and waits for all its tasks. Their errors come out as one `AggregateError`. */
export async function taskGroup<T>(loop: Loop, body: (group: TaskGroup) => PromiseLike<T>): Promise<T> {
  const parent = loop.currentTask
  if (parent === undefined) throw new TypeError('taskGroup must be used inside a task')
  return new TaskGroup(loop, parent).run(body)
}
