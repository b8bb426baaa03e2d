import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXACT_UP_TO, Histogram } from '../../harness/histogram.ts'

const durations = fc.array(fc.integer({ min: 0, max: 2 ** 45 }), { minLength: 1, maxLength: 200 })

function of(values: readonly number[]): Histogram {
  const histogram = Histogram.create()
  for (const value of values) histogram.record(value)
  return histogram
}

function told(histogram: Histogram): number[] {
  const { count, min, max } = histogram
  return [count, min, max, ...[1, 10, 50, 75, 90, 99].map((percent) => histogram.percentile(percent))]
}

/** The definition, on sorted values: the smallest that at least this share does not exceed. */
function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!
}

describe('histogram', () => {
  test('an empty one is all zeros', () => {
    const { count, mean, min, max } = Histogram.create()
    expect([count, mean, min, max, Histogram.create().percentile(99)]).toEqual([0, 0, 0, 0, 0])
  })

  test('mean, minimum, maximum and count are exact', () => {
    const { count, mean, min, max } = of([1_000_003, 5, 3_000_000_007])
    expect([count, mean, min, max]).toEqual([3, 3_001_000_015 / 3, 5, 3_000_000_007])
  })

  test('small values keep every digit', () => {
    const histogram = of([1, 2, 3, 4, 100])
    expect([0, 20, 50, 80, 100].map((percent) => histogram.percentile(percent))).toEqual([1, 1, 3, 4, 100])
  })

  test('percentiles are within a thousandth of the exact ones', () => {
    fc.assert(
      fc.property(durations, fc.constantFrom(1, 25, 50, 90, 99, 99.9, 100), (values, percent) => {
        const exact = exactPercentile(values, percent)
        expect(Math.abs(of(values).percentile(percent) - exact)).toBeLessThanOrEqual(exact / 1000 + 1)
      }),
    )
  })

  test('percentiles never leave the range of what was recorded', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 100, noNaN: true }), (values, percent) => {
        const value = of(values).percentile(percent)
        expect(value).toBeGreaterThanOrEqual(Math.min(...values))
        expect(value).toBeLessThanOrEqual(Math.max(...values))
      }),
    )
  })

  test('the order of merging does not matter, and merging equals recording all in one', () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const [ab, ba] = [of(a), of(b)]
        ab.merge(of(b))
        ba.merge(of(a))
        expect(told(ab)).toEqual(told(ba))
        expect(told(ab)).toEqual(told(of([...a, ...b])))
      }),
    )
  })

  test('decoding gives back count and percentiles', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = of(values)
        const decoded = Histogram.decode(histogram.encode())
        expect(decoded.count).toBe(values.length)
        expect(decoded.mean).toBeCloseTo(histogram.mean, -Math.log10(histogram.mean / 500 + 2))
        expect(Math.abs(decoded.percentile(90) - histogram.percentile(90))).toBeLessThanOrEqual(
          histogram.percentile(90) / 1000 + 1,
        )
      }),
    )
  })

  test('a decoded one takes larger values than it was made with', () => {
    const histogram = Histogram.decode(of([5]).encode())
    histogram.record(3_600e9)
    histogram.merge(of([7_200e9]))
    expect([histogram.count, histogram.max]).toEqual([3, 7_200e9])
  })

  test('fractions are rounded, and what is no duration is refused', () => {
    expect(of([1.5, -1e-9]).max).toBe(2)
    for (const wrong of [-1, Number.NaN, Infinity]) expect(() => of([wrong])).toThrow(RangeError)
  })
})

describe('exact percentiles', () => {
  test('are the nearest rank of the values, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 49 }), { minLength: 1 }), (values) => {
        const histogram = Histogram.createExact()
        for (const value of values) histogram.record(value)
        const sorted = values.toSorted((a, b) => a - b)
        for (const [percent, thousandths] of [
          [50, 500],
          [90, 900],
          [99, 990],
          [99.9, 999],
        ] as const) {
          const rank = Math.ceil((values.length * thousandths) / 1000)
          expect(histogram.percentile(percent)).toBe(sorted[rank - 1])
        }
      }),
    )
  })

  test('give way to buckets beyond the limit', () => {
    const histogram = Histogram.createExact()
    for (let i = 0; i < EXACT_UP_TO; i++) histogram.record(123_457)
    expect(histogram.percentile(50)).toBe(123_457)
    expect(histogram.isExact).toBe(true)
    histogram.record(123_457)
    expect(histogram.isExact).toBe(false)
    expect(histogram.count).toBe(EXACT_UP_TO + 1)
  })
})

test('a histogram takes whatever a trace may hold: a hundred days', () => {
  const histogram = Histogram.createExact()
  histogram.record(100 * 86_400e9)
  expect([histogram.count, histogram.max, histogram.percentile(50)]).toEqual([1, 8.64e15, 8.64e15])
  expect(() => histogram.record(2 ** 53)).toThrow('Not a duration')
})
