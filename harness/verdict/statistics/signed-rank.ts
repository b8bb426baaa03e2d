/**
 * Wilcoxon's signed-rank test, exact for every number of differences.
 *
 * F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945). Given the sizes of the
 * differences, each sign is a fair coin under the null hypothesis: counting over all of them gives the distribution
 * of the rank sum, with ties as well (M. Hollander & D. A. Wolfe, Nonparametric Statistical Methods, section 3.1).
 */
import { assertFinite, assertShare } from './domain.ts'

/**
 * The one-sided p-value of "the centre of the differences is greater than the margin".
 *
 * Differences equal to the margin are dropped, as Wilcoxon did; equal sizes share their mean rank. With nothing left it
 * is 1. Throws RangeError when there are no differences, or one or the margin is not finite.
 */
export function signedRankP(differences: readonly number[], margin: number): number {
  assertFinite(differences, 'differences')
  assertFinite([margin], 'margins')
  const shifted = differences.map((difference) => difference - margin).filter((value) => value !== 0)
  const ranks = doubledMidRanks(shifted.map(Math.abs))
  const positive = ranks.reduce((sum, rank, i) => (shifted[i]! > 0 ? sum + rank : sum), 0)
  const chances = rankSumChances(ranks)
  let tail = 0
  // From the far end: what is small is added first, so that a small p-value keeps its digits.
  for (let sum = chances.length - 1; sum >= positive; sum--) tail += chances[sum]!
  return Math.min(tail, 1)
}

/**
 * The smallest sum of positive ranks that is significant at `alpha` in so many untied rounds.
 * Infinity where even the largest is not: its p-value is 2^−rounds.
 */
export function criticalRankSum(rounds: number, alpha: number): number {
  assertShare(alpha, 'level alpha')
  const chances = rankSumChances(Array.from({ length: rounds }, (_, i) => i + 1))
  let tail = 0
  for (let sum = chances.length - 1; ; sum--) {
    tail += chances[sum]!
    if (tail > alpha) return sum + 1 < chances.length ? sum + 1 : Infinity
  }
}

/** Twice the rank of each value, so that the mean rank of a tie is a whole number too. */
function doubledMidRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const ranks = new Array<number>(values.length)
  for (let first = 0, next = 0; first < order.length; first = next) {
    while (next < order.length && values[order[next]!] === values[order[first]!]) next++
    for (let k = first; k < next; k++) ranks[order[k]!] = first + next + 1
  }
  return ranks
}

/** The chance of each sum of those ranks that a fair coin leaves in. Chances, since counts overflow beyond 2^1023. */
function rankSumChances(ranks: readonly number[]): Float64Array {
  const chances = new Float64Array(ranks.reduce((sum, rank) => sum + rank, 1))
  chances[0] = 1
  let reach = 0
  for (const rank of ranks) {
    reach += rank
    for (let sum = reach; sum >= rank; sum--) chances[sum] = (chances[sum]! + chances[sum - rank]!) / 2
    for (let sum = 0; sum < rank; sum++) chances[sum]! /= 2
  }
  return chances
}
