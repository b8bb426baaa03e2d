/** A loop with its policy, selector and driver put together: real or in a world. */
import type { LoopObserver, SelectorFactory, SelectorName } from '../contracts.ts'
import type { ClassTable } from '../loop/attributes.ts'
import { RealClock, VirtualClock } from '../loop/clock.ts'
import { runHosted } from '../loop/drivers/hosted.ts'
import { runOwned } from '../loop/drivers/owned.ts'
import { createUnmanagedLoop, runUnmanaged } from '../loop/drivers/unmanaged.ts'
import type { AnyFuture } from '../loop/future.ts'
import { Loop } from '../loop/loop.ts'
import { RealServices } from '../loop/real-services.ts'
import { makeParts, type PreparedPolicy } from '../policy-parts.ts'
import type { Random } from '../random.ts'
import { LibuvSelector } from '../selectors/libuv.ts'
import { createSelector } from '../selectors/registry.ts'
import { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'

export interface RuntimeOptions {
  readonly policy: PreparedPolicy
  readonly selector: SelectorName
  readonly classes: ClassTable
  readonly random: Random
  readonly observers?: readonly LoopObserver[]
}

export interface Runtime {
  readonly loop: Loop
  /** Runs the loop until the future is done. Rejects with `PolicyFault`. */
  run(until: AnyFuture): Promise<void>
}

/** Throws `PolicyFault` when the policy cannot be set up, `UnavailableError` when there is no such selector. */
export function createRealRuntime({ policy, selector, classes, random, observers }: RuntimeOptions): Runtime {
  const clock = new RealClock()
  const parts = makeParts(policy, { clock, random, selector })
  const shared = { policy: parts, clock, classes, observers, services: new RealServices() }
  if (policy.policy.unmanaged) {
    const loop = createUnmanagedLoop(shared, (deliver) => new LibuvSelector({ deliver }))
    return { loop, run: (until) => runUnmanaged(loop, until) }
  }
  const make: SelectorFactory =
    typeof parts.selector === 'function'
      ? parts.selector
      : (c) => createSelector(nameOf(parts.selector, selector), c)
  const loop = new Loop({ ...shared, selector: make(clock) })
  const drive = loop.selector.blocking ? runOwned : runHosted
  return { loop, run: (until) => drive(loop, until) }
}

function nameOf(chosen: SelectorName | SelectorFactory | undefined, asked: SelectorName): SelectorName {
  return typeof chosen === 'string' ? chosen : asked
}

/** A host of the world, under the policy. */
export function createVirtualHost(
  world: World,
  index: number,
  options: Omit<RuntimeOptions, 'selector'>,
): Loop {
  const { policy, classes, random, observers } = options
  // Policies read the time from the clock of the host they run on; the host makes it, so it must come first.
  const clock = new VirtualClock()
  const parts = makeParts(policy, { clock, random, selector: 'simulated' })
  return new Host(world, index, { policy: parts, classes, observers, clock }).loop
}
