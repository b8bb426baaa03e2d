import { UnavailableError } from '../errors.ts'

/**
 * Draining microtasks from inside a running callback.
 *
 * `process._tickCallback` is what Node itself calls between two callbacks: it runs pending ticks and microtasks
 * until none is left, and costs some 15 ns when there are none. It is undocumented, hence this one small file.
 * It works only where the caller was entered from a macrotask (`setImmediate`, a timer, an I/O callback): inside
 * a microtask V8 does not drain recursively. `canDrainMicrotasks` is the canary that a driver asks at start.
 */
const internals = process as unknown as {
  _tickCallback?: () => void
  _fatalException?: (error: unknown) => void
}

/** Runs every pending tick and microtask. Throws what a tick throws: then call `recoverFromTick`. */
export const drainMicrotasks: () => void = internals._tickCallback ?? (() => {})

/**
 * Makes good what a tick has left that threw: the stack of asynchronous contexts, which Node pops only as part of
 * handling an uncaught exception, and over which it would kill the process when our immediate ends. So Node is made
 * to handle one, in our hands.
 */
export function recoverFromTick(error: unknown): void {
  const ours = !process.hasUncaughtExceptionCaptureCallback()
  if (ours) process.setUncaughtExceptionCaptureCallback(() => {})
  internals._fatalException?.(error)
  if (ours) process.setUncaughtExceptionCaptureCallback(null)
}

/** Whether a microtask queued here runs within `drainMicrotasks`. */
export function canDrainMicrotasks(): boolean {
  if (internals._tickCallback === undefined) return false
  let drained = false
  queueMicrotask(() => {
    drained = true
  })
  drainMicrotasks()
  return drained
}

/** Throws where the continuations of async functions would not run inside their handles. */
export function assertDrains(): void {
  if (canDrainMicrotasks()) return
  throw new UnavailableError(
    'Microtasks cannot be drained here: the loop must be driven from a macrotask (setImmediate), on Node',
  )
}
