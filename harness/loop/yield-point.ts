import { HandleKind, ReadyHandle } from './handle.ts'
import type { Loop } from './loop.ts'

type Resolve = (value: void) => void
type Reject = (reason: unknown) => void

/** Resumes an async function that gave way. */
const YIELD = new HandleKind<undefined, Resolve, Reject>({
  nameOf: (handle) => handle.task?.name ?? 'yield',
  run: (handle) => {
    const cancellation = handle.task?.takeWakeUp(handle)
    if (cancellation === undefined) handle.first()
    else handle.second(cancellation)
  },
})

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
    const handle = new ReadyHandle(
      YIELD,
      currentAttributes,
      currentTask,
      undefined,
      resolve as Resolve,
      reject as Reject,
    )
    currentTask?.waitFor(handle)
    this.#loop.enqueue(handle)
    return undefined as never
  }
}
