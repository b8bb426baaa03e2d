import { describe, expect, test } from 'vitest'
import { createRandom } from '../../harness/random.ts'
import {
  countedOf,
  type PooledCell,
  type ResampleOptions,
  resampleChecks,
} from '../../harness/verdict/resampling.ts'

/** Differences of pairs that spread by so much around a shift, both as logarithms. */
function noisy(seed: number, spread: number, shift = 0, pairs = 60): number[] {
  const random = createRandom(seed)
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
  return Array.from({ length: pairs }, () => shift + spread * normal())
}

function cost(differences: readonly number[], threshold = 0.05) {
  return { name: 'cpu.perOp', threshold, differences }
}

function throughput(differences: readonly number[]) {
  return { name: 'throughput', threshold: 0.1, differences }
}

function resample(cells: readonly PooledCell[], options: Partial<ResampleOptions> = {}) {
  const how = { rounds: 10, checks: 12, judged: 1, alpha: 0.05, margin: 0.03, confirm: true, seed: 1 }
  return resampleChecks({ cells, ...how, ...options })
}

describe('checks made up of pairs', () => {
  test('raise no alarm where both sides are the same and quiet', () => {
    const cells = [1, 2, 3, 4].map((seed) => ({
      metrics: [cost(noisy(seed, 0.01)), throughput(noisy(-seed, 0.02))],
    }))
    const { checks, rounds, alarms, metrics, inconclusive, found } = resample(cells, {
      checks: 100,
      rounds: 20,
      judged: 4,
    })
    expect([checks, rounds, alarms.times, alarms.of, found]).toEqual([100, 20, 0, 100, undefined])
    expect(alarms.high).toBeCloseTo(0.0295, 4)
    expect(Object.keys(metrics)).toEqual(['cpu.perOp', 'throughput'])
    expect([inconclusive.times, inconclusive.of]).toEqual([0, 4])
  })

  test('find a new side that was really slowed down by a tenth, each time', () => {
    const slowed = { metrics: [cost(noisy(1, 0.02, Math.log(1.1)))], slowed: true }
    const { found, metrics, alarms } = resample([slowed, { metrics: [cost(noisy(2, 0.02))] }])
    expect(found).toMatchObject({ times: 12, of: 12, high: 1 })
    expect(found!.low).toBeCloseTo(0.05 ** (1 / 12))
    expect(metrics['cpu.perOp']!.found).toEqual(found)
    expect(alarms.times).toBe(0)
  })

  test('raise alarms where pairs that are called the same favour a side', () => {
    const { alarms, found } = resample([{ metrics: [cost(noisy(1, 0.02, Math.log(1.08)))] }])
    expect(found).toBeUndefined()
    // A coin says which side is the new one: the worse one in about half of all checks.
    expect(alarms.times).toBeGreaterThanOrEqual(3)
    expect(alarms.times).toBeLessThanOrEqual(9)
  })

  test('raise them whichever side it is', () => {
    const { alarms } = resample([{ metrics: [cost(noisy(1, 0.02, -Math.log(1.08)))] }])
    expect(alarms.times).toBeGreaterThanOrEqual(3)
  })

  test('come out the same for the same seed, and differently for another', () => {
    const cells = [{ metrics: [cost(noisy(1, 0.02, Math.log(1.08)))] }]
    expect(resample(cells, { checks: 6, seed: 7 })).toEqual(resample(cells, { checks: 6, seed: 7 }))
    const seeds = [7, 8, 9].map((seed) => resample(cells, { checks: 6, seed }).alarms.times)
    expect(new Set(seeds).size).toBeGreaterThan(1)
  })

  test('draw the same pairs for all metrics of a cell', () => {
    // So near the margin that chance decides, and far beyond what fails.
    const differences = noisy(1, 0.06, 0.06)
    const twice = ['a', 'b'].map((name) => ({ name, threshold: 0.05, differences }))
    const { metrics } = resample([{ metrics: twice, slowed: true }], { checks: 16 })
    expect(metrics.a).toEqual(metrics.b)
    expect(metrics.a!.found!.times).toBeGreaterThan(0)
    expect(metrics.a!.found!.times).toBeLessThan(16)
  })

  test('are inconclusive where pairs spread too far', () => {
    const { inconclusive } = resample([{ metrics: [cost(noisy(1, 0.2))] }], { judged: 5 })
    expect([inconclusive.times, inconclusive.of]).toEqual([5, 5])
  })

  test('are inconclusive where a metric cannot be compared, and its neighbour decides by itself', () => {
    const slowed = { metrics: [throughput([]), cost(noisy(1, 0.02, Math.log(1.1)))], slowed: true }
    const { metrics } = resample([slowed], { checks: 4 })
    expect([metrics.throughput!.found!.times, metrics['cpu.perOp']!.found!.times]).toEqual([0, 4])
  })

  test('find nothing where the control moves', () => {
    const slowed = { metrics: [cost(noisy(1, 0.02, Math.log(1.1)))], slowed: true }
    const controls = [{ metrics: [cost(noisy(2, 0.01, Math.log(1.1)))] }]
    const { contaminated, found } = resample([slowed], { controls, checks: 4 })
    expect([contaminated.times, found!.times]).toEqual([4, 0])
  })

  test.each([
    ['cells', () => resample([])],
    ['checks', () => resample([{ metrics: [cost([0.1, 0.2])] }], { checks: 0 })],
    ['rounds', () => resample([{ metrics: [cost([0.1, 0.2])] }], { rounds: 0 })],
  ])('cannot be made of no %s', (what, call) => {
    expect(call).toThrow(new RegExp(`number of ${what}`))
  })
})

describe('a count', () => {
  test.each([
    [0, 1000, 0, 0.0029912],
    [1000, 1000, 0.9970088, 1],
    // By bisection over sums of the binomial distribution's chances.
    [10, 1000, 0.0054351, 0.0169032],
  ])('%s of %s speaks for a share from %s to %s', (times, of, low, high) => {
    const counted = countedOf(times, of)
    expect(counted.low).toBeCloseTo(low, 6)
    expect(counted.high).toBeCloseTo(high, 6)
  })
})
