/** What the statistics accept: anything else is a mistake of the caller, and no figure may come of it. */

/** Throws RangeError unless there are at least so many values and all are finite. */
export function assertFinite(values: readonly number[], what: string, atLeast = 1): void {
  if (values.length < atLeast) {
    throw new RangeError(`At least ${atLeast} ${what} are needed, got ${values.length}`)
  }
  const strange = values.find((value) => !Number.isFinite(value))
  if (strange !== undefined) throw new RangeError(`All ${what} must be finite numbers, got ${strange}`)
}

/** Throws RangeError unless the value lies strictly between 0 and 1. */
export function assertShare(value: number, what: string): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`The ${what} must lie between 0 and 1, got ${value}`)
}

/** Throws RangeError unless the value is a whole number from `atLeast` to `atMost`. */
export function assertCount(
  value: number,
  what: string,
  atLeast = 1,
  atMost = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || value < atLeast || value > atMost) {
    throw new RangeError(`The ${what} must be a whole number from ${atLeast} to ${atMost}, got ${value}`)
  }
}
