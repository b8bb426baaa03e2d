import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../harness/random.ts'
import { criticalRankSum, signedRankP } from '../../../harness/verdict/statistics/signed-rank.ts'
import { cauchy, laplace, normal, sampleOf } from './noise.ts'

/** Small whole numbers: sums and multiples are exact, and many tie. */
const differences = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 12 })
const margin = fc.integer({ min: -20, max: 20 })

/** The definition: over all signs, how often the sum of positive ranks is at least what it is. */
function byEnumeration(values: readonly number[], at: number): number {
  const shifted = values.map((value) => value - at).filter((value) => value !== 0)
  const sizes = shifted.map(Math.abs)
  const rank = (size: number) =>
    sizes.filter((other) => other < size).length + (sizes.filter((other) => other === size).length + 1) / 2
  const ranks = sizes.map(rank)
  const sumOf = (positive: (i: number) => boolean) =>
    ranks.reduce((sum, each, i) => (positive(i) ? sum + each : sum), 0)
  const observed = sumOf((i) => shifted[i]! > 0)
  let reaching = 0
  for (let signs = 0; signs < 2 ** ranks.length; signs++) {
    if (sumOf((i) => ((signs >> i) & 1) === 1) >= observed) reaching++
  }
  return reaching / 2 ** ranks.length
}

describe('the signed-rank test', () => {
  test('gives the p-value of textbooks', () => {
    // M. Hollander & D. A. Wolfe (1973), table 3.1: depression before and after tranquillizers. R's wilcox.test has
    // it as its example: V = 40, p = 0.01953.
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const lower = before.map((value, i) => value - after[i]!)
    expect(signedRankP(lower, 0)).toBe(10 / 2 ** 9)
    // C. Darwin's maize, R. A. Fisher, The Design of Experiments (1935): scipy's manual gives 96 and 0.0206298828125.
    const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    expect(signedRankP(maize, 0)).toBe(0.0206298828125)
  })

  test('is significant at the critical values of tables', () => {
    // F. Wilcoxon & R. A. Wilcox (1964), one-sided: the smaller sum for n = 8, 10, 15, 20 at .05 is 5, 10, 30, 60, and
    // at .01 it is 1, 5, 19, 43. Ours is the larger sum.
    const smaller = (n: number, alpha: number) => (n * (n + 1)) / 2 - criticalRankSum(n, alpha)
    expect([8, 10, 15, 20].map((n) => smaller(n, 0.05))).toEqual([5, 10, 30, 60])
    expect([8, 10, 15, 20].map((n) => smaller(n, 0.01))).toEqual([1, 5, 19, 43])
  })

  test('cannot be significant where all rounds together are not', () => {
    expect(criticalRankSum(4, 0.05)).toBe(Infinity)
    expect(criticalRankSum(5, 0.05)).toBe(15)
    expect(criticalRankSum(5, 2 ** -5)).toBe(15)
  })

  test('counts every assignment of signs, with ties and zeros as well', () => {
    fc.assert(
      fc.property(differences, margin, (values, at) => {
        expect(signedRankP(values, at)).toBe(byEnumeration(values, at))
      }),
      { numRuns: 60 },
    )
  })

  test('does not depend on the unit or on the order', () => {
    fc.assert(
      fc.property(differences, margin, fc.integer({ min: 1, max: 1000 }), (values, at, unit) => {
        const scaled = values.map((value) => value * unit).reverse()
        expect(signedRankP(scaled, at * unit)).toBeCloseTo(signedRankP(values, at), 14)
      }),
    )
  })

  test('finds less against a larger margin, where none drops out', () => {
    fc.assert(
      fc.property(differences, margin, fc.integer({ min: 0, max: 20 }), (values, at, more) => {
        const lower = signedRankP(values, at + 0.5)
        expect(signedRankP(values, at + more + 0.5)).toBeGreaterThanOrEqual(lower - 1e-15)
      }),
    )
  })

  test('halves its p-value with every round that agrees, however many', () => {
    for (const n of [1, 20, 300]) {
      const p = signedRankP(
        Array.from({ length: n }, (_, i) => 1 + i),
        0,
      )
      expect(p).toBe(2 ** -n)
    }
  })

  test('comes near its normal limit at hundreds of rounds', () => {
    const n = 400
    // 1.645 deviations above the mean sum.
    const mean = (n * (n + 1)) / 4
    const critical = criticalRankSum(n, 0.05)
    expect((critical - mean) / Math.sqrt((mean * (2 * n + 1)) / 6)).toBeCloseTo(1.645, 2)
  })

  test('says nothing when no difference is left', () => {
    expect(signedRankP([3, 3], 3)).toBe(1)
  })

  test('refuses what cannot be', () => {
    expect(() => signedRankP([], 0)).toThrow(RangeError)
    expect(() => signedRankP([1, NaN], 0)).toThrow('All differences must be finite numbers, got NaN')
    expect(() => signedRankP([1, Infinity], 0)).toThrow(RangeError)
    expect(() => signedRankP([1], NaN)).toThrow(RangeError)
    expect(() => criticalRankSum(5, 0)).toThrow('The level alpha must lie between 0 and 1, got 0')
  })

  test.each([
    ['normal', normal],
    ['heavy-tailed', laplace],
    ['wild', cauchy],
  ] as const)('raises no more false alarms than it may on %s noise at the margin', (name, noise) => {
    const random = createRandom(5).fork(name)
    const samples = 5000
    const rejected = [0.05, 0.01].map(() => 0)
    for (let i = 0; i < samples; i++) {
      const p = signedRankP(sampleOf(noise, random, 20, 0.03, 0.02), 0.03)
      for (const [k, alpha] of [0.05, 0.01].entries()) if (p <= alpha) rejected[k]!++
    }
    // Three standard errors; and not so few that it never rejects.
    for (const [k, alpha] of [0.05, 0.01].entries()) {
      const error = 3 * Math.sqrt((alpha * (1 - alpha)) / samples)
      expect(rejected[k]! / samples).toBeLessThan(alpha + error)
      expect(rejected[k]! / samples).toBeGreaterThan(alpha * 0.9 - error)
    }
  })
})
