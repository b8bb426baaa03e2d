/** The few statistics that everything else rests on. Pure; no unit is assumed. */

/** The middle of the values, or the mean of the middle two. Throws RangeError when there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('No median of no values')
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1]!
  if (sorted.length % 2 === 1) return upper
  const lower = sorted[(sorted.length >> 1) - 1]!
  // Halves first, so that two large values do not overflow; the clamp undoes what tiny ones lose by that.
  return Math.min(Math.max(lower / 2 + upper / 2, lower), upper)
}

/** A value over rounds: the median, with the smallest and the largest. */
export interface Spread {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Throws RangeError when there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const value = median(values)
  return { value, low: Math.min(...values), high: Math.max(...values) }
}
