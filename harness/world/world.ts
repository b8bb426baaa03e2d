/**
 * A simulated world: hosts on one virtual time line. A conservative discrete-event simulation (Fujimoto): the host
 * whose next event is earliest takes one turn, so nobody acts on news from its own future.
 */
import type { AnyFuture } from '../loop/future.ts'
import { canDrainMicrotasks } from '../loop/microtasks.ts'
import { createRandom, type Random } from '../random.ts'
import { EventLog } from './event-log.ts'
import type { Host } from './host.ts'
import { DEFAULT_WORLD_MODEL, type WorldModel } from './model.ts'
import { Wire } from './network.ts'

export class World {
  readonly model: WorldModel
  /** Only forked, by host and connection: what one of them draws shifts nothing for another. */
  readonly random: Random
  readonly wire: Wire
  readonly log = new EventLog()
  readonly #hosts: Host[] = []

  constructor(model: WorldModel = DEFAULT_WORLD_MODEL, random: Random = createRandom(0)) {
    this.model = model
    this.random = random
    this.wire = new Wire(model, random.fork('links'))
  }

  /**
   * Ties in time are broken by the order of attachment: attach whoever drives before whoever is driven, so that an
   * arrival at t is seen before the handle that is chosen at t.
   */
  attach(host: Host): void {
    this.#hosts.push(host)
  }

  /** Runs until all the futures are done. Fails with a `PolicyFault`, or where nothing can ever happen any more. */
  run(until: readonly AnyFuture[]): Promise<void> {
    return new Promise((resolve, reject) => {
      // Out of any microtask, so that turns can drain them.
      setImmediate(() => {
        try {
          if (!canDrainMicrotasks()) throw new Error('This Node cannot drain microtasks on demand')
          while (!areDone(until)) this.#step()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #step(): void {
    let next: Host | undefined
    let nextNs = Number.POSITIVE_INFINITY
    for (const host of this.#hosts) {
      const hostNs = host.nextNs()
      if (hostNs < nextNs) {
        nextNs = hostNs
        next = host
      }
    }
    if (next === undefined)
      throw new Error(`Deadlock: every task waits for something that cannot happen: ${this.#waiting()}`)
    next.clock.advanceTo(nextNs)
    next.loop.turn()
  }

  #waiting(): string {
    const names = this.#hosts.flatMap((host) => [...host.loop.tasks()].map((task) => task.name))
    return [...new Set(names)].slice(0, 10).join(', ') || 'no tasks'
  }
}

/** A plain loop: asked with every turn. The list may grow meanwhile. */
function areDone(futures: readonly AnyFuture[]): boolean {
  for (let i = 0; i < futures.length; i++) if (!futures[i]!.done) return false
  return true
}
