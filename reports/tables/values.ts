/** The two values of a comparison, with as many digits as it takes to see that they are not the same. */
import type { Unit } from '../../harness/contracts.ts'
import { formatValue } from '../../harness/format.ts'

/** What an IEEE double may need. */
const DIGITS_MAX = 17
/** How much one of each unit is that `formatValue` writes. */
const SIZES: Readonly<Record<string, number>> = {
  ...{ µs: 1e3, ms: 1e6, s: 1e9, min: 60e9, h: 3600e9 },
  ...{ 'k ops/s': 1e3, 'M ops/s': 1e6, 'G ops/s': 1e9 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
  ...{ M: 1e6, G: 1e9 },
}

/** `604 µs` and `793 µs`; `1.05361 k ops/s` and `1.05360 k ops/s`, where three digits would be the same. */
export function formatPair(old: number, now: number, unit: Unit): readonly [string, string] {
  const [before, after] = [formatValue(old, unit), formatValue(now, unit)]
  if (before !== after || old === now) return [before, after]
  let digits = 4
  while (digits < DIGITS_MAX && old.toPrecision(digits) === now.toPrecision(digits)) digits++
  const name = unitOf(before)
  const exact = (value: number) => precise(value / (SIZES[name.trim()] ?? 1), digits) + name
  return [exact(old), exact(now)]
}

/** With commas between thousands, as all numbers of ours; `toLocaleString` takes a hundred times as long. */
function precise(value: number, digits: number): string {
  const [whole = '', rest] = value.toPrecision(digits).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return rest === undefined ? grouped : `${grouped}.${rest}`
}

/** `604 → 793 µs`: a unit that both have stands once. */
export function arrowed([old, now]: readonly [string, string]): string {
  const unit = unitOf(old)
  return `${unit === unitOf(now) ? old.slice(0, old.length - unit.length) : old} → ${now}`
}

function unitOf(text: string): string {
  const end = text.indexOf(' ')
  return end < 0 ? '' : text.slice(end)
}
