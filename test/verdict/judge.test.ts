import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../harness/random.ts'
import { type Comparison, cellKey, type RoundRecord, type RunRecords } from '../../harness/records.ts'
import { type CheckReport, checkSchema } from '../../harness/verdict/check-report.ts'
import { judge, suspectsOf } from '../../harness/verdict/judge.ts'
import { DEFAULT_RULES } from '../../harness/verdict/rules.ts'
import { plainCell } from '../reports/fixture.ts'
import {
  type Change,
  metricOf,
  type Pair,
  ROUNDS,
  realPair,
  recordsOf,
  type Sides,
  sidesOf,
} from './sides.ts'

interface Measured {
  readonly pair: Pair
  readonly sides: readonly Sides[]
}

/** A real cell whose cost changes so much, in the first rounds and in fresh ones. */
function real(policy: string, worse: number, fresh?: number, sigma = 0.01): Measured {
  const pair = realPair({ policy })
  const changes = (change: number): Record<string, Change> => ({ 'cpu.perOp': [change, sigma] })
  const again = fresh === undefined ? [] : [sidesOf(pair, changes(fresh), { seed: 2, stage: 'confirmation' })]
  return { pair, sides: [sidesOf(pair, changes(worse)), ...again] }
}

function control(worse: number): Measured {
  const pair = realPair({}, 1)
  return { pair, sides: [sidesOf(pair, { 'cpu.perOp': [worse] })] }
}

/** A virtual cell of one round with this p99 on each side. */
function virtual(policy: string, old: number, now: number): Measured {
  const cell = plainCell({ policy })
  const pair = { old: cell, new: cell }
  const more = (side: 'old' | 'new'): Partial<RoundRecord> => ({
    digest: side === 'old' ? `${old}` : `${now}`,
    metrics: { 'latency.p99': metricOf('latency.p99', side === 'old' ? old : now) },
  })
  return { pair, sides: [sidesOf(pair, {}, { rounds: 1, more })] }
}

function judgeAll(cells: readonly Measured[], comparison: Partial<Comparison> = {}): CheckReport {
  return judge(recordsOf(cells, comparison))
}

/** Of the new side. */
function without(records: RunRecords, drop: (round: RoundRecord) => boolean): RunRecords {
  return { ...records, rounds: records.rounds.filter((round) => !drop(round)) }
}

describe('the verdict of a check', () => {
  test('is a report by the schema, the same bytes for the same records', () => {
    const records = recordsOf([real('a', 0), real('b', 0.2, 0.2), virtual('c', 100, 100), control(0)])
    const report = judge(records)
    expect(checkSchema.parse(report)).toEqual(report)
    expect(JSON.stringify(judge(structuredClone(records)))).toBe(JSON.stringify(report))
    expect(report).toMatchObject({ schema: 1, complete: true, seed: 42, rounds: ROUNDS, family: 2 })
  })

  test('depends neither on the order of records nor on that of cells', () => {
    const cells = [real('a', 0.2, 0.2), real('b', 0.2, 0.2), real('c', 0), virtual('d', 100, 120), control(0)]
    const records = recordsOf(cells)
    const { headline, verdict, cells: expected } = judge(records)
    const byKey = ({ cells: all }: Pick<CheckReport, 'cells'>) =>
      all
        .map((cell) => [`${cellKey(cell.cell)} ${cell.control}`, cell] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed)
        const shuffled = recordsOf(random.shuffle([...cells]))
        const report = judge({ ...shuffled, rounds: random.shuffle([...records.rounds]) })
        expect({ headline: report.headline, verdict: report.verdict }).toEqual({ headline, verdict })
        expect(byKey(report)).toEqual(byKey({ cells: expected }))
      }),
      { numRuns: 3, seed: 1 },
    )
  })

  test('is that of the worst cell, and the control is none of them', () => {
    const still = real('a', 0)
    const worse = real('b', 0.2, 0.2)
    const better = real('c', -0.2)
    const unclear = real('d', 0.2, 0)
    const verdictOf = (...cells: Measured[]) => judgeAll(cells).verdict
    expect(verdictOf(still, control(0))).toBe('pass')
    expect(verdictOf(still, better)).toBe('improvement')
    expect(verdictOf(still, better, unclear)).toBe('inconclusive')
    expect(verdictOf(worse, better, unclear)).toBe('regression')
    expect(verdictOf(still, control(0.3))).toBe('pass')
    expect(verdictOf(worse, control(0.3))).toBe('inconclusive')
  })

  test('of two clocks counts both', () => {
    const { cells, verdict } = judgeAll([real('a', 0), virtual('b', 100, 120), virtual('c', 100, 100)])
    expect(cells.map((cell) => cell.verdict)).toEqual(['pass', 'regression', 'pass'])
    expect(verdict).toBe('regression')
    expect(cells[0]).not.toHaveProperty('exact')
    expect(cells[1]!.exact).toMatchObject({ same: false })
  })

  test('counts the last record of a round that is there twice', () => {
    const records = recordsOf([real('a', 0)])
    const broken = { ...records.rounds[0]!, status: 'failed', reason: 'once' } as RoundRecord
    expect(judge({ ...records, rounds: [broken, ...records.rounds] }).verdict).toBe('pass')
    expect(judge({ ...records, rounds: [...records.rounds, broken] }).verdict).toBe('failed')
  })

  test('needs the records of a comparison', () => {
    const { header, rounds } = recordsOf([real('a', 0)])
    const { comparison: _, ...run } = header
    expect(() => judge({ header: run, rounds })).toThrow('These are not the records of a comparison')
  })

  test('tells of rules that no cell has a metric for, and repeats what was noted before', () => {
    const rules = [...DEFAULT_RULES, { metric: 'cpu.perop', level: 'error' as const, threshold: 0.1 }]
    const records = recordsOf([real('a', 0)], { rules })
    const { notes } = judge({ ...records, header: { ...records.header, notes: ['A dirty tree'] } })
    expect(notes).toEqual(['A dirty tree', "No cell has a metric that the rule 'cpu.perop' is about"])
  })

  test('has the reason why it is contaminated, and only then', () => {
    expect(judgeAll([real('a', 0), control(0.3)]).contaminated).toMatch(/^The control cell/)
    expect(judgeAll([real('a', 0), control(0)])).not.toHaveProperty('contaminated')
  })
})

describe('the headline', () => {
  const of = (...cells: Measured[]) => judgeAll(cells).headline

  test('of a pass says how small a slowdown would have been seen, in the noisiest cell', () => {
    const headline = of(real('a', 0, undefined, 0.002), real('b', 0), control(0))
    expect(headline).toMatch(
      /^Nothing is worse than allowed in 2 cells; in real time a slowdown of [34](\.\d)? % in cpu\.perOp would have been seen$/,
    )
    expect(of(virtual('a', 1, 1))).toBe('Nothing is worse than allowed in the one cell')
  })

  test('of anything else counts the cells and names the one that changed most', () => {
    expect(of(real('a', 0.2, 0.1), real('b', 0.2, 0.2), real('c', 0))).toMatch(
      /^2 of 3 cells are worse: web · b: cpu\.perOp is (20|19(\.\d)?|2\d(\.\d)?) % worse/,
    )
    expect(of(real('a', -0.2), real('c', 0))).toMatch(/^1 of 2 cells is better, and none is worse: web · a: /)
    expect(of(real('a', 0.2, 0))).toMatch(/^1 of 1 cell cannot be told: web · a: cpu\.perOp looked worse/)
  })

  test('of what could not be compared says why', () => {
    const pair = realPair({ policy: 'a' })
    const more = (side: 'old' | 'new'): Partial<RoundRecord> =>
      side === 'new' ? { status: 'timeout', reason: 'did not end' } : {}
    const broken = { pair, sides: [sidesOf(pair, {}, { rounds: 1, more })] }
    expect(of(broken, real('b', 0))).toBe(
      '1 of 2 cells could not be compared: web · a: the new side broke down (timeout): did not end',
    )
  })
})

describe('a check', () => {
  const finished = recordsOf([real('a', 0.2, 0.2), virtual('b', 1, 1), control(0)])

  test('that was cut short says so', () => {
    const cut = judge(without(finished, ({ round, stage }) => round > 10 && stage === undefined))
    expect(cut.complete).toBe(false)
    expect(cut.headline).toMatch(/^Stopped early\. /)
    expect(judge(finished)).toMatchObject({ complete: true, verdict: 'regression' })
  })

  test.each([
    ['before it looked again', (round: RoundRecord) => round.stage === 'confirmation'],
    ['while it looked again', (round: RoundRecord) => round.stage === 'confirmation' && round.round > 6],
    ['before its virtual cells', ({ cell }: RoundRecord) => cell.time === 'virtual'],
  ])('is not complete where it ended %s', (_, drop) => {
    expect(judge(without(finished, drop)).complete).toBe(false)
  })

  test('is complete where a cell broke down, which decides it', () => {
    const rounds = without(finished, ({ cell, round }) => cell.time === 'real' && round > 10).rounds
    const broken = rounds.map((each) =>
      each.round === 10 && each.arm === 'new' ? { ...each, status: 'failed' as const, metrics: {} } : each,
    )
    const report = judge({ ...finished, rounds: broken })
    expect(report.verdict).toBe('failed')
    expect(report.complete).toBe(true)
  })

  test('looks again at what looks worse and has not been looked at, and at no control', () => {
    const cells = [real('a', 0.2), real('b', 0), real('c', 0.2, 0), control(0.3)]
    const records = recordsOf(cells)
    expect(suspectsOf(records)).toEqual([cells[0]!.pair])
    expect(suspectsOf(without(records, ({ stage }) => stage !== undefined))).toEqual([
      cells[0]!.pair,
      cells[2]!.pair,
    ])
  })
})
