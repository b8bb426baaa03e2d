import type { Clock, LoopObserver, PolicyParts, ReadyQueue } from '../contracts.ts'
import type { ClassTable } from '../loop/attributes.ts'
import type { VirtualClock } from '../loop/clock.ts'
import { Loop } from '../loop/loop.ts'
import { SimulatedSelector } from '../selectors/simulated.ts'
import type { WorldModel } from './model.ts'
import { VirtualServices } from './services.ts'
import type { World } from './world.ts'

export interface HostOptions {
  readonly clock: VirtualClock
  readonly policy: PolicyParts
  readonly classes?: ClassTable
  readonly observers?: readonly LoopObserver[]
}

/** One loop of a world, with a virtual processor of its own. */
export class Host {
  readonly clock: VirtualClock
  readonly selector: SimulatedSelector
  readonly loop: Loop

  constructor(world: World, index: number, { clock, policy, classes, observers = [] }: HostOptions) {
    const { model, random, wire } = world
    this.clock = clock
    this.selector = new SimulatedSelector(clock, wire, index, model.pollNs)
    this.loop = new Loop({
      policy: { ...policy, queue: withDispatchCost(policy.queue, clock, model) },
      classes,
      clock,
      selector: this.selector,
      services: new VirtualServices(this.selector, model, random.fork(`host-${index}`)),
      observers: [world.log.observer(index), ...observers],
    })
    world.attach(this)
  }

  /** When this host has something to do next: never before its processor is free. */
  nextNs(): number {
    return Math.max(this.clock.lastNs, Math.min(this.loop.nextNs(), this.selector.nextNs()))
  }
}

/**
 * The policy's queue, where handing over a handle takes time: it counts as waiting, not as the handle's run time. A
 * cancelled handle costs nothing. The guard sees all that the queue does, and only what it has.
 */
function withDispatchCost(queue: ReadyQueue, clock: Clock, model: WorldModel): ReadyQueue {
  const { dispatchNs } = model
  const classNs = new Map(Object.entries(model.classNs))
  if (dispatchNs === 0 && classNs.size === 0) return queue
  return {
    get size() {
      return queue.size
    },
    push: (handle) => queue.push(handle),
    shift() {
      const handle = queue.shift()
      // What is no handle at all is left to the guard.
      if (handle?.cancelled === false) clock.work(dispatchNs + (classNs.get(handle.className) ?? 0))
      return handle
    },
    ...(queue.turnLimit && { turnLimit: () => queue.turnLimit!() }),
    ...(queue.ran && { ran: (handle, runNs) => queue.ran!(handle, runNs) }),
  }
}
