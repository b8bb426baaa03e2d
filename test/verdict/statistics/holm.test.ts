import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holm } from '../../../harness/verdict/statistics/holm.ts'

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })

test('p-values are adjusted as in the literature', () => {
  // The example of Wikipedia's article on the Holm–Bonferroni method.
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
})

test('adjusted values are no smaller than raw ones, keep their order and end at 1', () => {
  fc.assert(
    fc.property(pValues, (raw) => {
      const adjusted = holm(raw)
      for (const [i, p] of raw.entries()) {
        expect(adjusted[i]!).toBeGreaterThanOrEqual(p)
        expect(adjusted[i]!).toBeLessThanOrEqual(Math.min(p * raw.length, 1))
        for (const [j, other] of raw.entries())
          if (p <= other) expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]!)
      }
    }),
  )
})

test('a single p-value stays as it is, and none gives none', () => {
  expect(holm([0.04])).toEqual([0.04])
  expect(holm([])).toEqual([])
})

test('what is no p-value is refused', () => {
  expect(() => holm([0.1, NaN])).toThrow('A p-value must lie in 0..1, got NaN')
  expect(() => holm([1.1])).toThrow(RangeError)
  expect(() => holm([-0.1])).toThrow(RangeError)
})
