import type { FdSelector } from '../../contracts.ts'
import type { AnyFuture } from '../future.ts'
import type { Loop } from '../loop.ts'
import { assertDrains } from '../microtasks.ts'
import { keepNodeAlive } from './keep-alive.ts'
import { NodeGuest } from './node-guest.ts'

/**
 * Runs a loop that sleeps in its own selector, until the future is done. Node's loop is a guest: its descriptor
 * sits in our selector, and when it has something to do, or had no turn for a while, it gets one. So every
 * Node library, signal handler, timer and worker goes on beside our sockets.
 *
 * Turns run inside an immediate, never after an `await`: there, microtasks could not be drained.
 */
export function runOwned(loop: Loop, until: AnyFuture): Promise<void> {
  const guest = new NodeGuest(loop.selector as FdSelector, loop.clock)
  const letGo = keepNodeAlive()
  const running = new Promise<void>((resolve, reject) => {
    const burst = () => {
      try {
        guest.resume()
        assertDrains()
        while (!until.done && !guest.due) loop.turn(guest)
      } catch (fault) {
        return reject(fault)
      }
      if (until.done) resolve()
      else setImmediate(burst)
    }
    setImmediate(burst)
  })
  return running.finally(() => {
    letGo()
    guest.leave()
  })
}
