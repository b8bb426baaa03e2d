/** Symmetric noise around 0 for simulations: as tame and as wild as rounds get. */
import type { Random } from '../../../harness/random.ts'

export type Noise = (random: Random) => number

const sign = (random: Random) => (random.uniform() < 0.5 ? -1 : 1)

/** Standard normal. */
export const normal: Noise = (random) =>
  Math.sqrt(2 * random.exponential(1)) * Math.cos(2 * Math.PI * random.uniform())

/** Laplace: round by round as often small as large. */
export const laplace: Noise = (random) => sign(random) * random.exponential(1)

/** Cauchy: no mean, and single rounds that dwarf all others. */
export const cauchy: Noise = (random) => Math.tan(Math.PI * (random.uniform() - 0.5))

export function sampleOf(noise: Noise, random: Random, count: number, centre = 0, spread = 1): number[] {
  return Array.from({ length: count }, () => centre + spread * noise(random))
}

/** A sample without luck: what the order statistics are on average, 0 in the middle and with deviation 1. */
export function evenSample(noise: Noise, random: Random, count: number): number[] {
  const sums = new Float64Array(count)
  for (let i = 0; i < 1000; i++) {
    for (const [k, value] of Float64Array.from(sampleOf(noise, random, count))
      .sort()
      .entries())
      sums[k]! += value
  }
  const symmetric = Array.from(sums, (sum, k) => sum - sums[count - 1 - k]!)
  const deviation = Math.sqrt(symmetric.reduce((sum, value) => sum + value ** 2, 0) / (count - 1))
  return symmetric.map((value) => value / deviation)
}
