/** Every built-in scenario that has virtual time, in sizes that take a moment: enough to have queues, and no more. */
import { builtinNames, loadPlugin } from '../../harness/catalog.ts'

const CUSTOMERS = { customers: 1000 }

const SIZES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'bounded-queue': CUSTOMERS,
  'callbacks-or-await': { workflows: 10, costRuns: 100 },
  cancellation: { trees: 8 },
  'coroutine-protocol': { switches: 1000, coroutines: 1000, handOvers: 1000, threads: 1 },
  crawler: { sites: 2, pages: 3, badPages: 1 },
  files: { files: 12, quietMs: 20 },
  gather: { tasks: 40 },
  'http-server': { durationMs: 40, warmupMs: 10 },
  mg1: CUSTOMERS,
  mm1: CUSTOMERS,
  overload: { beforeMs: 50, overloadMs: 100, afterMs: 200 },
  pipeline: { items: 20 },
  'priority-queue': CUSTOMERS,
  'queue-consumer': { messages: 60 },
  'service-mix': CUSTOMERS,
  timeouts: { timers: 2000, live: 200, storm: 100, calmMs: 50 },
  'user-interface': { durationMs: 200 },
  'websocket-rooms': { durationMs: 100, warmupMs: 20 },
  'worker-pool': CUSTOMERS,
}

export interface QuickScenario {
  readonly name: string
  readonly sizes: Readonly<Record<string, number>>
}

/** Throws where a new scenario has no size: its default would take all of a test's time. */
export async function quickVirtualScenarios(): Promise<QuickScenario[]> {
  const quick: QuickScenario[] = []
  // A trace to replay is a file that somebody names.
  for (const name of builtinNames('scenario').filter((each) => each !== 'replay')) {
    if (!(await loadPlugin('scenario', name)).time.includes('virtual')) continue
    if (SIZES[name] === undefined) throw new Error(`Name a quick size of '${name}' in quick-sizes.ts`)
    quick.push({ name, sizes: SIZES[name] })
  }
  return quick
}
