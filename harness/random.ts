import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded source of randomness. The same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Uniform integer in [0, bound). */
  integer(bound: number): number
  /** Exponentially distributed with the given mean. */
  exponential(mean: number): number
  /** One of the items, each with a chance proportional to its weight. */
  weighted<T>(items: readonly T[], weightOf: (item: T) => number): T
  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[]
  /** An independent source, named so that drawing more from one never shifts another. */
  fork(name: string): Random
}

/** Another seed from a seed and a name: FNV-1a, then murmur3's finaliser, so that near names give far seeds. */
export function deriveSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0)
  const uniform = () => uniformFloat64(generator)
  const integer = (bound: number) => Math.floor(uniform() * bound)
  return {
    uniform,
    integer,
    // 1 − u is never 0, so the logarithm is finite.
    exponential: (mean) => -Math.log(1 - uniform()) * mean,
    weighted(items, weightOf) {
      let left = uniform() * items.reduce((sum, item) => sum + weightOf(item), 0)
      for (const item of items) {
        left -= weightOf(item)
        if (left < 0) return item
      }
      return items.at(-1)!
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const held = items[i]!
        items[i] = items[j]!
        items[j] = held
      }
      return items
    },
    fork: (name) => createRandom(deriveSeed(seed, name)),
  }
}
