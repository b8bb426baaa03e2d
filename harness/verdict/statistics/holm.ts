/**
 * Holm's correction for judging several metrics at once.
 *
 * S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
 * Rejecting where the adjusted value is at most α holds the chance of any false alarm in the family at α, however the
 * metrics hang together.
 */

/** Adjusted p-values in the given order; none for none. Throws RangeError for one outside 0..1. */
export function holm(pValues: readonly number[]): number[] {
  const strange = pValues.find((p) => !(p >= 0 && p <= 1))
  if (strange !== undefined) throw new RangeError(`A p-value must lie in 0..1, got ${strange}`)
  const adjusted = new Array<number>(pValues.length)
  let largest = 0
  const ascending = pValues.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p)
  for (const [smaller, { p, index }] of ascending.entries()) {
    largest = Math.max(largest, Math.min(p * (pValues.length - smaller), 1))
    adjusted[index] = largest
  }
  return adjusted
}
