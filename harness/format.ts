/** Numbers for people: three significant digits and a unit. Only the edge (reports, messages) calls this. */
import type { Unit } from './contracts.ts'

/** What stands where there is no number. */
export const MISSING = '–'

const DURATIONS: readonly [number, string][] = [
  [1, 'ns'],
  [1e3, 'µs'],
  [1e6, 'ms'],
  [1e9, 's'],
]
/** From which length on (ns) an axis is labelled in a unit of which length (ns). */
const AXIS_TIMES: readonly [number, number, string][] = [
  [0, 1, 'ns'],
  [2e3, 1e3, 'µs'],
  [2e6, 1e6, 'ms'],
  [2e9, 1e9, 's'],
  [900e9, 60e9, 'min'],
  [18_000e9, 3600e9, 'h'],
]
const BYTES: readonly [number, string][] = [
  [1, 'B'],
  [2 ** 10, 'KiB'],
  [2 ** 20, 'MiB'],
  [2 ** 30, 'GiB'],
]
const RATES: readonly [number, string][] = [
  [1, 'ops/s'],
  [1e3, 'k ops/s'],
  [1e6, 'M ops/s'],
  [1e9, 'G ops/s'],
]
const COUNTS: readonly [number, string][] = [
  [1e6, 'M'],
  [1e9, 'G'],
]
/** A count below this is written out to the last digit. */
const COUNT_IN_FULL = 1e6
const LONG_NS = 120e9

/** `1.23 ms`, `45.6 k ops/s`, `12.0 MiB`, `3.92`; a dash for what is no finite number. */
export function formatValue(value: number | undefined, unit: Unit): string {
  if (value === undefined || !Number.isFinite(value)) return MISSING
  if (unit === 'ns') return formatDuration(value)
  if (unit === 'ops/s') return scaled(value, RATES)
  if (unit === 'bytes') return scaled(value, BYTES)
  return unit === 'count' ? formatCount(value) : threeDigits(value)
}

/** `1.23 ms`; minutes and hours where seconds would be many. */
export function formatDuration(ns: number): string {
  if (!Number.isFinite(ns)) return MISSING
  if (Math.abs(ns) >= 60 * LONG_NS) return `${threeDigits(ns / 3600e9)} h`
  if (Math.abs(ns) >= LONG_NS) return `${threeDigits(ns / 60e9)} min`
  return scaled(ns, DURATIONS)
}

/** Like `formatValue`, with no more digits than the number needs: `10 µs`, `1.5 ms`. For axes, where `1,000 s` is round. */
export function formatTick(value: number, unit: Unit): string {
  if (value === 0) return '0'
  const text = unit === 'ns' ? scaled(value, DURATIONS) : formatValue(value, unit)
  return text.replace(/^(-?\d+)\.(\d*?)0+(?=\s|$|e)/, (_, whole, rest) =>
    rest === '' ? whole : `${whole}.${rest}`,
  )
}

/** How a value compares with that of the first policy: `×0.31`; empty where there is nothing to compare. */
export function formatRatio(value: number | undefined, base: number | undefined): string {
  if (value === undefined || base === undefined || base === 0) return ''
  const ratio = value / base
  return Number.isFinite(ratio) ? `×${ratioDigits(ratio)}` : ''
}

/** The unit in which a whole axis of times up to `longestNs` is labelled, and its length in ns. */
export function timeUnit(longestNs: number): { readonly name: string; readonly ns: number } {
  const [, ns, name] = AXIS_TIMES.findLast(([from]) => longestNs >= from) ?? AXIS_TIMES[0]!
  return { name, ns }
}

/** `name=value`, as the command line takes them. */
export function formatParams(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .filter(([, value]) => value !== '') // nothing was said
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

function ratioDigits(ratio: number): string {
  if (ratio >= 1000) return scaled(ratio, [[1, ''], ...COUNTS]).replace(' ', '')
  if (ratio >= 100) return ratio.toFixed(0)
  if (ratio >= 10) return ratio.toFixed(1)
  return ratio >= 0.01 || ratio === 0 ? ratio.toFixed(2) : ratio.toPrecision(1)
}

function formatCount(count: number): string {
  if (Math.abs(count) >= COUNT_IN_FULL) return scaled(count, COUNTS)
  return Number.isInteger(count) ? grouped(count) : threeDigits(count)
}

function scaled(value: number, units: readonly [number, string][]): string {
  // 999.6 is written 1000, so that it belongs to the next unit: round before choosing.
  const rounded = Math.abs(Number(value.toPrecision(3)))
  const [size, name] = units.findLast(([size]) => rounded >= size) ?? units[0]!
  return `${threeDigits(value / size, size === 1)} ${name}`.trimEnd()
}

function threeDigits(value: number, whole = false): string {
  if (value === 0 || (whole && Number.isInteger(value) && Math.abs(value) < 1000)) return String(value)
  const rounded = Number(value.toPrecision(3))
  const size = Math.abs(rounded)
  if (size >= 1000) return grouped(Math.round(value))
  if (size < 0.001) return value.toExponential(1)
  // Shares and errors: the leading zeros are no digits.
  if (size < 0.1) return rounded.toPrecision(3)
  return rounded.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

function grouped(integer: number): string {
  return String(integer).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A share, `5 %`, `0.42 %`, `120 %`; the sign only where it is negative, and a real minus. Nothing but 0 is `0 %`. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return MISSING
  const percent = Math.abs(share * 100)
  const digits = percent < 1 ? 2 : percent < 100 ? 1 : 0
  const text = percent < 0.005 ? percent.toPrecision(1) : percent.toFixed(digits)
  return `${share < 0 ? '−' : ''}${Number(text)} %`
}

/** A change: `+7.3 %`, `−4.1 %`, `0 %`. */
export function formatChange(share: number): string {
  return `${share > 0 ? '+' : ''}${formatShare(share)}`
}

/** `+6.1 … +8.5 %`; empty where there is none. */
export function formatInterval(low: number | undefined, high: number | undefined): string {
  if (low === undefined || high === undefined) return ''
  return `${formatChange(low).replace(' %', '')} … ${formatChange(high)}`
}
