import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hodgesLehmann } from '../../../harness/verdict/statistics/hodges-lehmann.ts'

/** Whole numbers: pair means are exact. */
const differences = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 })

test('the estimate is the one of the textbook', () => {
  // M. Hollander & D. A. Wolfe (1973), section 3.2: depression fell by 0.46.
  const fall = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01]
  expect(hodgesLehmann(fall)).toBeCloseTo(0.46, 12)
})

test('the estimate moves with the differences and turns with their sign', () => {
  fc.assert(
    fc.property(differences, fc.integer({ min: -1000, max: 1000 }), (values, shift) => {
      const estimate = hodgesLehmann(values)
      expect(hodgesLehmann(values.map((value) => value + shift))).toBe(estimate + shift)
      expect(hodgesLehmann(values.map((value) => -value)) + estimate).toBe(0)
      expect(hodgesLehmann([...values].reverse())).toBe(estimate)
    }),
  )
})

test('the estimate lies within the differences', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 9 }),
      (values) => {
        const estimate = hodgesLehmann(values)
        expect(estimate >= Math.min(...values) && estimate <= Math.max(...values)).toBe(true)
      },
    ),
  )
})

test('a wild round hardly moves the estimate', () => {
  const calm = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  expect(hodgesLehmann([...calm, 1e9])).toBeLessThan(6)
})

test('there is no estimate of nothing, or of what is no number', () => {
  expect(() => hodgesLehmann([])).toThrow('At least 1 differences are needed, got 0')
  expect(() => hodgesLehmann([1, NaN])).toThrow(RangeError)
})
