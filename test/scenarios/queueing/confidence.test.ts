import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../../../harness/random.ts'
import { BatchMeans, student99 } from '../../../scenarios/queueing/confidence.ts'

const SERIES = 500
const LENGTH = 20_000

/** Each value keeps nine tenths of the one before (AR(1)), as waits do; the mean is 10. */
function correlated(random: Random): number[] {
  let deviation = 0
  return Array.from({ length: LENGTH }, () => {
    deviation = 0.9 * deviation + random.exponential(1) - 1
    return 10 + deviation
  })
}

function batchMeansOf(values: readonly number[]): BatchMeans {
  const means = new BatchMeans()
  for (const value of values) means.add(value)
  return means
}

/** The interval of those who take neighbours for independent. */
function naiveHalfWidth(values: readonly number[], mean: number): number {
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return 2.576 * Math.sqrt(squares / values.length / values.length)
}

describe('the confidence interval by batch means', () => {
  const random = createRandom(1)
  let covered = 0
  let naivelyCovered = 0
  for (let i = 0; i < SERIES; i++) {
    const values = correlated(random)
    const means = batchMeansOf(values)
    const missedBy = Math.abs(means.mean - 10)
    if (missedBy <= means.halfWidth99) covered++
    if (missedBy <= naiveHalfWidth(values, means.mean)) naivelyCovered++
  }

  test('holds the true mean of a correlated series in about 99 of 100 cases', () => {
    // 1 % of 500 may miss: 5, and by chance 12 or more once in 200.
    expect(covered / SERIES).toBeGreaterThan(1 - 12 / SERIES)
    expect(covered).toBeLessThan(SERIES)
  })

  test('is needed: independent values would give one that holds it in less than two thirds (canary)', () => {
    expect(naivelyCovered / SERIES).toBeLessThan(2 / 3)
  })

  test('narrows with the square root of the length', () => {
    const short = batchMeansOf(correlated(random).slice(0, LENGTH / 4)).halfWidth99
    const long = batchMeansOf([...correlated(random), ...correlated(random)]).halfWidth99
    expect(short / long).toBeGreaterThan(2)
    expect(short / long).toBeLessThan(4)
  })
})

describe('batch means', () => {
  test('the mean counts every value, those of an unfinished batch too', () => {
    const values = Array.from({ length: 12_345 }, (_, i) => (i * 7919) % 1000)
    expect(batchMeansOf(values).mean).toBeCloseTo(values.reduce((a, b) => a + b) / values.length, 9)
    expect(batchMeansOf(values).count).toBe(12_345)
  })

  test('have an interval from 32 values on', () => {
    const values = Array.from({ length: 32 }, (_, i) => i)
    expect(batchMeansOf(values.slice(0, 31)).halfWidth99).toBeNaN()
    // s² of 0 … 31 is 88; t with 31 degrees of freedom 2.744.
    expect(batchMeansOf(values).halfWidth99).toBeCloseTo(2.744 * Math.sqrt(88 / 32), 3)
  })

  test('have an interval of no width where all values are equal', () => {
    expect(batchMeansOf(new Array(1000).fill(3)).halfWidth99).toBe(0)
  })

  test('two values a batch give the interval of the pairs', () => {
    const values = Array.from({ length: 64 }, (_, i) => (i * 13) % 17)
    const pairs = Array.from({ length: 32 }, (_, i) => (values[2 * i]! + values[2 * i + 1]!) / 2)
    expect(batchMeansOf(values).halfWidth99).toBeCloseTo(batchMeansOf(pairs).halfWidth99, 10)
  })
})

// From printed tables, two-sided 99 %.
test.each([
  [31, 2.744],
  [40, 2.704],
  [60, 2.66],
  [1e9, 2.576],
])("Student's t with %d degrees of freedom is %d", (degrees, t) => {
  expect(student99(degrees)).toBeCloseTo(t, 3)
})
