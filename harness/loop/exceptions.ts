import { messageOf } from '../errors.ts'
import { CancelledError, type Future } from './future.ts'
import type { ReadyHandle } from './handle.ts'
import { Task } from './task.ts'

/** What an exception handler is told. */
export interface ExceptionContext {
  readonly message: string
  readonly error: unknown
  readonly source?: ReadyHandle | Task | undefined
}

export type ExceptionHandler = (context: ExceptionContext) => void

/** A task awaits something that the loop knows nothing of. */
export class ForeignPromiseError extends Error {
  override readonly name = 'ForeignPromiseError'

  constructor() {
    super(
      'what follows runs outside the policy and cannot be cancelled; write await loop.fromPromise(promise)',
    )
  }
}

/** Where the exceptions of a loop end: its handler, and the failed futures that nobody has looked at yet. */
export class Exceptions {
  readonly #unretrieved = new Set<Future>()
  #handler: ExceptionHandler = writeToStderr

  setHandler(handler: ExceptionHandler | undefined): void {
    this.#handler = handler ?? writeToStderr
  }

  /** Never throws: where the handler does, both errors go to stderr. (asyncio's rule.) */
  report(context: ExceptionContext): void {
    try {
      this.#handler(context)
    } catch (error) {
      writeToStderr(context)
      writeToStderr({ message: 'The exception handler threw', error })
    }
  }

  failed(future: Future): void {
    this.#unretrieved.add(future)
  }

  retrieved(future: Future): void {
    this.#unretrieved.delete(future)
  }

  /** Reports failed tasks and futures that nobody looked at, then forgets them. */
  reportUnretrieved(): void {
    for (const future of [...this.#unretrieved]) {
      const error = future.error()
      if (error instanceof CancelledError) continue
      const name = future instanceof Task ? `task ${future.name}` : 'a future'
      this.report({ message: `Exception of ${name} was never retrieved`, error })
    }
  }
}

function writeToStderr({ message, error }: ExceptionContext): void {
  process.stderr.write(`${message}: ${messageOf(error)}\n`)
}
