import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../harness/random.ts'

const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
const mean = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

describe('a seeded source', () => {
  test('gives the same numbers for the same seed, on every machine', () => {
    const random = createRandom(42)
    expect(many(3, random.uniform)).toEqual(many(3, createRandom(42).uniform))
    expect(createRandom(42).uniform()).not.toBe(createRandom(43).uniform())
  })

  test('forks into sources that do not disturb one another', () => {
    const [a, b] = [createRandom(1), createRandom(1)]
    a.uniform()
    expect(a.fork('x').uniform()).toBe(b.fork('x').uniform())
    expect(a.fork('x').uniform()).not.toBe(a.fork('y').uniform())
  })

  test('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
        const random = createRandom(seed)
        const n = random.integer(bound)
        expect(Number.isInteger(n) && n >= 0 && n < bound).toBe(true)
        expect(random.exponential(5)).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('has the mean it is asked for, within four standard errors', () => {
    const random = createRandom(7)
    const count = 20_000
    const error = 4 / Math.sqrt(count)
    expect(Math.abs(mean(many(count, () => random.exponential(1))) - 1)).toBeLessThan(error)
    expect(Math.abs(mean(many(count, () => random.uniform())) - 0.5)).toBeLessThan(error)
  })

  test('chooses by weight, and never what weighs nothing', () => {
    const random = createRandom(7)
    const weights = { often: 3, seldom: 1, never: 0 }
    const names = Object.keys(weights) as (keyof typeof weights)[]
    const drawn = many(8000, () => random.weighted(names, (name) => weights[name]))
    expect(drawn).not.toContain('never')
    const share = drawn.filter((name) => name === 'often').length / drawn.length
    expect(Math.abs(share - 0.75)).toBeLessThan(0.03)
  })

  test('shuffles into a permutation', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const shuffled = createRandom(seed).shuffle([...items])
        const ascending = (a: number, b: number) => a - b
        expect(shuffled.toSorted(ascending)).toEqual(items.toSorted(ascending))
      }),
    )
  })
})
