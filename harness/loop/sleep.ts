import { Future } from './future.ts'
import type { Loop } from './loop.ts'

/** Done after a delay. Cancelling it cancels its timer. */
export function sleep(loop: Loop, delayNs: number): Future<void> {
  const future = new Future<void>(loop)
  const timer = loop.callLaterWith(delayNs, endSleep, future)
  future.onCancel = () => timer.cancel()
  return future
}

function endSleep(future: Future<void>): void {
  if (!future.done) future.setResult()
}
