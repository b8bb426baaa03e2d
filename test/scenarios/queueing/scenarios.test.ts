/** What the queueing scenarios promise, whatever the closed forms say. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Scenario } from '../../../harness/contracts.ts'
import { classesOf } from '../../../harness/define.ts'
import type { Loop } from '../../../harness/loop/loop.ts'
import { parseSettings } from '../../../harness/settings.ts'
import boundedQueue from '../../../scenarios/bounded-queue.ts'
import mg1 from '../../../scenarios/mg1.ts'
import mm1 from '../../../scenarios/mm1.ts'
import priorityQueue from '../../../scenarios/priority-queue.ts'
import { Population } from '../../../scenarios/queueing/population.ts'
import serviceMix from '../../../scenarios/service-mix.ts'
import workerPool from '../../../scenarios/worker-pool.ts'
import { simulate } from '../../world/simulate.ts'
import { testContext } from '../context.ts'
import { runOnce, sum } from './simulated.ts'

const SCENARIOS: readonly Scenario[] = [mm1, mg1, priorityQueue, workerPool, boundedQueue, serviceMix]
const BY_NAME = SCENARIOS.map((scenario) => [scenario.name, scenario] as const)
const CUSTOMERS = 3000

/** A run in which every single duration is kept. `disturb` may break the loop. */
async function measure(
  scenario: Scenario,
  { policy = 'fifo:batch=1', disturb }: { policy?: string; disturb?: (loop: Loop) => void } = {},
) {
  const { ctx, measured, failures } = testContext(scenario, { customers: CUSTOMERS })
  const program = async (loop: Loop) => {
    disturb?.(loop)
    const startNs = loop.nowNs()
    await scenario.main!(loop, ctx)
    return loop.nowNs() - startNs
  }
  const classes = classesOf(scenario, ctx.params)
  const { value: spanNs } = await simulate(policy, program, { classes })
  return { measured, failures, spanNs, classNames: Object.keys(classes) }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(BY_NAME)('%s', (_, scenario) => {
  test("obeys Little's law, recomputed from every sojourn", async () => {
    const { measured, failures, spanNs, classNames } = await measure(scenario)
    expect(failures).toEqual([])
    const quantities = ['', ...(classNames.length > 1 ? classNames.map((name) => `.${name}`) : [])]
    for (const of of quantities) {
      const sojourns = measured.durations.get(`sojourn${of}`)!
      expect(sojourns.length).toBeGreaterThan(10)
      expect((measured.values.get(`queueLength${of}.mean`)! * spanNs) / sum(sojourns)).toBeCloseTo(1, 9)
    }
  })

  test('serves all but those it counts as lost', async () => {
    const { measured } = await measure(scenario)
    expect(measured.operations + (measured.counts.get('lost') ?? 0)).toBe(CUSTOMERS)
  })

  test('says so where a customer never gets there, and where they are miscounted (canary)', async () => {
    const { failures } = await measure(scenario, { disturb: losesOne })
    expect(failures).toEqual([expect.stringContaining(String(CUSTOMERS))])
    vi.spyOn(Population.prototype, 'littleError').mockReturnValue(1e-6)
    expect((await measure(scenario)).failures).toEqual([expect.stringContaining("Little's law")])
  })

  test('prints what its metrics say', async () => {
    const { values, tables } = await runOnce({ scenario, policy: 'fifo:batch=1', params: {} }, CUSTOMERS, 1)
    const rows = tables.flatMap((table) => table.rows)
    const [, simulated, ci99, theory, error] = rows.find(([what]) => what === 'sojourn') as number[]
    expect(values.get('theory.sojournMean')).toBe(theory)
    expect(values.get('theory.error')).toBe(error)
    expect(values.get('sojourn.ci99')).toBe(ci99)
    expect(simulated! / theory! - 1).toBe(error)
    expect(rows.flat()).not.toContain('–')
  })

  test('has the same customers for every policy', async () => {
    const arrivals = async (policy: string) => {
      const seen: unknown[] = []
      await measure(scenario, { policy, disturb: (loop) => notes(loop, seen) })
      return seen
    }
    const first = await arrivals('fifo:batch=1')
    expect(first).toHaveLength(CUSTOMERS)
    expect(await arrivals('lifo:batch=1')).toEqual(first)
  })

  test('has times in whole nanoseconds', async () => {
    const { measured } = await measure(scenario)
    expect([...measured.durations.values()].flat().every(Number.isInteger)).toBe(true)
  })
})

/** The hundredth customer is turned away before the scenario hears of it. */
function losesOne(loop: Loop): void {
  let count = 0
  const { arrivals } = loop
  loop.arrivals = (source, arrive) =>
    arrivals.call(loop, source, (item) => {
      if (++count !== 100) arrive(item as never)
    })
}

function notes(loop: Loop, into: unknown[]): void {
  const { arrivals } = loop
  loop.arrivals = (source, arrive) =>
    arrivals.call(loop, source, (item) => {
      into.push({ ...item })
      arrive(item as never)
    })
}

describe('a load of 1 and more', () => {
  test.each([
    ['mm1', mm1],
    ['mg1', mg1],
    ['service-mix', serviceMix],
    ['worker-pool', workerPool],
  ])('ends in %s without theory', async (_, scenario: Scenario) => {
    const run = { scenario, policy: 'fifo:batch=1', params: { load: '1.2' } }
    const { values, tables, failures } = await runOnce(run, CUSTOMERS, 1)
    expect(failures).toEqual([])
    expect(values.get('sojourn.ci99')).toBeGreaterThan(0)
    expect([...values.keys()].filter((name) => /^theory\.(error|sojourn)/.test(name))).toEqual([])
    expect(tables[0]!.rows[0]!.slice(3)).toEqual(['–', '–'])
  })

  test('has theory in bounded-queue, where the others are lost', async () => {
    const run = { scenario: boundedQueue, policy: 'fifo', params: { load: '2' } }
    const { values } = await runOnce(run, 20_000, 1)
    // (1−ρ)ρᴷ/(1−ρᴷ⁺¹) with ρ=2 and K=10.
    expect(values.get('theory.lossRatio')).toBeCloseTo(1024 / 2047, 10)
    expect(Math.abs(values.get('theory.lossRatio.error')!)).toBeLessThan(values.get('lossRatio.ci99')!)
  })
})

describe('what policies are told', () => {
  const sojourn = async (policy: string, declared: string) => {
    const { values } = await runOnce({ scenario: mm1, policy, params: { declared } }, CUSTOMERS, 1)
    return values.get('theory.error')!
  }

  test('sjf is fifo where services are not declared, and shorter where they are', async () => {
    const fifo = await sojourn('fifo:batch=1', 'true')
    expect(await sojourn('sjf', 'false')).toBe(fifo)
    expect(await sojourn('sjf', 'true')).toBeLessThan(fifo - 0.2)
  })
})

test.each([
  ['worker-pool', workerPool],
  ['bounded-queue', boundedQueue],
])('%s is the same under every policy: the loop has nothing to choose', async (_, scenario: Scenario) => {
  const figures = async (policy: string) =>
    (await runOnce({ scenario, policy, params: {} }, CUSTOMERS, 1)).values
  const fifo = await figures('fifo')
  for (const policy of ['lifo:batch=1', 'priority', 'sjf']) expect(await figures(policy)).toEqual(fifo)
})

test('a bounded queue is full at times, and never fuller', async () => {
  const { measured } = await measure(boundedQueue)
  expect(measured.values.get('queueLength.max')).toBe(10)
})

describe('params', () => {
  const refused: [Scenario, Record<string, string>, string][] = [
    [
      priorityQueue,
      { loads: '0.4,x' },
      "option 'loads' does not take '0.4,x': expected up to 5 numbers above 0",
    ],
    [priorityQueue, { loads: '0.1,0.1,0.1,0.1,0.1,0.1' }, 'expected up to 5 numbers'],
    [priorityQueue, { loads: '0.4,0.4', meansUs: '1,2,3' }, 'takes one number, or as many as loads has'],
    [boundedQueue, { servers: '4', capacity: '3' }, 'must be as large as servers, or larger'],
    [mm1, { slice: 'soon' }, 'expected a duration such as'],
    [mm1, { slice: '1ns' }, 'expected 0, or 100ns or more'],
    [mm1, { load: '3' }, "option 'load' does not take '3'"],
  ]
  const rows = refused.map(([scenario, ...rest]) => [scenario.name, ...rest, scenario] as const)

  test.each(rows)('of %s refuse %o', (_, given, message, scenario) => {
    expect(() => parseSettings(scenario.params, given, scenario.name)).toThrow(message)
  })

  test('one class alone is a queue without classes', async () => {
    const run = { scenario: priorityQueue, policy: 'priority', params: { loads: '0.5' } }
    const { values } = await runOnce(run, CUSTOMERS, 1)
    expect(values.get('theory.first.sojournMean')).toBeCloseTo(2e6, 3)
  })
})
