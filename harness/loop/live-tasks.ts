import type { Task } from './task.ts'

/** The tasks of a loop that have not ended: a list through the tasks themselves, cheaper than a Set entry each. */
export class LiveTasks {
  #newest: Task | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  add(task: Task): void {
    task.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = task
    this.#newest = task
    this.#count++
  }

  remove(task: Task): void {
    if (task.newer === undefined) this.#newest = task.older
    else task.newer.older = task.older
    if (task.older !== undefined) task.older.newer = task.newer
    // Else a task that someone keeps would keep all that ended after it.
    task.newer = undefined
    task.older = undefined
    this.#count--
  }

  /** Newest first. */
  *[Symbol.iterator](): Generator<Task> {
    for (let task = this.#newest; task !== undefined; ) {
      const { older }: Task = task
      yield task
      task = older
    }
  }
}
