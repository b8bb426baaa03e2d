import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricValue } from '../../harness/contracts.ts'
import { Histogram } from '../../harness/histogram.ts'
import { createRandom } from '../../harness/random.ts'
import type { RoundRecord } from '../../harness/records.ts'
import { estimate, estimateWithInterval, pairRounds } from '../../harness/verdict/paired.ts'
import { plainRound } from '../reports/fixture.ts'
import { metricOf, realCell, realPair, sidesOf } from './sides.ts'

function rounds(
  values: readonly (number | undefined)[],
  name = 'cpu.perOp',
  more: Partial<MetricValue> = {},
) {
  return values.map((value, round): RoundRecord => {
    const metrics = value === undefined ? {} : { [name]: { ...metricOf(name, value), ...more } }
    return plainRound(realCell(), round, { metrics })
  })
}

function differencesOf(old: readonly number[], now: readonly number[], name = 'cpu.perOp') {
  return pairRounds(rounds(old, name), rounds(now, name)).metrics[0]!.differences
}

describe('rounds of two sides', () => {
  test('are matched by number, whatever order they are in', () => {
    const { old, new: now } = sidesOf(realPair(), { 'cpu.perOp': [0.1] })
    const expected = pairRounds(old, now)
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed)
        expect(pairRounds(random.shuffle([...old]), random.shuffle([...now]))).toEqual(expected)
      }),
      { numRuns: 20, seed: 1 },
    )
  })

  test('that one side alone has do not count', () => {
    const { rounds: count, metrics } = pairRounds(rounds([1, 2, 3]).slice(1), rounds([2, 4, 9, 5]))
    expect(count).toBe(2)
    expect(metrics[0]!.differences).toEqual([Math.log(2), Math.log(3)])
  })

  test('differ by the logarithm of their ratio, positive where the new side is worse', () => {
    expect(differencesOf([100], [110])).toEqual([Math.log(1.1)])
    expect(differencesOf([100], [110], 'throughput')).toEqual([-Math.log(1.1)])
    expect(differencesOf([110], [100], 'throughput')[0]).toBeGreaterThan(0)
  })

  test.each([
    ['zero on one side', [0, 1], [1, 1]],
    ['zero on the other', [1, 1], [0, 1]],
    ['negative', [-1, 1], [1, 1]],
  ])('have no differences where a value that moved is %s', (_, old, now) => {
    expect(differencesOf(old, now)).toEqual([])
  })

  test('have no differences in what is neither better nor worse', () => {
    expect(differencesOf([1, 2], [2, 3], 'cpu.total')).toEqual([])
  })

  test('do not differ where both have nothing', () => {
    expect(differencesOf([0, 2], [0, 2])).toEqual([0, 0])
  })

  test('have gaps where some measured what others did not, or in another way', () => {
    const gaps = (old: RoundRecord[], now: RoundRecord[]) => pairRounds(old, now).gaps.map(({ name }) => name)
    expect(gaps(rounds([1, 2]), rounds([1, undefined]))).toEqual(['cpu.perOp'])
    expect(gaps(rounds([undefined, 2]), rounds([1, 2]))).toEqual(['cpu.perOp'])
    expect(gaps(rounds([1, 2]), rounds([1, 2], 'cpu.perOp', { unit: 'count' }))).toEqual(['cpu.perOp'])
    expect(gaps(rounds([1, 2]), rounds([1, 2], 'cpu.perOp', { better: 'higher' }))).toEqual(['cpu.perOp'])
    expect(pairRounds(rounds([1, 2]), rounds([1, undefined])).metrics).toEqual([])
    expect(gaps(rounds([1, 2]), rounds([1, 2]))).toEqual([])
  })

  test('have the statistics of their histograms as well', () => {
    const histogram = Histogram.create()
    histogram.record(1000)
    const each = plainRound(realCell(), 0, { histograms: { wait: histogram.encode() } })
    const names = pairRounds([each], [each]).metrics.map(({ name }) => name)
    expect(names).toContain('wait.p99')
  })
})

describe('an estimate', () => {
  const [metric] = pairRounds(
    ...(Object.values(sidesOf(realPair(), { 'cpu.perOp': [0.1, 0.02] })) as never as [
      RoundRecord[],
      RoundRecord[],
    ]),
  ).metrics

  test('is the share by which the new side is worse, with the interval about it', () => {
    const { worse, low, high, old, new: now } = estimateWithInterval(metric!, 1)
    expect(worse).toBeGreaterThan(0.08)
    expect(worse).toBeLessThan(0.12)
    expect(low).toBeLessThan(worse!)
    expect(high).toBeGreaterThan(worse!)
    expect(now).toBeGreaterThan(old)
    expect(estimate(metric!)).toEqual({ old, new: now, worse })
  })

  test('has medians alone where the sides cannot be compared', () => {
    const [total] = pairRounds(rounds([1, 2, 9], 'cpu.total'), rounds([3, 4, 5], 'cpu.total')).metrics
    expect(estimateWithInterval(total!, 1)).toEqual({ old: 2, new: 4 })
  })
})
