/**
 * How far an estimate over rounds can be trusted: a bootstrap over rounds.
 *
 * B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7 (1979); percentile interval as in
 * B. Efron & R. J. Tibshirani, An Introduction to the Bootstrap, section 13.3.
 */
import { createRandom } from '../../random.ts'
import { assertCount, assertFinite, assertShare } from './domain.ts'
import { midpoint } from './median.ts'

export interface BootstrapOptions {
  readonly seed: number
  /** Default 0.95. */
  readonly confidence?: number
  /** Default 10,000. */
  readonly resamples?: number
  /** Default `hodges-lehmann`. */
  readonly estimate?: 'hodges-lehmann' | 'median'
}

/** In the unit of the differences. */
export interface EstimateInterval {
  readonly low: number
  readonly high: number
}

/**
 * The percentile interval of the estimate when whole rounds are drawn with replacement. One round has no width.
 * The same seed gives the same interval. Throws RangeError when there are no differences, or one is not finite.
 */
export function bootstrapInterval(
  differences: readonly number[],
  { confidence = 0.95, resamples = 10_000, ...options }: BootstrapOptions,
): EstimateInterval {
  assertShare(confidence, 'confidence')
  assertCount(resamples, 'number of resamples')
  const draw = resampler(differences, options)
  const estimates = new Float64Array(resamples)
  for (let i = 0; i < resamples; i++) estimates[i] = draw()
  estimates.sort()
  const tail = (1 - confidence) / 2
  return { low: quantileOfSorted(estimates, tail), high: quantileOfSorted(estimates, 1 - tail) }
}

/**
 * Whether the upper end of that interval is at least so much: the same answer, mostly after a twentieth of the
 * resamples, because as many as lie above that end of all are enough.
 */
export function intervalReaches(
  differences: readonly number[],
  bound: number,
  { confidence = 0.95, resamples = 10_000, ...options }: BootstrapOptions,
): boolean {
  assertShare(confidence, 'confidence')
  assertCount(resamples, 'number of resamples')
  const draw = resampler(differences, options)
  // The upper end lies between the two order statistics around this place.
  const place = (1 - (1 - confidence) / 2) * (resamples - 1)
  const enough = resamples - Math.floor(place)
  const tooMany = Math.ceil(place) + 1
  for (let i = 0, above = 0; i < resamples; i++) {
    if (draw() >= bound) above++
    if (above >= enough) return true
    if (i + 1 - above >= tooMany) return false
  }
  return bootstrapInterval(differences, { confidence, resamples, ...options }).high >= bound
}

/** Gives the estimate of one resample after another. */
function resampler(
  differences: readonly number[],
  { seed, estimate = 'hodges-lehmann' }: BootstrapOptions,
): () => number {
  assertFinite(differences, 'differences')
  const random = createRandom(seed).fork('bootstrap')
  const estimateOf =
    estimate === 'median' ? resampledMedian(differences) : resampledHodgesLehmann(differences)
  const times = new Int32Array(differences.length)
  return () => {
    times.fill(0)
    for (let draw = 0; draw < times.length; draw++) times[random.integer(times.length)]!++
    return estimateOf(times)
  }
}

/** The estimate when each round is taken so many times. */
type ResampledEstimate = (times: Int32Array) => number

function resampledMedian(differences: readonly number[]): ResampledEstimate {
  const order = [...differences.keys()].sort((a, b) => differences[a]! - differences[b]!)
  const sorted = Float64Array.from(order, (i) => differences[i]!)
  return (times) => weightedMedian(sorted, (k) => times[order[k]!]!, times.length)
}

/**
 * A resample brings no pair means but those of the original rounds, each so many times: sorted once for all resamples,
 * what is left is to count up to the middle.
 */
function resampledHodgesLehmann(differences: readonly number[]): ResampledEstimate {
  const pairs = differences
    .flatMap((a, i) => differences.slice(i).map((b, ahead) => ({ mean: midpoint(a, b), i, j: i + ahead })))
    .sort((a, b) => a.mean - b.mean)
  const means = Float64Array.from(pairs, ({ mean }) => mean)
  const firsts = Int32Array.from(pairs, ({ i }) => i)
  const seconds = Int32Array.from(pairs, ({ j }) => j)
  const weightOf = (times: Int32Array) => (k: number) => {
    const a = times[firsts[k]!]!
    return firsts[k] === seconds[k] ? (a * (a + 1)) / 2 : a * times[seconds[k]!]!
  }
  return (times) => weightedMedian(means, weightOf(times), means.length)
}

/** The median of ascending values that stand there so many times each, `total` in all. */
function weightedMedian(sorted: Float64Array, weightOf: (k: number) => number, total: number): number {
  const lowerPlace = (total + 1) >> 1
  const upperPlace = (total >> 1) + 1
  let k = 0
  let passed = weightOf(0)
  while (passed < lowerPlace) passed += weightOf(++k)
  const lower = sorted[k]!
  while (passed < upperPlace) passed += weightOf(++k)
  return midpoint(lower, sorted[k]!)
}

/** Between the two nearest order statistics, linearly: type 7 of R. J. Hyndman & Y. Fan (1996), R's and numpy's. */
function quantileOfSorted(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)]!
  const above = sorted[Math.ceil(place)]!
  return below + (above - below) * (place - Math.floor(place))
}
