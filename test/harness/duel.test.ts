import { describe, expect, test } from 'vitest'
import { type DuelOptions, type PlannedPair, runDuel } from '../../harness/measure/duel.ts'
import type { PlannedCell } from '../../harness/measure/plan.ts'
import type { RoundRequest } from '../../harness/measure/runner.ts'
import type { RoundRecord } from '../../harness/records.ts'
import { plainCell, plainRound } from '../reports/fixture.ts'

type Side = 'old' | 'new'

function planned(policy: string, side: Side): PlannedCell {
  return { cell: plainCell({ policy, time: 'real', selector: 'epoll' }), arm: { name: side } } as PlannedCell
}

function pairOf(policy: string, more: Partial<PlannedPair> = {}): PlannedPair {
  return { old: planned(policy, 'old'), new: planned(policy, 'new'), ...more }
}

const PAIRS = ['fifo', 'priority', 'edf', 'timing'].map((policy) => pairOf(policy))

interface Started {
  readonly policy: string
  readonly side: Side
  readonly seed: number
  readonly round: number
  /** Sides that ran already. */
  readonly beside: readonly Side[]
}

/** A duel whose rounds only take turns. */
class Fight {
  readonly started: Started[] = []
  readonly recorded: RoundRecord[] = []
  readonly left: number[] = []
  /** Sides that break down, by policy, side and how often they have run before. */
  broken: readonly string[] = []
  stopAfter = Infinity
  readonly #running: Side[] = []

  async run(more: Partial<DuelOptions> = {}): Promise<this> {
    const options: DuelOptions = {
      pairs: PAIRS,
      rounds: 4,
      seed: 1,
      timeLimitMs: 1000,
      world: {} as never,
      isApart: () => false,
      isStopped: () => this.started.length >= this.stopAfter,
      onProgress: ({ left }) => this.left.push(left.real),
      onRecord: (record) => this.recorded.push(record),
      ...more,
    }
    await runDuel(options, (request) => this.#round(request))
    return this
  }

  async #round({ planned: { cell, arm }, round, seed }: RoundRequest): Promise<RoundRecord> {
    const side = arm!.name
    const ran = this.of(cell.policy).filter((each) => each.side === side).length
    this.started.push({ policy: cell.policy, side, seed, round, beside: [...this.#running] })
    this.#running.push(side)
    for (let turns = 0; turns < 5; turns++) await undefined
    this.#running.splice(this.#running.indexOf(side), 1)
    const status = this.broken.includes(`${cell.policy} ${side} ${ran}`) ? 'timeout' : 'ok'
    return plainRound(cell, round, { seed, status, arm: side })
  }

  of(policy: string): Started[] {
    return this.started.filter((each) => each.policy === policy)
  }

  /** Which side began, pair by pair. */
  first(policy: string): Side[] {
    return this.of(policy)
      .filter((_, i) => i % 2 === 0)
      .map(({ side }) => side)
  }
}

describe('a duel', () => {
  test('records every round of both sides, and not the rehearsal', async () => {
    const { recorded, started } = await new Fight().run()
    const names = recorded.map(({ cell, arm, round }) => `${cell.policy} ${arm} ${round}`)
    expect(new Set(names).size).toBe(PAIRS.length * 2 * 4)
    expect(names).toHaveLength(PAIRS.length * 2 * 4)
    expect(started).toHaveLength(PAIRS.length * 2 * 5)
    const rehearsed = started.slice(0, PAIRS.length * 2).map(({ seed }) => seed)
    expect(recorded.filter(({ seed }) => rehearsed.includes(seed))).toEqual([])
  })

  test('lets the sides of a pair take turns in starting first', async () => {
    const fight = await new Fight().run({ rounds: 8 })
    for (const { new: side } of PAIRS) {
      const first = fight.first(side.cell.policy).slice(1)
      expect(first.filter((each, i) => each === first[i + 1])).toEqual([])
    }
  })

  test('does not begin with the same side in all cells, nor under all seeds', async () => {
    const policies = Array.from({ length: 16 }, (_, i) => `policy-${i}`)
    const pairs = policies.map((policy) => pairOf(policy))
    const begin = async (seed: number) => {
      const fight = await new Fight().run({ pairs, rounds: 1, seed })
      return policies.map((policy) => fight.first(policy)[1]!).join()
    }
    const [one, other] = [await begin(1), await begin(2)]
    expect(new Set(one.split(',')).size).toBe(2)
    expect(other).not.toBe(one)
  })

  test('gives every cell each place once in as many rounds as there are cells', async () => {
    const { started } = await new Fight().run({ rounds: PAIRS.length })
    const order = started.filter((_, i) => i % 2 === 0).map(({ policy }) => policy)
    const rounds = PAIRS.map((_, round) =>
      order.slice((round + 1) * PAIRS.length, (round + 2) * PAIRS.length),
    )
    for (const place of PAIRS.keys()) expect(new Set(rounds.map((row) => row[place])).size).toBe(PAIRS.length)
  })

  test('runs the two sides at once, and no other cell beside', async () => {
    const { started } = await new Fight().run()
    expect(started.map(({ beside }) => beside.length)).toEqual(started.map((_, i) => i % 2))
    for (let i = 0; i < started.length; i += 2) expect(started[i + 1]!.policy).toBe(started[i]!.policy)
  })

  test('runs the sides one after the other where the rehearsal shows figures that want it', async () => {
    const isApart = ({ cell }: RoundRecord) => cell.policy === 'edf'
    const fight = await new Fight().run({ isApart })
    const beside = (policy: string) => fight.of(policy).map((each) => each.beside.length)
    expect(beside('edf')).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(beside('fifo')).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
  })

  test('gives both sides the same seed, another in every round, and others when it looks again', async () => {
    const seedsOf = ({ started }: Fight) => [...new Set(started.map(({ seed }) => seed))]
    const [first, again] = [await new Fight().run(), await new Fight().run({ stage: 'confirmation' })]
    for (const { seed, round } of first.recorded) {
      const same = first.recorded.filter((each) => each.seed === seed)
      expect(same.map((each) => each.round)).toEqual(PAIRS.flatMap(() => [round, round]))
    }
    const [seeds, fresh] = [seedsOf(first), seedsOf(again)]
    expect(seeds).toHaveLength(5)
    expect(new Set([...seeds, ...fresh]).size).toBe(10)
    expect(again.recorded.every(({ stage }) => stage === 'confirmation')).toBe(true)
    expect(first.recorded.some((record) => 'stage' in record)).toBe(false)
  })

  test('runs the new side alone where the old one is recorded, and marks the control', async () => {
    const { old: _, ...alone } = pairOf('fifo')
    const fight = await new Fight().run({ pairs: [alone, pairOf('edf', { control: 2 })] })
    expect(new Set(fight.of('fifo').map(({ side }) => side))).toEqual(new Set(['new']))
    const marked = fight.recorded.filter(({ control }) => control === 2)
    expect(new Set(marked.map(({ cell }) => cell.policy))).toEqual(new Set(['edf']))
    expect(marked).toHaveLength(8)
  })

  test('runs no further round of a cell of which one side broke down', async () => {
    const fight = new Fight()
    fight.broken = ['edf old 2']
    await fight.run()
    expect(fight.of('edf')).toHaveLength(6)
    const recorded = fight.recorded.filter(({ cell }) => cell.policy === 'edf')
    expect(recorded.map(({ round, status }) => `${round} ${status}`).sort()).toEqual([
      '0 ok',
      '0 ok',
      '1 ok',
      '1 timeout',
    ])
    expect(fight.of('fifo')).toHaveLength(10)
  })

  test('records a rehearsal that broke down as the first round: it decides the cell', async () => {
    const fight = new Fight()
    fight.broken = ['edf new 0']
    await fight.run()
    const recorded = fight.recorded.filter(({ cell }) => cell.policy === 'edf')
    expect(recorded.map(({ arm, round, status }) => `${arm} ${round} ${status}`).sort()).toEqual([
      'new 0 timeout',
      'old 0 ok',
    ])
    expect(fight.of('edf')).toHaveLength(2)
  })

  test.each([
    ['the second pair of the first round', 2 * PAIRS.length + 4],
    ['the first side of a pair that runs apart', 2 * PAIRS.length + 5],
    ['the rehearsal', 3],
  ])('drops what a stop cuts short, and runs nothing more: in %s', async (_, stopAfter) => {
    const fight = new Fight()
    fight.stopAfter = stopAfter
    await fight.run({ isApart: () => true })
    expect(fight.started.length - stopAfter).toBeLessThan(2)
    const pairs = Math.max(0, Math.ceil(stopAfter / 2) - 1 - PAIRS.length)
    expect(fight.recorded).toHaveLength(2 * pairs)
  })

  test('counts down what is left to run', async () => {
    const { left } = await new Fight().run()
    expect(left).toEqual(Array.from({ length: 20 }, (_, i) => 20 - i))
  })
})
