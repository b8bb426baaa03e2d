/** Durations in nanoseconds from other units: `loop.sleep(ms(5))`. */
export const us = (microseconds: number): number => microseconds * 1e3
export const ms = (milliseconds: number): number => milliseconds * 1e6
export const seconds = (count: number): number => count * 1e9

const NS_OF_UNIT: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9 }

/** `50ms`, `1.5s`, `200us`, `0` → ns; undefined where it is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m)$/.exec(text.trim())
  return match === null ? undefined : Number(match[1]) * NS_OF_UNIT[match[2]!]!
}
