/** The longest delay that Node takes, some 25 days; of a longer one it makes 1 ms. */
export const LONGEST_MS = 2 ** 31 - 1

/**
 * Holds a timer that never fires, so that Node neither ends while a loop runs nor, with nothing active, answers "do
 * not wait" when it is asked how long it can. Returns what lets it go.
 */
export function keepNodeAlive(): () => void {
  const timer = setInterval(() => {}, LONGEST_MS)
  return () => clearInterval(timer)
}
