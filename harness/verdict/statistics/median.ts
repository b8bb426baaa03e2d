/** The middle of values, and how far they spread. Pure; no unit is assumed. */

/** The mean of two values. */
export function midpoint(a: number, b: number): number {
  // Halves first, so that two large values do not overflow; the clamp undoes what tiny ones lose by that.
  return Math.min(Math.max(a / 2 + b / 2, Math.min(a, b)), Math.max(a, b))
}

/** The middle of ascending values, or the mean of the middle two. Throws RangeError when there are none. */
export function medianOfSorted(sorted: ArrayLike<number>): number {
  if (sorted.length === 0) throw new RangeError('No median of no values')
  return midpoint(sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!)
}

/** The middle of the values, or the mean of the middle two. Throws RangeError when there are none. */
export function median(values: readonly number[]): number {
  return medianOfSorted([...values].sort((a, b) => a - b))
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
