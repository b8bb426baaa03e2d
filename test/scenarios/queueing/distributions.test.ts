import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../harness/random.ts'
import { BatchMeans } from '../../../scenarios/queueing/confidence.ts'
import {
  boundedPareto,
  deterministic,
  erlang,
  exponential,
  hyperexponential,
  uniform,
} from '../../../scenarios/queueing/distributions.ts'

const DRAWS = 200_000

describe.each([
  ['exponential', exponential(1000), 2],
  ['deterministic', deterministic(1000), 1],
  ['uniform', uniform(1000), 4 / 3],
  ['erlang of 4 phases', erlang(1000, 4), 1.25],
  ['hyperexponential of scv 4', hyperexponential(1000, 4), 5],
  ['hyperexponential of scv 1, which is exponential', hyperexponential(1000, 1), 2],
  // By numerical integration: α=1.5, longest a thousand times the shortest.
  ['bounded Pareto', boundedPareto(1000, 1.5, 1000), 10.8848],
  ['bounded Pareto of α=1', boundedPareto(1000, 1, 100), 100 / ((100 / 99) * Math.log(100)) ** 2],
  ['bounded Pareto of α=2', boundedPareto(1000, 2, 100), ((1 - 1e-4) * Math.log(100)) / (2 * 0.99 ** 2)],
])('%s', (_, service, second) => {
  test('has the second moment that is known', () => {
    expect(service.meanNs).toBe(1000)
    expect(service.secondNs2 / 1e6).toBeCloseTo(second, 4)
  })

  test('is drawn with these moments', () => {
    const random = createRandom(5)
    const first = new BatchMeans()
    const squares = new BatchMeans()
    for (let i = 0; i < DRAWS; i++) {
      const ns = service.draw(random)
      first.add(ns)
      squares.add(ns ** 2)
    }
    expect(Math.abs(first.mean - service.meanNs)).toBeLessThanOrEqual(first.halfWidth99)
    expect(Math.abs(squares.mean - service.secondNs2)).toBeLessThanOrEqual(squares.halfWidth99)
  })
})

test('a bounded Pareto time lies between its bounds', () => {
  const { draw } = boundedPareto(1000, 1.5, 1000)
  const shortest = draw({ ...createRandom(1), uniform: () => 0 })
  const longest = draw({ ...createRandom(1), uniform: () => 1 - 2 ** -53 })
  expect(longest / shortest).toBeCloseTo(1000, 3)
})
