import { describe, expect, test } from 'vitest'
import { defineScenario, z } from '../../harness/api.ts'
import type { Scenario, SelectorName, TimeKind } from '../../harness/contracts.ts'
import { type Matrix, type PlannedCell, planCells, roundOrder } from '../../harness/measure/plan.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { prepared } from '../policies/conformance.ts'

const params = z.strictObject({
  rate: z.number().default(10).describe('arrivals a second'),
  size: z.int().default(1).describe('bytes of each'),
})

function scenario(name: string, time: TimeKind[], schema: z.ZodType = params): Scenario {
  return defineScenario({ name, summary: 's', params: schema, classes: {}, time, async main() {} })
}

const BOTH = scenario('both', ['real', 'virtual'])
const VIRTUAL = scenario('virtual-only', ['virtual'], z.strictObject({ rate: params.shape.rate }))

interface Asked {
  readonly policies?: readonly string[]
  readonly scenarios?: readonly Scenario[]
  readonly selectors?: readonly SelectorName[]
  readonly times?: readonly TimeKind[]
  readonly settings?: readonly string[]
}

async function matrix(asked: Asked): Promise<Matrix> {
  const { policies = ['fifo'], scenarios = [BOTH], selectors = ['epoll'], times = [], settings = [] } = asked
  return {
    policies: await Promise.all(policies.map(preparePolicy)),
    scenarios: scenarios.map((each) => ({ text: each.name, scenario: each })),
    selectors,
    times,
    settings,
  }
}

async function plan(asked: Asked): Promise<PlannedCell[]> {
  return planCells(await matrix(asked))
}

function nameOf({ cell }: PlannedCell): string {
  return `${cell.policy} ${cell.selector} ${cell.time} ${cell.scenario}`
}

describe('the matrix', () => {
  test('has a cell for each policy, scenario, selector and time', async () => {
    const cells = await plan({
      policies: ['fifo', 'priority', 'priority:aging=1ms'],
      scenarios: [BOTH, scenario('other', ['real', 'virtual'])],
      selectors: ['epoll', 'poll'],
      times: ['real', 'virtual'],
    })
    // In virtual time there is one selector.
    expect(cells.length).toBe(3 * 2 * (2 + 1))
    expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
  })

  test('has real time where a scenario has it, else virtual', async () => {
    const cells = await plan({ scenarios: [BOTH, VIRTUAL] })
    expect(cells.map(nameOf)).toEqual(['fifo epoll real both', 'fifo simulated virtual virtual-only'])
  })

  test('has a policy that names its selector once, however many were asked for', async () => {
    const policies = ['custom-selector:selector=poll', 'custom-selector', 'node']
    const cells = await plan({ policies, selectors: ['epoll', 'select'] })
    expect(cells.map(nameOf)).toEqual([
      'custom-selector:selector=poll poll real both',
      'custom-selector epoll real both',
      'custom-selector select real both',
      'node libuv real both',
    ])
  })

  test('finds a selector named by a wrapped policy', async () => {
    const [cell] = await plan({ policies: ['timing:inner=custom-selector:selector=poll'] })
    expect(cell!.cell.selector).toBe('poll')
  })

  test('has a policy named twice once', async () => {
    expect((await plan({ policies: ['fifo', 'fifo'] })).length).toBe(1)
  })

  test('keeps cells that cannot run, with the reason', async () => {
    const cells = await plan({
      policies: ['fifo', 'node'],
      scenarios: [BOTH, VIRTUAL],
      times: ['real', 'virtual'],
    })
    const reasons = Object.fromEntries(cells.map((each) => [nameOf(each), each.unsupported]))
    expect(reasons).toEqual({
      'fifo epoll real both': undefined,
      'node libuv real both': undefined,
      'fifo simulated virtual both': undefined,
      'node simulated virtual both': "node runs on Node's own loop, which has no virtual time",
      'fifo epoll real virtual-only': 'virtual-only has no real time',
      'node libuv real virtual-only': 'virtual-only has no real time',
      'fifo simulated virtual virtual-only': undefined,
      'node simulated virtual virtual-only': "node runs on Node's own loop, which has no virtual time",
    })
  })
})

describe('--set', () => {
  test('reaches every scenario that has the parameter; the rest keep their defaults', async () => {
    const cells = await plan({ scenarios: [BOTH, VIRTUAL], settings: ['rate=20', 'size=7'] })
    expect(cells.map(({ cell }) => cell.params)).toEqual([{ rate: 20, size: 7 }, { rate: 20 }])
  })

  test('reaches one scenario where it names it, and the last word counts', async () => {
    const settings = ['rate=20', 'virtual-only.rate=30', 'both.rate=40']
    const cells = await plan({ scenarios: [BOTH, VIRTUAL], settings })
    expect(cells.map(({ cell }) => cell.params)).toEqual([{ rate: 40, size: 1 }, { rate: 30 }])
  })

  test.each([
    ['rat=1', "No parameter 'rat' in both (did you mean 'rate'?): there are rate, size"],
    ['other.rate=1', "--set other.rate: 'other' is not among the scenarios of this run"],
    ['both.sise=1', "No parameter 'sise' in both (did you mean 'size'?)"],
    ['rate', "--set takes key=value or scenario.key=value, not 'rate'"],
    ['rate=fast', "Scenario 'both': option 'rate' does not take 'fast'"],
  ])('%s is a mistake that is explained', async (setting, message) => {
    await expect(plan({ settings: [setting] })).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    })
  })
})

describe('the order of rounds', () => {
  const cells = ['a', 'b', 'c', 'd', 'e', 'f']
  const rounds = (count: number, seed = 1) =>
    Array.from({ length: count }, (_, round) => roundOrder(cells.slice(0, count), round, seed))

  test('has every cell in every round, once', () => {
    for (let round = 0; round < 12; round++) expect(roundOrder(cells, round, 3).toSorted()).toEqual(cells)
    expect(roundOrder([], 0, 1)).toEqual([])
    expect(roundOrder(['a'], 5, 1)).toEqual(['a'])
  })

  test('is decided by the seed', () => {
    expect(rounds(6, 1)).toEqual(rounds(6, 1))
    expect(rounds(6, 1)).not.toEqual(rounds(6, 2))
  })

  test.each([2, 3, 4, 5, 6])('of %i cells has each in each position once in as many rounds', (count) => {
    for (let position = 0; position < count; position++) {
      expect(new Set(rounds(count).map((order) => order[position])).size).toBe(count)
    }
  })

  test.each([2, 4, 6])('of %i cells has each after each other one equally often', (count) => {
    const pairs = rounds(count).flatMap((order) => order.slice(1).map((cell, i) => `${order[i]}${cell}`))
    expect(new Set(pairs).size).toBe(count * (count - 1))
  })
})

// `planCells` sets every policy up to ask for its selector.
test('a policy that cannot be set up costs its own cell, not the plan', async () => {
  const broken = prepared({
    name: 'broken',
    summary: 'cannot be set up',
    createQueue: () => {
      throw new Error('no luck')
    },
  })
  const base = await matrix({})
  expect(planCells({ ...base, policies: [broken, ...base.policies] }).length).toBe(2)
})

test('a cell is labelled with the selector its policy waits in, however that is made', async () => {
  const base = await matrix({})
  const spinning = await preparePolicy('custom-selector:selector=poll,spin=50us')
  const cells = planCells({ ...base, policies: [spinning], times: ['real'], selectors: ['epoll', 'libuv'] })
  expect(cells.map(({ cell }) => cell.selector)).toEqual(['poll'])
})
