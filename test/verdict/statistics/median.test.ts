import fc from 'fast-check'
import { expect, test } from 'vitest'
import { median, spreadOf } from '../../../harness/verdict/statistics/median.ts'

// −0 is no measured value: adding 0 makes it 0.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const numbers = fc.array(number, { minLength: 1 })

test('the median of an odd number of values is the middle one', () => {
  expect(median([9, 1, 5])).toBe(5)
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([4, 1, 100, 2])).toBe(3)
})

test('there is no median of nothing', () => {
  expect(() => median([])).toThrow('No median of no values')
})

test('the median lies between the smallest and the largest value, in whatever order they come', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const { value, low, high } = spreadOf(values)
      expect(low <= value && value <= high).toBe(true)
      expect(median([...values].reverse())).toBe(value)
    }),
  )
})
