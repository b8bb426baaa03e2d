import type { FdSelector } from '../../contracts.ts'
import type { AnyFuture } from '../future.ts'
import type { Loop } from '../loop.ts'
import { NodeGuest } from './node-guest.ts'

/**
 * Runs a loop that sleeps in its own selector, until the future is done. Node's loop is a guest: its descriptor
 * sits in our selector, and when it has something to do, or was not asked for a while, it gets one turn. So every
 * Node library, signal handler, timer and worker goes on beside our sockets.
 *
 * Turns run inside an immediate, never after an `await`: there, microtasks could not be drained.
 */
export function runOwned(loop: Loop, until: AnyFuture): Promise<void> {
  const guest = new NodeGuest(loop.selector as FdSelector)
  // With nothing active libuv answers "do not wait"; this timer, which never fires, lets it tell the truth.
  const keepAlive = setInterval(() => {}, 2 ** 30)
  const { promise, resolve, reject } = withResolvers()
  const burst = () => {
    guest.resume(loop.clock.nowNs())
    try {
      do loop.turn(guest.patienceNs)
      while (!until.done && !guest.due && !guest.isNeglected(loop.clock.lastNs))
    } catch (fault) {
      return reject(fault)
    }
    if (until.done) resolve()
    else setImmediate(burst)
  }
  setImmediate(burst)
  return promise.finally(() => {
    clearInterval(keepAlive)
    guest.leave()
  })
}

function withResolvers() {
  let resolve!: () => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
