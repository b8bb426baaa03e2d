import { UnavailableError } from '../errors.ts'

/**
 * Draining microtasks from inside a running callback.
 *
 * `process._tickCallback` is what Node itself calls between two callbacks: it runs pending ticks and microtasks
 * until none is left, and costs some 25 ns when there are none. It is undocumented, hence this one small file.
 * It works only where the caller was entered from a macrotask (`setImmediate`, a timer, an I/O callback): inside
 * a microtask V8 does not drain recursively. `canDrainMicrotasks` is the canary that a driver asks at start.
 */
const tickCallback = (process as unknown as { _tickCallback?: () => void })._tickCallback

/** Runs every pending tick and microtask. Only after `canDrainMicrotasks()` said yes. */
export const drainMicrotasks: () => void = tickCallback ?? (() => {})

/** Whether a microtask queued here runs within `drainMicrotasks`. */
export function canDrainMicrotasks(): boolean {
  if (tickCallback === undefined) return false
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
