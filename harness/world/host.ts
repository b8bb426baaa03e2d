import type { LoopObserver, PolicyParts } from '../contracts.ts'
import type { ClassTable } from '../loop/attributes.ts'
import type { VirtualClock } from '../loop/clock.ts'
import { Loop } from '../loop/loop.ts'
import { SimulatedSelector } from '../selectors/simulated.ts'
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
    this.clock = clock
    this.selector = new SimulatedSelector(this.clock, world.wire)
    this.loop = new Loop({
      policy,
      classes,
      clock: this.clock,
      selector: this.selector,
      services: new VirtualServices(this.selector),
      observers: [world.log.observer(index), ...observers],
    })
    world.attach(this)
  }

  /** When this host has something to do next: never before its processor is free. */
  nextNs(): number {
    return Math.max(this.clock.lastNs, Math.min(this.loop.nextNs(), this.selector.nextNs()))
  }
}
