/** A program on one host of a world, under a policy. */
import type { LoopObserver } from '../../harness/contracts.ts'
import type { ClassTable } from '../../harness/loop/attributes.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { createVirtualHost } from '../../harness/measure/runtime.ts'
import { type PreparedPolicy, preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import { World } from '../../harness/world/world.ts'

export interface SimulateOptions {
  readonly classes?: ClassTable
  readonly observers?: readonly LoopObserver[]
  readonly seed?: number
}

export interface Simulated<T> {
  readonly value: T
  readonly digest: string
  readonly loop: Loop
}

export async function addHost(
  world: World,
  index: number,
  policy: string | PreparedPolicy,
  { classes = {}, observers = [], seed = 1 }: SimulateOptions = {},
): Promise<Loop> {
  const prepared = typeof policy === 'string' ? await preparePolicy(policy) : policy
  return createVirtualHost(world, index, { policy: prepared, classes, random: createRandom(seed), observers })
}

/** Runs the program to its end. Rejects with what it threw. */
export async function simulate<T>(
  policy: string | PreparedPolicy,
  program: (loop: Loop) => Promise<T>,
  options?: SimulateOptions,
): Promise<Simulated<T>> {
  const world = new World()
  const loop = await addHost(world, 0, policy, options)
  const main = loop.spawn(() => program(loop), { name: 'main' })
  await world.run([main])
  return { value: main.result(), digest: world.log.digest(), loop }
}
