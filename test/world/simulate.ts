/** Programs on the hosts of a world, under a policy. */
import type { LoopObserver } from '../../harness/contracts.ts'
import type { ClassTable } from '../../harness/loop/attributes.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { createVirtualHost } from '../../harness/measure/runtime.ts'
import { type PreparedPolicy, preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import type { SimulatedSelector } from '../../harness/selectors/simulated.ts'
import { parseSettings } from '../../harness/settings.ts'
import { type WorldModel, worldModel } from '../../harness/world/model.ts'
import { VirtualEvent } from '../../harness/world/transport.ts'
import { World } from '../../harness/world/world.ts'

/** What a world is like unless it is told otherwise: 50 µs one way, 1 Gbit/s. */
export const LATENCY_NS = 50_000
export const NS_PER_BYTE = 8

/** Settings of a world as a command line gives them. */
export type WorldSettings = Readonly<Record<string, string>>

export function modelOf(settings: WorldSettings): WorldModel {
  return parseSettings(worldModel, settings, 'World') as WorldModel
}

export function worldOf(settings: WorldSettings, seed = 1): World {
  return new World(modelOf(settings), createRandom(seed))
}

/** Two hosts; the one that drives comes first, as in a round. */
export async function twoHosts(settings: WorldSettings = {}, seed = 1) {
  const world = worldOf(settings, seed)
  return { world, client: await addHost(world, 1, 'fifo'), server: await addHost(world, 0, 'fifo') }
}

/** News for a host, as an event of its own that arrives at `atNs`. */
export function tell(to: Loop, atNs: number, news: () => void): void {
  const event = new VirtualEvent('news', news)
  ;(to.selector as SimulatedSelector).deliverAt(atNs, () => event)
}

/** Runs until that time on every host. */
export function runUntilNs(world: World, loops: Loop[], atNs: number): Promise<void> {
  const reached = (loop: Loop): AnyFuture => {
    const future = loop.createFuture()
    loop.callAt(atNs, () => future.setResult())
    return future
  }
  return world.run(loops.map(reached))
}

export interface SimulateOptions {
  readonly world?: WorldSettings
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
  const world = worldOf(options?.world ?? {}, options?.seed)
  const loop = await addHost(world, 0, policy, options)
  const main = loop.spawn(() => program(loop), { name: 'main' })
  await world.run([main])
  return { value: main.result(), digest: world.log.digest(), loop }
}
