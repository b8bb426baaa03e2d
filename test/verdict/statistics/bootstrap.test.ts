import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../harness/random.ts'
import { bootstrapInterval, intervalReaches } from '../../../harness/verdict/statistics/bootstrap.ts'
import { hodgesLehmann } from '../../../harness/verdict/statistics/hodges-lehmann.ts'
import { median } from '../../../harness/verdict/statistics/median.ts'
import { laplace, normal, sampleOf } from './noise.ts'

const sample = sampleOf(normal, createRandom(3), 20, 0.05, 0.02)

describe('the bootstrap interval', () => {
  test.each([
    ['hodges-lehmann', hodgesLehmann],
    ['median', median],
  ] as const)('is that of resampling rounds and estimating each time: %s', (estimate, estimateOf) => {
    // Nine rounds and ten: both parities of what a middle is.
    for (const differences of [sample.slice(0, 9), sample.slice(0, 10), [1, 1, 2, 2, 2]]) {
      const random = createRandom(7).fork('bootstrap')
      const estimates = Array.from({ length: 101 }, () =>
        estimateOf(differences.map(() => differences[random.integer(differences.length)]!)),
      ).sort((a, b) => a - b)
      const interval = bootstrapInterval(differences, { seed: 7, resamples: 101, confidence: 0.9, estimate })
      // Of 101, places 5 and 95 are the quantiles themselves.
      expect(interval.low).toBeCloseTo(estimates[5]!, 14)
      expect(interval.high).toBeCloseTo(estimates[95]!, 14)
    }
  })

  test('is the same for the same seed and another for another', () => {
    expect(bootstrapInterval(sample, { seed: 1 })).toEqual(bootstrapInterval(sample, { seed: 1 }))
    expect(bootstrapInterval(sample, { seed: 2 })).not.toEqual(bootstrapInterval(sample, { seed: 1 }))
  })

  test('holds the estimate, and the more surely the wider', () => {
    const wide = bootstrapInterval(sample, { seed: 1, confidence: 0.99 })
    const narrow = bootstrapInterval(sample, { seed: 1, confidence: 0.5 })
    const estimate = hodgesLehmann(sample)
    expect(wide.low).toBeLessThan(narrow.low)
    expect(narrow.low).toBeLessThan(estimate)
    expect(estimate).toBeLessThan(narrow.high)
    expect(narrow.high).toBeLessThan(wide.high)
  })

  test('has no width where all rounds agree', () => {
    expect(bootstrapInterval([0.1, 0.1, 0.1], { seed: 1 })).toEqual({ low: 0.1, high: 0.1 })
    expect(bootstrapInterval([0.1], { seed: 1, estimate: 'median' })).toEqual({ low: 0.1, high: 0.1 })
  })

  test.each([
    ['normal', normal],
    ['heavy-tailed', laplace],
  ] as const)('covers the centre of twenty rounds of %s noise about as often as it says', (name, noise) => {
    const random = createRandom(11).fork(name)
    const samples = 400
    let covered = 0
    for (let i = 0; i < samples; i++) {
      const { low, high } = bootstrapInterval(sampleOf(noise, random, 20, 1), { seed: i, resamples: 500 })
      if (low <= 1 && 1 <= high) covered++
    }
    // A percentile interval of twenty rounds is a little too narrow (93 % or 94 %); and three standard errors.
    expect(covered / samples).toBeGreaterThan(0.93 - 0.035)
    expect(covered / samples).toBeLessThan(0.98)
  })

  test('is refused for what cannot be', () => {
    expect(() => bootstrapInterval([], { seed: 1 })).toThrow(RangeError)
    expect(() => bootstrapInterval([NaN], { seed: 1 })).toThrow(RangeError)
    expect(() => bootstrapInterval([1], { seed: 1, confidence: 95 })).toThrow(RangeError)
    expect(() => bootstrapInterval([1], { seed: 1, resamples: 0 })).toThrow(RangeError)
  })

  test('its upper end is compared with a bound as if it had been worked out', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = createRandom(seed)
      const differences = Array.from({ length: 8 }, () => random.uniform())
      const { high } = bootstrapInterval(differences, { seed })
      for (const bound of [0, high - 1e-9, high, high + 1e-9, 1])
        expect(intervalReaches(differences, bound, { seed })).toBe(high >= bound)
    }
  })
})
