import type { AnyFuture } from '../future.ts'
import type { Loop } from '../loop.ts'
import { assertDrains } from '../microtasks.ts'
import { keepNodeAlive, LONGEST_MS } from './keep-alive.ts'

/**
 * Runs a loop on top of Node's: a turn is an immediate when something is ready, a Node timer when only a timer is
 * awaited, and comes at once when I/O is delivered. Portable; as coarse as Node's timers (1 ms).
 */
export function runHosted(loop: Loop, until: AnyFuture): Promise<void> {
  const letGo = keepNodeAlive()
  // A loop that is asleep does not see that the future is done unless that makes something ready.
  if (!until.done) until.addDoneCallback(() => {})
  const running = new Promise<void>((resolve, reject) => {
    let scheduled = false
    let timer: NodeJS.Timeout | undefined
    const soon = () => {
      clearTimeout(timer)
      if (!scheduled) setImmediate(turn)
      scheduled = true
    }
    const turn = () => {
      scheduled = false
      try {
        assertDrains()
        if (!until.done) loop.turn()
      } catch (fault) {
        return reject(fault)
      }
      if (until.done) return resolve()
      const timeoutNs = loop.timeoutNs()
      if (timeoutNs === 0) soon()
      else if (timeoutNs < Number.POSITIVE_INFINITY) {
        timer = setTimeout(soon, Math.min(Math.ceil(timeoutNs / 1e6), LONGEST_MS))
      }
    }
    loop.selector.onActivity = soon
    soon()
  })
  return running.finally(() => {
    letGo()
    loop.selector.onActivity = undefined
  })
}
