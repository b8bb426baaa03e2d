import type { AnyFuture } from '../future.ts'
import type { Loop } from '../loop.ts'

/**
 * Runs a loop on top of Node's: a turn is an immediate when something is ready, a Node timer when only a timer is
 * awaited, and comes at once when I/O is delivered. Portable; as coarse as Node's timers (1 ms).
 */
export function runHosted(loop: Loop, until: AnyFuture): Promise<void> {
  return new Promise((resolve, reject) => {
    const keepAlive = setInterval(() => {}, 2 ** 30)
    let scheduled = false
    let timer: NodeJS.Timeout | undefined
    const finish = (settle: () => void) => {
      clearInterval(keepAlive)
      loop.selector.onActivity = undefined
      settle()
    }
    const soon = () => {
      clearTimeout(timer)
      if (!scheduled) setImmediate(turn)
      scheduled = true
    }
    const turn = () => {
      scheduled = false
      try {
        loop.turn()
      } catch (fault) {
        return finish(() => reject(fault))
      }
      if (until.done) return finish(resolve)
      const timeoutNs = loop.timeoutNs()
      if (timeoutNs === 0) soon()
      else if (timeoutNs < Number.POSITIVE_INFINITY) timer = setTimeout(soon, Math.ceil(timeoutNs / 1e6))
    }
    loop.selector.onActivity = soon
    soon()
  })
}
