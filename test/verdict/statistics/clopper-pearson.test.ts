import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clopperPearson, upperBound } from '../../../harness/verdict/statistics/clopper-pearson.ts'

/** The chance of exactly k successes of n, by products. */
function chance(k: number, n: number, share: number): number {
  let result = (1 - share) ** (n - k)
  for (let i = 1; i <= k; i++) result *= ((n - k + i) / i) * share
  return result
}

const shares = Array.from({ length: 49 }, (_, i) => (i + 1) / 50)

describe('exact bounds of a share', () => {
  test.each([
    // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 5.
    [81, 263, 0.2527, 0.3676],
    [15, 148, 0.0578, 0.1617],
    [0, 20, 0, 0.1684],
    [1, 29, 0.0009, 0.1776],
  ])('are those of the literature for %i of %i', (successes, trials, low, high) => {
    const interval = clopperPearson(successes, trials)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })

  test('have a closed form where nothing or everything succeeded', () => {
    for (const trials of [1, 10, 1000, 1e6]) {
      expect(clopperPearson(0, trials)).toEqual({
        low: 0,
        high: expect.closeTo(1 - 0.025 ** (1 / trials), 12),
      })
      expect(clopperPearson(trials, trials)).toEqual({
        low: expect.closeTo(0.025 ** (1 / trials), 12),
        high: 1,
      })
      expect(upperBound(0, trials)).toBeCloseTo(1 - 0.05 ** (1 / trials), 12)
    }
  })

  test.each([1, 5, 12, 20])(
    'cover every share as often as they say in %i trials, by enumeration',
    (trials) => {
      for (const confidence of [0.8, 0.95]) {
        const intervals = Array.from({ length: trials + 1 }, (_, k) => clopperPearson(k, trials, confidence))
        const bounds = Array.from({ length: trials + 1 }, (_, k) => upperBound(k, trials, confidence))
        for (const share of shares) {
          const covered = (holds: (k: number) => boolean) =>
            intervals.reduce((sum, _, k) => (holds(k) ? sum + chance(k, trials, share) : sum), 0)
          const both = covered((k) => intervals[k]!.low <= share && share <= intervals[k]!.high)
          expect(both).toBeGreaterThanOrEqual(confidence - 1e-12)
          expect(covered((k) => share <= bounds[k]!)).toBeGreaterThanOrEqual(confidence - 1e-12)
        }
      }
    },
  )

  test('are no wider than they must be: at the bound the tail is what it may be', () => {
    for (const [k, trials] of [
      [3, 20],
      [10, 40],
      [39, 40],
    ] as const) {
      const { low, high } = clopperPearson(k, trials)
      let atMost = 0
      for (let i = 0; i <= k; i++) atMost += chance(i, trials, high)
      let atLeast = 0
      for (let i = k; i <= trials; i++) atLeast += chance(i, trials, low)
      expect(atMost).toBeCloseTo(0.025, 10)
      expect(atLeast).toBeCloseTo(0.025, 10)
    }
  })

  test('mirror each other and hold the share seen', () => {
    const counts = fc
      .integer({ min: 1, max: 5000 })
      .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const { low, high } = clopperPearson(successes, trials)
        const mirrored = clopperPearson(trials - successes, trials)
        expect(low <= successes / trials && successes / trials <= high).toBe(true)
        expect(mirrored.low).toBeCloseTo(1 - high, 12)
        expect(upperBound(successes, trials)).toBeLessThanOrEqual(high)
      }),
    )
  })

  test('are refused for counts that cannot be', () => {
    expect(() => clopperPearson(0, 0)).toThrow('The number of trials must be a whole number from 1')
    expect(() => clopperPearson(3, 2)).toThrow(RangeError)
    expect(() => clopperPearson(-1, 2)).toThrow(RangeError)
    expect(() => clopperPearson(0.5, 2)).toThrow(RangeError)
    expect(() => clopperPearson(NaN, 2)).toThrow(RangeError)
    expect(() => upperBound(1, 2, 1)).toThrow('The confidence must lie between 0 and 1, got 1')
  })
})
