import { UsageError } from '../errors.ts'

/** The value of a flag that takes a whole number within bounds. Throws `UsageError`. */
export function wholeNumber(value: unknown, name: string, low: number, high: number): number {
  const number = Number(value)
  if (Number.isInteger(number) && number >= low && number <= high) return number
  throw new UsageError(`--${name} takes a whole number from ${low} to ${high}, not '${value}'`)
}
