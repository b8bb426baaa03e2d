/**
 * Exact bounds on a share from counts, for false-alarm rates and power.
 *
 * C. J. Clopper & E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
 * Biometrika 26 (1934). Never covers less than it says, not even at 0 of n.
 */
import { assertCount, assertShare } from './domain.ts'
import { incompleteBeta } from './incomplete-beta.ts'

/** Bounds of a share, 0..1. */
export interface ShareInterval {
  readonly low: number
  readonly high: number
}

/** Two-sided interval of the share that so many successes of so many trials speak for. Throws RangeError on misfits. */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): ShareInterval {
  assertShare(confidence, 'confidence')
  const oneSided = (1 + confidence) / 2
  return {
    low: 1 - upperBound(trials - successes, trials, oneSided),
    high: upperBound(successes, trials, oneSided),
  }
}

/** The share that is not exceeded with that confidence: one-sided, as for "at most this many false alarms". */
export function upperBound(successes: number, trials: number, confidence = 0.95): number {
  assertShare(confidence, 'confidence')
  assertCount(trials, 'number of trials')
  assertCount(successes, 'number of successes', 0, trials)
  if (successes === trials) return 1
  return bisect((share) => incompleteBeta(share, successes + 1, trials - successes) >= confidence)
}

/** Where in 0..1 a condition begins to hold, to the last bit. */
function bisect(holds: (share: number) => boolean): number {
  let low = 0
  let high = 1
  for (;;) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) return high
    if (holds(middle)) high = middle
    else low = middle
  }
}
