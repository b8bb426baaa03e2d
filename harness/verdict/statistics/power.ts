/**
 * How small an effect the signed-rank test would have found, and how many rounds would find a smaller one.
 *
 * Rounds are simulated from the spread that was seen, by a smoothed bootstrap (B. W. Silverman, Density Estimation for
 * Statistics and Data Analysis, section 6.4). In three points it differs from drawing the residuals again, which
 * underestimates the spread and so promises too much:
 * - residuals count n / (n − 1) times in the variance, as they lie around an estimate and not around the centre;
 * - their signs are drawn too: the arms of a pair can be swapped, so that noise is symmetric (as the test assumes);
 * - a kernel fills the gaps, at no cost in variance, and so there are no ties.
 *
 * Effect, margin and differences have one unit, here ln(new / old).
 */
import { createRandom, type Random } from '../../random.ts'
import { assertCount, assertFinite, assertShare } from './domain.ts'
import { hodgesLehmann } from './hodges-lehmann.ts'
import { median } from './median.ts'
import { criticalRankSum } from './signed-rank.ts'

/** Simulated checks: they bring the effect to about 1 %, far nearer than twenty rounds know their own spread. */
const SIMULATIONS = 2000

/** Halvings of the bracket, a few spreads wide: to a millionth of it. */
const HALVINGS = 20

/** The median size of a normal variable with unit variance. */
const NORMAL_QUARTILE = 0.6745

export interface DetectionOptions {
  /** What the centre is tested against. */
  readonly margin: number
  /** The level of the test: what Holm leaves of the family's. */
  readonly alpha: number
  /** The chance with which the effect is to be found. Default 0.8. */
  readonly power?: number
  readonly seed: number
}

export interface DetectableEffectOptions extends DetectionOptions {
  /** In how many rounds. Default: as many as there are differences. */
  readonly rounds?: number
}

export interface RoundsForOptions extends DetectionOptions {
  /** The true effect to be found. */
  readonly effect: number
  readonly atMost: number
}

/**
 * The smallest true effect, above the margin, that the test would find with that power, given the spread seen.
 * Infinity where so few rounds cannot reach significance at all. Throws RangeError on fewer than two differences.
 */
export function detectableEffect(
  differences: readonly number[],
  { margin, alpha, power = 0.8, seed, rounds = differences.length }: DetectableEffectOptions,
): number {
  assertDetection(differences, margin, alpha, power)
  assertCount(rounds, 'number of rounds')
  const critical = criticalRankSum(rounds, alpha)
  if (critical === Infinity) return Infinity
  const checks = simulateChecks(noiseOf(differences, seed), rounds)
  // At these shifts all rounds lie on one side of the margin: nothing is found, and everything.
  let missed = -checks.reduce((largest, check) => Math.max(largest, check.at(-1)!), -Infinity)
  let found = -checks.reduce((least, check) => Math.min(least, check[0]!), Infinity)
  for (let i = 0; i < HALVINGS; i++) {
    const shift = (missed + found) / 2
    if (shareFound(checks, shift, critical) >= power) found = shift
    else missed = shift
  }
  return margin + found
}

/**
 * How many rounds find the effect with that power. Undefined where more than `atMost` would be needed, and where the
 * effect does not exceed the margin. Throws RangeError on fewer than two differences.
 */
export function roundsFor(
  differences: readonly number[],
  { effect, margin, alpha, power = 0.8, seed, atMost }: RoundsForOptions,
): number | undefined {
  assertDetection(differences, margin, alpha, power)
  assertFinite([effect], 'effects')
  assertCount(atMost, 'most rounds')
  if (effect <= margin) return undefined
  const noise = noiseOf(differences, seed)
  const suffice = (rounds: number) => {
    const critical = criticalRankSum(rounds, alpha)
    if (critical === Infinity) return false
    return shareFound(simulateChecks(noise, rounds), effect - margin, critical) >= power
  }
  let tooFew = 0
  let enough = Math.min(differences.length, atMost)
  while (!suffice(enough)) {
    if (enough === atMost) return undefined
    tooFew = enough
    enough = Math.min(2 * enough, atMost)
  }
  while (enough - tooFew > 1) {
    const rounds = (tooFew + enough) >> 1
    if (suffice(rounds)) enough = rounds
    else tooFew = rounds
  }
  return enough
}

function assertDetection(differences: readonly number[], margin: number, alpha: number, power: number): void {
  assertFinite(differences, 'differences', 2)
  assertFinite([margin], 'margins')
  assertShare(alpha, 'level alpha')
  assertShare(power, 'power')
}

/** The noise of the nth round, in every simulated check. */
type Noise = (round: number) => Float64Array

/**
 * The same for every effect and number of rounds (common random numbers), so that a larger effect is never found less
 * often, and more rounds are the same ones and more.
 */
function noiseOf(differences: readonly number[], seed: number): Noise {
  const drawn: Float64Array[] = []
  const random = createRandom(seed)
  const draw = noiseSource(differences)
  return (round) => {
    if (drawn[round] === undefined) {
      const source = random.fork(`power round ${round}`)
      drawn[round] = new Float64Array(SIMULATIONS)
      for (let check = 0; check < SIMULATIONS; check++) drawn[round]![check] = draw(source)
    }
    return drawn[round]
  }
}

function noiseSource(differences: readonly number[]): (random: Random) => number {
  const n = differences.length
  const centre = hodgesLehmann(differences)
  const residuals = differences.map((difference) => difference - centre)
  const deviation = Math.sqrt(residuals.reduce((sum, residual) => sum + residual ** 2, 0) / n)
  if (deviation === 0) return () => 0
  // Silverman's rule (equation 3.31) takes the smaller measure of spread: wild rounds must not blur all others.
  const quartileSpread = median(residuals.map(Math.abs)) / NORMAL_QUARTILE
  const bandwidth = 0.9 * Math.min(deviation, quartileSpread) * n ** -0.2
  const scale = Math.sqrt(n / (n - 1) / (1 + (bandwidth / deviation) ** 2))
  return (random) => {
    // One number draws residual and sign, and what is left of it, uniform again, the place under the kernel.
    const place = random.uniform() * 2 * n
    const drawn = Math.floor(place)
    const sign = drawn < n ? 1 : -1
    return sign * scale * (residuals[drawn % n]! + bandwidth * kernelQuantile(place - drawn))
  }
}

/** Of the kernel 3/4 (1 − x²) (V. A. Epanechnikov 1969), widened to unit variance. */
function kernelQuantile(share: number): number {
  return Math.sqrt(5) * 2 * Math.sin(Math.asin(2 * share - 1) / 3)
}

/** The noise of so many rounds, ascending, for each simulated check. */
function simulateChecks(noise: Noise, rounds: number): Float64Array[] {
  const checks = Array.from({ length: SIMULATIONS }, () => new Float64Array(rounds))
  for (let round = 0; round < rounds; round++) {
    const drawn = noise(round)
    for (let check = 0; check < SIMULATIONS; check++) checks[check]![round] = drawn[check]!
  }
  return checks.map((check) => check.sort())
}

/** In what share of checks the test is significant when all rounds are shifted so far beyond the margin. */
function shareFound(checks: readonly Float64Array[], shift: number, critical: number): number {
  let found = 0
  for (const check of checks) if (positiveRankSum(check, shift) >= critical) found++
  return found / checks.length
}

/** The sum of positive ranks as the number of pairs (each with itself too) of a positive mean, as Tukey saw it. */
function positiveRankSum(sorted: Float64Array, shift: number): number {
  let pairs = 0
  for (let low = 0, high = sorted.length - 1; low <= high; ) {
    if (sorted[low]! + sorted[high]! + 2 * shift > 0) pairs += high-- - low + 1
    else low++
  }
  return pairs
}
