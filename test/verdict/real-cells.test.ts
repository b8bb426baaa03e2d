import { describe, expect, test } from 'vitest'
import type { Rule } from '../../harness/records.ts'
import type { CellVerdict } from '../../harness/verdict/check-report.ts'
import { judgeReal, worstOf } from '../../harness/verdict/real-cells.ts'
import type { RealPair, RealSettings } from '../../harness/verdict/real-tests.ts'
import { DEFAULT_RULES } from '../../harness/verdict/rules.ts'
import { type Change, type Pair, ROUNDS, realPair, type Sides, type SidesOptions, sidesOf } from './sides.ts'

const SETTINGS: RealSettings = { rules: DEFAULT_RULES, alpha: 0.05, margin: 0.03, confirm: true, seed: 1 }
const NOTHING: Sides = { old: [], new: [] }
const STILL: Change = [0]

type Changes = Readonly<Record<string, Change>>

function measured(pair: Pair, first: Sides, fresh: Sides = NOTHING): RealPair {
  return { pair, old: first.old, new: first.new, freshOld: fresh.old, freshNew: fresh.new }
}

/** Fresh rounds where they are given. */
function cellOf(first: Changes, fresh?: Changes, pair = realPair(), options: SidesOptions = {}): RealPair {
  const again = fresh && sidesOf(pair, fresh, { seed: 2, stage: 'confirmation' })
  return measured(pair, sidesOf(pair, first, options), again)
}

function cost(change: number, sigma?: number): Changes {
  return { 'cpu.perOp': [change, sigma] }
}

function both(change: number): Changes {
  return { ...cost(change), throughput: STILL }
}

function judgeAll(pairs: readonly RealPair[], settings: Partial<RealSettings> = {}) {
  const { cells, ...rest } = judgeReal(pairs, { ...SETTINGS, ...settings })
  return { ...rest, cells: pairs.map(({ pair }) => cells.get(pair)!) }
}

function judgeOne(pair: RealPair, settings: Partial<RealSettings> = {}): CellVerdict {
  return judgeAll([pair], settings).cells[0]!
}

function metric({ metrics }: CellVerdict, name: string) {
  return metrics.find((each) => each.metric === name)!
}

describe('a cell in real time', () => {
  test('passes where nothing is worse, and says what would have been seen', () => {
    const cell = judgeOne(cellOf(both(0)))
    expect(cell).toMatchObject({ verdict: 'pass', control: false, rounds: ROUNDS })
    expect(cell.reason).toMatch(
      /^nothing is worse; [34](\.\d)? % in cpu\.perOp and [34](\.\d)? % in throughput would have been seen$/,
    )
    expect(cell).not.toHaveProperty('oldCell')
  })

  test('is a regression where fresh rounds say so again, and has their figures', () => {
    const cell = judgeOne(cellOf(both(0.12), both(0.08)))
    expect(cell.verdict).toBe('regression')
    expect(cell.reason).toMatch(
      /^cpu\.perOp is [78]\.\d % worse \(95 % interval \+\S+ … \+\S+ %\), beyond the threshold of 5 %, and fresh rounds said so again$/,
    )
    const { worse, confirmed, adjustedP, p, threshold } = metric(cell, 'cpu.perOp')
    expect(worse).toBeCloseTo(0.08, 2)
    expect({ confirmed, threshold }).toEqual({ confirmed: true, threshold: 0.05 })
    // Of both looks, in two tests.
    expect(adjustedP).toBeCloseTo(2 * p! ** 2, 12)
  })

  test('is worse also where more is better and there is less', () => {
    const changes = { 'cpu.perOp': STILL, throughput: [0.2] } as const
    const cell = judgeOne(cellOf(changes, changes))
    expect(cell.verdict).toBe('regression')
    const { worse, old, new: now } = metric(cell, 'throughput')
    expect(worse).toBeCloseTo(0.2, 1)
    expect(now).toBeLessThan(old)
  })

  test('says where the estimate lies below the threshold that is not ruled out', () => {
    const changes = cost(0.045, 0.012)
    const cell = judgeOne(cellOf(changes), { confirm: false })
    expect(cell.verdict).toBe('regression')
    expect(metric(cell, 'cpu.perOp').worse).toBeLessThan(0.05)
    expect(cell.reason).toMatch(/, and perhaps beyond the threshold of 5 %$/)
  })

  test('passes and says so where it is worse by what the threshold allows', () => {
    const cell = judgeOne(cellOf(cost(0.04, 0.002)))
    expect(cell.verdict).toBe('pass')
    expect(cell.reason).toMatch(
      /^cpu\.perOp is 4(\.1)? % worse \(.*\), and the threshold of 5 % allows that$/,
    )
  })

  test('is inconclusive where fresh rounds do not say so', () => {
    const { cells, suspects } = judgeAll([cellOf(cost(0.12), cost(0))])
    expect(cells[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: 'cpu.perOp looked worse, and fresh rounds did not say so again',
    })
    expect(metric(cells[0]!, 'cpu.perOp')).toMatchObject({ confirmed: false })
    expect(metric(cells[0]!, 'cpu.perOp')).not.toHaveProperty('moreRounds')
    expect(suspects).toHaveLength(1)
  })

  test('is inconclusive where there are no fresh rounds, and is to be looked at again', () => {
    const suspect = cellOf(cost(0.12))
    const { cells, suspects } = judgeAll([cellOf(cost(0), undefined, realPair({ policy: 'edf' })), suspect])
    expect(cells[1]!.verdict).toBe('inconclusive')
    expect(cells[1]!.reason).toMatch(/worse, and was not looked at again$/)
    expect(metric(cells[1]!, 'cpu.perOp')).not.toHaveProperty('confirmed')
    expect(suspects).toEqual([suspect])
  })

  test('is a regression at once where nothing is to be confirmed', () => {
    const cell = judgeOne(cellOf(cost(0.12)), { confirm: false })
    expect(cell.verdict).toBe('regression')
    expect(cell.reason).toMatch(/beyond the threshold of 5 %$/)
  })

  test.each(['old', 'new'] as const)(
    'is not confirmed by fresh rounds of which the %s side broke down',
    (side) => {
      const pair = realPair()
      for (const broken of [0, ROUNDS - 1]) {
        const fresh = sidesOf(pair, cost(0.12), {
          stage: 'confirmation',
          more: (own, round) =>
            own === side && round === broken ? { status: 'timeout', reason: 'too slow' } : {},
        })
        const cell = judgeOne(measured(pair, sidesOf(pair, cost(0.12)), fresh))
        expect(cell.verdict).toBe('inconclusive')
        expect(cell.reason).toMatch(
          new RegExp(
            `worse, and could not be looked at again: the ${side} side broke down \\(timeout\\): too slow$`,
          ),
        )
        expect(metric(cell, 'cpu.perOp')).not.toHaveProperty('confirmed')
      }
    },
  )

  test('is better where it is better by as much as would be worse', () => {
    const cell = judgeOne(cellOf(cost(-0.12)))
    expect(cell.verdict).toBe('improvement')
    expect(cell.reason).toMatch(/^cpu\.perOp is 1[12](\.\d)? % better \(95 % interval −\S+ … −\S+ %\)$/)
  })

  test('is inconclusive where the rounds are too noisy, and says how many more would settle it', () => {
    const cell = judgeOne(cellOf(cost(0, 0.05)))
    expect(cell.verdict).toBe('inconclusive')
    const { detectable, moreRounds } = metric(cell, 'cpu.perOp')
    expect(detectable).toBeGreaterThan(0.05)
    expect(cell.reason).toContain(
      `or more in cpu.perOp would have been seen: ${moreRounds} more rounds would settle it`,
    )
  })

  test('is inconclusive where so few rounds could not tell anything', () => {
    const cell = judgeOne(cellOf(cost(1), undefined, realPair(), { rounds: 3 }))
    expect(cell.verdict).toBe('inconclusive')
    expect(cell.reason).toMatch(/^too noisy: so few rounds cannot tell anything of cpu\.perOp/)
    expect(metric(cell, 'cpu.perOp')).not.toHaveProperty('detectable')
  })

  test.each(['old', 'new'] as const)('failed where a round of the %s side broke down', (side) => {
    const more: SidesOptions['more'] = (own, round) =>
      own === side && round === 7 ? { status: 'failed', reason: 'ran out of memory', metrics: {} } : {}
    const cell = judgeOne(cellOf(cost(0), undefined, realPair(), { more }))
    expect(cell).toMatchObject({
      verdict: 'failed',
      reason: `the ${side} side broke down (failed): ran out of memory`,
      metrics: [],
    })
  })

  test('failed where the sides have no round in common', () => {
    const pair = realPair()
    const { old, new: now } = sidesOf(pair)
    expect(judgeOne(measured(pair, { old: old.slice(0, 5), new: now.slice(5) }))).toMatchObject({
      verdict: 'failed',
      reason: 'there is no round that both sides have',
    })
  })

  test('names the other cell where two policies are compared', () => {
    const pair = { old: realPair({ policy: 'old.ts' }).new, new: realPair({ policy: 'new.ts' }).new }
    const cell = judgeOne(cellOf(cost(0), undefined, pair))
    expect(cell).toMatchObject({ oldCell: { policy: 'old.ts' }, cell: { policy: 'new.ts' } })
  })
})

describe('what is gated', () => {
  const gate = (name: string, level: Rule['level'] = 'error'): Rule[] => [
    ...DEFAULT_RULES,
    { metric: name, level, threshold: 0.05 },
  ]

  test('cannot be judged where a value is not above zero', () => {
    const pair = realPair()
    const { old, new: now } = sidesOf(pair)
    const first = {
      ...old[3]!,
      metrics: { ...old[3]!.metrics, throughput: { ...old[3]!.metrics.throughput!, value: 0 } },
    }
    const cell = judgeOne(measured(pair, { old: old.with(3, first), new: now }))
    expect(cell.verdict).toBe('inconclusive')
    expect(cell.reason).toBe(
      'throughput cannot be judged: a ratio needs values above zero, and not all rounds have one',
    )
    expect(metric(cell, 'throughput')).toMatchObject({ level: 'error', p: 1 })
    expect(metric(cell, 'throughput')).not.toHaveProperty('worse')
  })

  test('cannot be judged where neither side is better, if it is named', () => {
    const changes = { ...cost(0), 'cpu.total': [0.5] } as const
    const cell = judgeOne(cellOf(changes), { rules: gate('cpu.total') })
    expect(cell).toMatchObject({
      verdict: 'inconclusive',
      reason: 'cpu.total cannot be judged: neither more nor less of it is better',
    })
    const all = judgeOne(cellOf(changes), { rules: gate('*') })
    expect(all.verdict).toBe('pass')
    expect(metric(all, 'cpu.total').level).toBe('off')
  })

  test('cannot be judged where not all rounds have it', () => {
    const pair = realPair()
    const { old, new: now } = sidesOf(pair)
    const without = now.map((each) => ({ ...each, metrics: { 'cpu.perOp': each.metrics['cpu.perOp']! } }))
    for (const rounds of [without, [...now.slice(0, -1), without.at(-1)!]]) {
      expect(judgeOne(measured(pair, { old, new: rounds }))).toMatchObject({
        verdict: 'inconclusive',
        reason: 'throughput cannot be judged: not all rounds of both sides have it',
      })
    }
    const off = judgeOne(measured(pair, { old, new: without }), { rules: gate('throughput', 'off') })
    expect(off.verdict).toBe('pass')
  })

  test('stands before what warns, and that before what is only reported', () => {
    const changes = { ...both(0), 'loop.turns': STILL, 'wait.p50': STILL, 'a.p50': STILL } as const
    const cell = judgeOne(cellOf(changes), { rules: gate('wait.p50', 'warn') })
    expect(cell.metrics.map((each) => [each.metric, each.level])).toEqual([
      ['cpu.perOp', 'error'],
      ['throughput', 'error'],
      ['wait.p50', 'warn'],
      ['a.p50', 'off'],
      ['loop.turns', 'off'],
    ])
    expect(metric(cell, 'a.p50')).not.toHaveProperty('p')
    expect(metric(cell, 'a.p50')).toHaveProperty('worse')
  })

  test('is all that decides: a warning has a verdict of its own, in a family of its own', () => {
    const changes = { ...cost(0), 'wait.p50': [0.5] } as const
    const { cells, family, suspects } = judgeAll([cellOf(changes, changes)], {
      rules: gate('wait.p50', 'warn'),
    })
    expect(cells[0]!.verdict).toBe('pass')
    expect(family).toBe(1)
    const { verdict, adjustedP, p } = metric(cells[0]!, 'wait.p50')
    expect(verdict).toBe('regression')
    expect(adjustedP).toBe(p! ** 2)
    expect(suspects).toHaveLength(1)
  })

  test('may be nothing at all', () => {
    const cell = judgeOne(cellOf({ 'wait.p50': [3] }))
    expect(cell).toMatchObject({
      verdict: 'pass',
      reason: 'no metric of this cell is to be judged: they are reported only',
    })
  })

  test('is one family over all cells but the controls and the failed', () => {
    const failing: SidesOptions = { more: () => ({ status: 'failed' }) }
    const { family } = judgeAll([
      cellOf(cost(0), undefined, realPair({ policy: 'a' })),
      cellOf(cost(0), undefined, realPair({ policy: 'b' })),
      cellOf(cost(0), undefined, realPair({ policy: 'c' }), failing),
      cellOf(cost(0), undefined, realPair({}, 1)),
    ])
    expect(family).toBe(2)
  })
})

describe('the control', () => {
  const control = (changes: Changes) => cellOf(changes, undefined, realPair({}, 1))
  const worse = cellOf(cost(0.12), cost(0.12), realPair({ policy: 'a' }))
  const better = cellOf(cost(-0.12), undefined, realPair({ policy: 'b' }))
  const still = cellOf(cost(0), undefined, realPair({ policy: 'c' }))

  test('that moves makes what is worse and what is better inconclusive', () => {
    for (const moved of [0.12, -0.12]) {
      const { cells, contaminated, suspects } = judgeAll([worse, better, still, control(cost(moved))])
      expect(cells.map(({ verdict }) => verdict)).toEqual([
        'inconclusive',
        'inconclusive',
        'pass',
        'inconclusive',
      ])
      expect(contaminated).toMatch(
        /^The control cell \(fifo on web\), which is the same code on both sides, moved by 1\d(\.\d)? % in cpu\.perOp/,
      )
      expect(cells[0]!.reason).toMatch(/worse, but the control cell moved as well$/)
      expect(cells[1]!.reason).toMatch(/better, but the control cell moved as well$/)
      expect(cells[3]!.reason).toMatch(/, and is the same code on both sides$/)
      expect(suspects).toEqual([worse])
    }
  })

  test('that stays changes nothing', () => {
    const { cells, contaminated } = judgeAll([worse, better, still, control(cost(0))])
    expect(cells.map(({ verdict }) => verdict)).toEqual(['regression', 'improvement', 'pass', 'pass'])
    expect(contaminated).toBeUndefined()
    expect(cells[3]!.control).toBe(true)
  })

  test('is never called worse, and is not looked at again', () => {
    const { cells, suspects } = judgeAll([control(cost(0.3))], { confirm: false })
    expect(cells[0]!.verdict).toBe('inconclusive')
    expect(suspects).toEqual([])
  })
})

test('the verdict of several is that of the worst', () => {
  expect(worstOf(['pass', 'improvement'])).toBe('improvement')
  expect(worstOf(['improvement', 'inconclusive', 'pass'])).toBe('inconclusive')
  expect(worstOf(['inconclusive', 'regression'])).toBe('regression')
  expect(worstOf(['failed', 'regression'])).toBe('failed')
  expect(worstOf([])).toBe('pass')
})
