import { describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import type { Comparison, RoundRecord, RunRecords } from '../../harness/records.ts'
import {
  cellsOfShard,
  machineDifferences,
  mergeShards,
  type ShardRecords,
} from '../../harness/verdict/merging.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { syntheticRecords } from '../reports/fixture.ts'

const WHOLE = syntheticRecords({ values: 20 })
const COMMAND = 'npx loopdyno run -p fifo,priority --time virtual'

/** The shard as its own run would have recorded it. */
function shard(index: number, count: number, of: RunRecords = WHOLE): ShardRecords {
  const { cells } = of.header
  const own = cellsOfShard(cells, { index, count })
  const command = `npx loopdyno run -p fifo,priority --shard ${index}/${count} --time virtual`
  const startedAt = `2025-01-02T03:04:0${9 - index}.000Z`
  const header = { ...of.header, command, startedAt, cells: own, shard: { index, count, cells }, plan: 'abc' }
  return {
    name: `shard-${index}`,
    header,
    rounds: of.rounds.filter(({ cell }) => own.includes(cell)).reverse(),
    truncated: false,
  }
}

function shards(count: number, of?: RunRecords): ShardRecords[] {
  return Array.from({ length: count }, (_, place) => shard(place + 1, count, of))
}

function withHeader(part: ShardRecords, more: object): ShardRecords {
  return { ...part, header: { ...part.header, ...more } }
}

/** The message of the refusal. */
function refusal(parts: readonly ShardRecords[]): string {
  try {
    mergeShards(parts)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  return 'merged'
}

describe('shards', () => {
  test('have every cell between them, each once', () => {
    const cells = [...'abcdefg']
    for (const count of [1, 2, 3, 7]) {
      const dealt = Array.from({ length: count }, (_, place) =>
        cellsOfShard(cells, { index: place + 1, count }),
      )
      expect(dealt.flat().sort()).toEqual(cells)
      expect(
        Math.max(...dealt.map((own) => own.length)) - Math.min(...dealt.map((own) => own.length)),
      ).toBeLessThan(2)
    }
  })

  test('merge to the summary of the whole run, in whatever order they are given', () => {
    const summary = JSON.stringify(summarize(WHOLE).cells)
    for (const count of [1, 2, 5]) {
      const merged = mergeShards(shards(count).reverse())
      expect(JSON.stringify(summarize(merged).cells)).toBe(summary)
      expect(merged.rounds.length).toBe(WHOLE.rounds.length)
      expect(merged).toEqual(mergeShards(shards(count)))
    }
  })

  test('merge to the header of the whole run', () => {
    const [one, two] = shards(2)
    const { header } = mergeShards([
      withHeader(two!, { notes: ['b', 'a'] }),
      withHeader(one!, { notes: ['a'], worldText: undefined }),
    ])
    const startedAt = '2025-01-02T03:04:07.000Z'
    expect(header).toEqual({
      ...WHOLE.header,
      command: COMMAND,
      startedAt,
      notes: ['a', 'b'],
      worldText: undefined,
    })
  })

  test('keep fields of the header that merging knows nothing of', () => {
    const parts = shards(2).map((part) => withHeader(part, { fromLater: [1] }))
    expect(mergeShards(parts).header).toMatchObject({ fromLater: [1] })
  })

  test('keep the last record of a round that was run again', () => {
    const [one, two] = shards(2)
    const again: RoundRecord = { ...one!.rounds[0]!, tookNs: 1 }
    const merged = mergeShards([{ ...one!, rounds: [...one!.rounds, again] }, two!])
    expect(merged.rounds.length).toBe(WHOLE.rounds.length)
    expect(merged.rounds).toContainEqual(again)
  })

  test('keep both sides and both stages of a comparison', () => {
    const sides = (['old', 'new'] as const).flatMap((arm) => WHOLE.rounds.map((round) => ({ ...round, arm })))
    const confirmation = sides.slice(0, 2).map((round) => ({ ...round, stage: 'confirmation' as const }))
    const compared = { ...WHOLE, rounds: [...sides, ...confirmation] }
    const merged = mergeShards(shards(2, compared))
    expect(merged.rounds.length).toBe(compared.rounds.length)
    expect(new Set(merged.rounds)).toEqual(new Set(compared.rounds))
  })
})

describe('shards of a check', () => {
  const COMPARISON: Comparison = {
    old: { label: 'HEAD', files: [] },
    new: { label: 'the working tree', files: [] },
    pairs: [],
    ...{ rules: [], alpha: 0.05, margin: 0.03, exact: false, confirm: true },
    ...{ virtualRounds: 1, warmupMs: 1, windowMs: 1 },
  }
  const CONTROL = WHOLE.header.cells[0]!

  /** One round of each virtual cell, all of each real one, on both sides, and a control. */
  function checked(index: number, count: number): ShardRecords {
    const whole = shard(index, count)
    const own = whole.rounds.filter(({ cell, round }) => cell.time === 'real' || round === 0)
    const controlled = WHOLE.rounds
      .filter(({ cell }) => cell === CONTROL)
      .map((round) => ({ ...round, control: index }))
    const pairs = [
      ...whole.header.cells.map((cell) => ({ old: cell, new: cell })),
      { old: CONTROL, new: CONTROL, control: index },
    ]
    const rounds = [...controlled, ...own].flatMap((round) =>
      (['new', 'old'] as const).map((arm) => ({ ...round, arm })),
    )
    return withHeader({ ...whole, rounds }, { comparison: { ...COMPARISON, pairs } })
  }

  test('merge to the pairs of the whole check, and after them the control of each shard', () => {
    const { header } = mergeShards([checked(2, 2), checked(1, 2)])
    const controls = [1, 2].map((control) => ({ old: CONTROL, new: CONTROL, control }))
    expect(header.comparison!.pairs).toEqual([
      ...WHOLE.header.cells.map((cell) => ({ old: cell, new: cell })),
      ...controls,
    ])
    expect(header.cells).toEqual(WHOLE.header.cells)
  })

  test('need as many rounds of a virtual cell as the check says, and keep the controls apart', () => {
    const parts = [checked(1, 2), checked(2, 2)]
    const { rounds } = mergeShards(parts)
    expect(rounds.length).toBe(parts[0]!.rounds.length + parts[1]!.rounds.length)
    expect(rounds.findLast(({ control }) => control === undefined)).toBe(
      rounds[rounds.findIndex(({ control }) => control !== undefined) - 1],
    )
    const more = parts.map((part) =>
      withHeader(part, { comparison: { ...part.header.comparison!, virtualRounds: 2 } }),
    )
    expect(refusal(more)).toMatch(/has 1 of 2 rounds of .* · virtual: run it again: npx loopdyno /)
  })

  test.each<[string, Partial<Comparison>, string]>([
    ['chance of an alarm', { alpha: 0.01 }, 'alpha 0.01, not 0.05'],
    ['slowdown', { inject: 0.1 }, 'inject 0.1, not none'],
    ['rule', { rules: [{ metric: '*', level: 'off', threshold: 0 }] }, 'other rules (--max'],
    [
      'old side',
      { old: { label: 'HEAD', files: [{ path: 'a.ts', sha256: 'b' }] } },
      'other code on the old side (HEAD)',
    ],
  ])('are refused where they have another %s', (_, difference, message) => {
    const [one, two] = [checked(1, 2), checked(2, 2)]
    const other = { ...two.header.comparison!, ...difference }
    expect(refusal([one, withHeader(two, { comparison: other })])).toContain(message)
  })

  test('are refused beside a shard of a run', () => {
    expect(refusal([checked(1, 2), shard(2, 2)])).toContain('it has one side, as a run has, not two')
    expect(refusal([shard(1, 2), checked(2, 2)])).toContain('it has two sides, as a check has')
  })
})

describe('shards are refused', () => {
  test.each<[string, object, string]>([
    ['seed', { seed: 7 }, '--seed 7, not 42'],
    ['number of rounds', { rounds: 9 }, '--rounds 9, not 3'],
    ['plan', { plan: 'other' }, 'other contents in the files'],
    ['world', { worldText: 'latency=1ms' }, 'the world latency=1ms, not'],
    ['version', { environment: { ...WHOLE.header.environment, loopdyno: '9.9.9' } }, 'loopdyno 9.9.9, not'],
    [
      'number of shards',
      { shard: { index: 2, count: 3, cells: WHOLE.header.cells } },
      '--shard .../3, not 2',
    ],
    ['cells', { shard: { index: 2, count: 2, cells: [] } }, 'other policies'],
  ])('where they have another %s', (_, header, message) => {
    const [one, two] = shards(2)
    expect(refusal([one!, withHeader(two!, header)])).toContain(
      `'shard-2' is of another run than 'shard-1': it has ${message}`,
    )
  })

  test('where one is missing, or there twice, or no shard at all', () => {
    const [one, two, three] = shards(3)
    expect(refusal([one!, three!])).toContain('Shard 2/3 is missing')
    expect(refusal([one!, two!, three!, { ...two!, name: 'again' }])).toContain(
      "'shard-2' and 'again' are both",
    )
    expect(refusal([withHeader(one!, { shard: undefined })])).toContain("'shard-1' is no shard")
  })

  test('where rounds are missing, with the command that runs them', () => {
    const [one, two] = shards(2)
    const cut = { ...two!, rounds: two!.rounds.slice(1) }
    const message = refusal([one!, cut])
    expect(message).toMatch(/'shard-2' has 2 of 3 rounds of \w+ · .*--shard 2\/2 --time virtual --resume/)
    expect(refusal([one!, { ...two!, rounds: [] }])).toContain('has 0 of 3 rounds')
    expect(refusal([one!, { ...two!, truncated: true }])).toContain("'shard-2' was cut off")
  })

  test('where the new side of a comparison lacks a round; the old one may be of a baseline', () => {
    const sides = WHOLE.rounds.flatMap((round) => [
      { ...round, arm: 'old' as const },
      { ...round, arm: 'new' as const },
    ])
    const without = (arm: 'old' | 'new') => {
      const at = sides.findIndex((round) => round.arm === arm && round.status === 'ok')
      return refusal(shards(1, { ...WHOLE, rounds: sides.toSpliced(at, 1) }))
    }
    expect(without('new')).toContain('has 2 of 3 rounds')
    const control = sides.map((round) => ({ ...round, control: 1 }))
    expect(refusal(shards(1, { ...WHOLE, rounds: control }))).toContain('has 0 of 3 rounds')
    expect(without('old')).toBe('merged')
  })

  test('but not for rounds that a broken one has made needless', () => {
    const ok = WHOLE.rounds.find(({ status }) => status === 'ok')!
    const rounds = WHOLE.rounds.flatMap((round) =>
      round.cell !== ok.cell ? [round] : round === ok ? [{ ...round, status: 'timeout' as const }] : [],
    )
    expect(mergeShards(shards(2, { ...WHOLE, rounds })).rounds.length).toBe(rounds.length)
  })
})

test('machines are compared where real rounds ran, by what their figures depend on', () => {
  const one = shard(1, 1)
  const environment = { ...WHOLE.header.environment, cores: 64, loadAverage: 9 }
  const two = withHeader(one, { environment })
  const virtual = { ...two, rounds: two.rounds.filter(({ cell }) => cell.time === 'virtual') }
  expect(machineDifferences([one, two])).toEqual([expect.stringMatching(/^cores \d+ and 64$/)])
  expect(machineDifferences([one, virtual])).toEqual([])
})
