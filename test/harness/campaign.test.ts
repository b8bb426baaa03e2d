import { describe, expect, test } from 'vitest'
import type { TimeKind } from '../../harness/contracts.ts'
import { type CampaignOptions, type CampaignProgress, runCampaign } from '../../harness/measure/campaign.ts'
import type { PlannedCell } from '../../harness/measure/plan.ts'
import type { RoundRequest } from '../../harness/measure/runner.ts'
import { createRandom } from '../../harness/random.ts'
import type { RoundRecord } from '../../harness/records.ts'
import { plainCell, plainRound } from '../reports/fixture.ts'

function planned(policy: string, time: TimeKind = 'virtual', arm?: 'old' | 'new'): PlannedCell {
  const cell = plainCell({ policy, time })
  return { cell, ...(arm === undefined ? {} : { arm: { name: arm } }) } as PlannedCell
}

const CELLS = ['fifo', 'priority', 'edf'].map((policy) => planned(policy))

function nameOf({ cell, arm, round }: Pick<RoundRecord, 'cell' | 'arm' | 'round'>): string {
  return `${arm ?? ''}${cell.policy} ${round}`
}

/** A campaign whose rounds do nothing but take turns, in a seeded order; those that are named `broken` fail. */
class Bench {
  readonly recorded: RoundRecord[] = []
  readonly progress: CampaignProgress[] = []
  /** Names of what ran, in the order of starting. */
  readonly started: string[] = []
  /** What ran at once, whenever a round started. */
  readonly beside: string[][] = []
  stopAfter = Infinity
  broken: readonly string[] = []
  readonly #running = new Set<string>()
  readonly #random = createRandom(7)

  async run(options: Partial<CampaignOptions>): Promise<this> {
    const whole: CampaignOptions = {
      cells: CELLS,
      rounds: 3,
      seed: 1,
      timeLimitMs: 1000,
      jobs: 2,
      worldOf: () => ({}) as never,
      repeats: 1,
      finished: [],
      isStopped: () => this.started.length >= this.stopAfter,
      onProgress: (progress) => this.progress.push(progress),
      onRecord: (record) => this.recorded.push(record),
      ...options,
    }
    await runCampaign(whole, (request) => this.#round(request))
    return this
  }

  async #round({ planned: { cell, arm }, round, seed }: RoundRequest): Promise<RoundRecord> {
    const name = nameOf({ cell, arm: arm?.name, round })
    this.started.push(name)
    this.#running.add(name)
    this.beside.push([...this.#running])
    for (let turns = this.#random.integer(20); turns >= 0; turns--) await undefined
    this.#running.delete(name)
    const status = this.broken.includes(name) ? 'failed' : 'ok'
    return plainRound(cell, round, { seed, status, ...(arm === undefined ? {} : { arm: arm.name }) })
  }

  get names(): string[] {
    return this.recorded.map(nameOf).sort()
  }
}

const ALL = [
  'edf 0',
  'edf 1',
  'edf 2',
  'fifo 0',
  'fifo 1',
  'fifo 2',
  'priority 0',
  'priority 1',
  'priority 2',
]

describe('a campaign', () => {
  test('runs as many virtual rounds at once as it may, and all of them', async () => {
    const { names, beside } = await new Bench().run({ jobs: 4 })
    expect(names).toEqual(ALL)
    expect(Math.max(...beside.map((all) => all.length))).toBe(4)
  })

  test('runs real rounds alone, beside no virtual one either', async () => {
    const cells = [...CELLS, planned('libuv', 'real'), planned('epoll', 'real')]
    const { beside } = await new Bench().run({ cells, jobs: 4 })
    expect(beside.length).toBe(15)
    expect(beside.filter((all) => all.some((name) => /libuv|epoll/.test(name)) && all.length > 1)).toEqual([])
  })

  test('gives each round the same seed, however many run at once', async () => {
    const seeds = async (jobs: number) => {
      const { recorded } = await new Bench().run({ jobs })
      return recorded.map((record) => `${nameOf(record)} ${record.seed}`).sort()
    }
    expect(await seeds(5)).toEqual(await seeds(1))
  })

  test.each([1, 2, 3, 9])(
    'records nothing of a cell beyond its first broken round, %i at once',
    async (jobs) => {
      const bench = new Bench()
      bench.broken = ['fifo 1', 'edf 0', 'edf 2']
      await bench.run({ jobs })
      expect(bench.names).toEqual(['edf 0', 'fifo 0', 'fifo 1', 'priority 0', 'priority 1', 'priority 2'])
    },
  )

  test('runs no further round of a cell that is known to be broken', async () => {
    const bench = new Bench()
    bench.broken = ['fifo 0']
    await bench.run({ jobs: 1 })
    expect(bench.started).not.toContain('fifo 1')
    expect(bench.recorded.length).toBe(7)
  })

  test('keeps the sides of a comparison apart', async () => {
    const bench = new Bench()
    bench.broken = ['oldfifo 0']
    await bench.run({
      cells: [planned('fifo', 'virtual', 'old'), planned('fifo', 'virtual', 'new')],
      rounds: 2,
    })
    expect(bench.names).toEqual(['newfifo 0', 'newfifo 1', 'oldfifo 0'])
  })

  test('does not repeat what is recorded, nor go on with what is broken', async () => {
    const finished = [
      plainRound(plainCell(), 1),
      plainRound(plainCell({ policy: 'edf' }), 0, { status: 'timeout' }),
      plainRound(plainCell({ policy: 'of another run' }), 0),
    ]
    const { names } = await new Bench().run({ finished })
    expect(names).toEqual(['fifo 0', 'fifo 2', 'priority 0', 'priority 1', 'priority 2'])
  })

  test('stops when it is told to, without a record of what was cut short', async () => {
    const bench = new Bench()
    bench.stopAfter = 4
    await bench.run({ jobs: 2 })
    expect(bench.started.length).toBe(4)
    expect(bench.recorded.length).toBeLessThan(4)
  })

  test('tells what runs and how much is left, down to nothing', async () => {
    const { progress } = await new Bench().run({ finished: [plainRound(plainCell(), 0)], jobs: 2 })
    expect(progress[0]).toMatchObject({ total: 9, left: { real: 0, virtual: 8 }, running: [{ round: 0 }] })
    expect(progress.at(-1)).toEqual({ total: 9, left: { real: 0, virtual: 0 }, running: [] })
    expect(Math.max(...progress.map(({ running }) => running.length))).toBe(2)
  })

  test('leaves cores to rounds that are verified in several processes', async () => {
    const most = async (repeats: number) => {
      const { beside } = await new Bench().run({ jobs: 8, repeats })
      return Math.max(...beside.map((all) => all.length))
    }
    expect([await most(2), await most(5), await most(1000)]).toEqual([8, 2, 1])
  })
})
