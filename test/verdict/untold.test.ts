import { describe, expect, test } from 'vitest'
import type { Cell, RoundRecord, RunRecords } from '../../harness/records.ts'
import { judge, suspectsOf } from '../../harness/verdict/judge.ts'
import { headerOf, plainRound } from '../reports/fixture.ts'

const REAL: Cell = { policy: 'fifo', selector: 'epoll', time: 'real', scenario: 'web', params: {} }
const VIRTUAL: Cell = { ...REAL, selector: 'simulated', time: 'virtual' }
const OTHER: Cell = { ...VIRTUAL, policy: 'edf' }
const ROUNDS = 10

interface Side {
  readonly cell?: Cell
  readonly cost?: number
  readonly stage?: 'confirmation'
  readonly more?: Partial<RoundRecord>
}

/** Rounds that cost about the same each. */
function rounds(arm: 'old' | 'new', count: number, { cell = REAL, cost = 100, stage, more }: Side = {}) {
  return Array.from({ length: count }, (_, round) =>
    plainRound(cell, round, {
      arm,
      ...(stage && { stage }),
      metrics: { 'cpu.perOp': { value: cost + (round % 3) / 10, unit: 'ns', better: 'lower' } },
      ...(cell.time === 'virtual' && { digest: `${cost}` }),
      ...more,
    }),
  )
}

function checked(cells: readonly Cell[], ...recorded: (readonly RoundRecord[])[]): RunRecords {
  const comparison = {
    ...{ old: { label: 'old', files: [] }, new: { label: 'new', files: [] } },
    pairs: cells.map((cell) => ({ old: cell, new: cell })),
    rules: [{ metric: 'cpu.perOp', level: 'error' as const, threshold: 0.05 }],
    ...{ alpha: 0.05, margin: 0.03, exact: false, confirm: true },
    ...{ virtualRounds: 2, warmupMs: 1, windowMs: 1 },
  }
  const header = headerOf(['fifo', 'edf'], cells, ROUNDS)
  return { header: { ...header, comparison }, rounds: recorded.flat() }
}

describe('a check that was stopped', () => {
  test('calls a cell that was never run inconclusive, not failed', () => {
    const report = judge(checked([REAL, VIRTUAL]))
    expect(report).toMatchObject({ verdict: 'inconclusive', complete: false })
    expect(report.headline).toMatch(
      /^Stopped early\. 2 of 2 cells cannot be told: .*Stopped before it was run$/,
    )
    expect(report.cells.map(({ reason }) => reason)).toEqual(Array(2).fill('Stopped before it was run'))
  })

  test('calls nothing better or worse in real time before all rounds are there, and none that the old side lacks', () => {
    const [cell] = judge(checked([REAL], rounds('old', ROUNDS), rounds('new', 9))).cells
    expect(cell).toMatchObject({
      verdict: 'inconclusive',
      reason: 'Stopped after 9 of 10 rounds: too few to tell',
    })
    const lacking = judge(checked([REAL], rounds('old', 0), rounds('new', ROUNDS)))
    expect([lacking.complete, lacking.cells[0]!.reason]).toEqual([false, 'Stopped before it was run'])
    expect(judge(checked([REAL], rounds('old', ROUNDS), rounds('new', ROUNDS)))).toMatchObject({
      verdict: 'pass',
      complete: true,
    })
  })

  test('keeps what one virtual round proves, and what broke down', () => {
    const virtual = { cell: VIRTUAL }
    const worse = checked([VIRTUAL], rounds('old', 2, virtual), rounds('new', 1, { ...virtual, cost: 200 }))
    expect(judge(worse)).toMatchObject({ verdict: 'regression', complete: false })
    const same = checked([VIRTUAL], rounds('old', 2, virtual), rounds('new', 1, virtual))
    expect(judge(same)).toMatchObject({ verdict: 'inconclusive', complete: false })
    const more = { status: 'failed' as const, reason: 'broken', metrics: {} }
    const broken = checked([VIRTUAL], rounds('old', 1, virtual), rounds('new', 1, { ...virtual, more }))
    expect(judge(broken).verdict).toBe('failed')
  })

  test('does not count fresh rounds of which some are missing', () => {
    const first = [rounds('old', ROUNDS), rounds('new', ROUNDS, { cost: 150 })]
    const fresh = (count: number) => [
      rounds('old', count, { stage: 'confirmation' }),
      rounds('new', count, { cost: 150, stage: 'confirmation' }),
    ]
    const cut = checked([REAL], ...first, ...fresh(ROUNDS - 1))
    expect(judge(cut)).toMatchObject({ verdict: 'inconclusive', complete: false })
    expect(judge(cut).cells[0]!.reason).toContain('was not looked at again')
    expect(suspectsOf(cut)).toHaveLength(1)
    expect(judge(checked([REAL], ...first, ...fresh(ROUNDS)))).toMatchObject({
      verdict: 'regression',
      complete: true,
    })
  })
})

describe('a cell that cannot run here', () => {
  const more = { status: 'unavailable' as const, reason: 'no epoll', metrics: {}, digest: undefined }
  const idle = (arm: 'old' | 'new') => rounds(arm, 1, { cell: OTHER, more })
  const sound = [rounds('old', 2, { cell: VIRTUAL }), rounds('new', 2, { cell: VIRTUAL })]

  test('is told of where another was compared', () => {
    const report = judge(checked([VIRTUAL, OTHER], ...sound, idle('old'), idle('new')))
    expect(report.cells.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['pass', expect.anything()],
      ['inconclusive', 'Not compared, as it is unavailable here: no epoll'],
    ])
    expect(report.complete).toBe(true)
  })

  test('fails where nothing else was compared, or where the old side could', () => {
    expect(judge(checked([OTHER], idle('old'), idle('new'))).verdict).toBe('failed')
    const old = rounds('old', 2, { cell: OTHER })
    expect(judge(checked([VIRTUAL, OTHER], ...sound, old, idle('new'))).verdict).toBe('failed')
  })
})
