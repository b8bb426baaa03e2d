/** Axes that engineers expect: logarithmic by 1-2-5, labelled with units. */
import { formatTick } from '../../harness/format.ts'
import type { Axis, ChartSpec, Lines } from './spec.ts'
import { FAINT_GRID, FAINT_INK, FONT, GRID, INK } from './style.ts'

/** More labels than these crowd an axis of this height. */
const LABELS_MAX = 9

/** The smallest and largest value, whiskers included; logarithmic axes have no place for 0. */
export function extentOf(spec: ChartSpec): { low: number; high: number } {
  const values = spec.series
    .flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low, high]))
    .filter((value) => value !== undefined)
    .filter((value) => value > 0)
  return values.length === 0 ? { low: 1, high: 10 } : { low: Math.min(...values), high: Math.max(...values) }
}

/** The 1-2-5 numbers that just enclose a range; `below` gives a column of the smallest value some height. */
export function logBounds(low: number, high: number, below = 1): { min: number; max: number } {
  const steps = oneTwoFive(low / below / 10, high * 10)
  const min = steps.findLast((step) => step <= low / below) ?? steps[0]!
  const max = steps.find((step) => step >= high && step > min) ?? steps.at(-1)!
  return { min, max }
}

/** What is labelled: 1, 2, 5, 10, 20, ... within the range; only powers of ten where that is still enough. */
export function logLabels(min: number, max: number): number[] {
  const all = oneTwoFive(min, max)
  if (all.length <= LABELS_MAX) return all
  const powers = multiples([1], min, max)
  return powers.length >= 2 ? powers : all
}

function oneTwoFive(low: number, high: number): number[] {
  return multiples([1, 2, 5], low, high)
}

function multiples(digits: readonly number[], low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low))
  const to = Math.ceil(Math.log10(high))
  const decades = Array.from({ length: to - from + 1 }, (_, index) => from + index)
  const all = decades.flatMap((decade) => digits.map((digit) => Number(`${digit}e${decade}`)))
  return all.filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
}

type Scale = { min: number; max: number; ticks: { value: number }[] }

/** A line at every digit, faint where it is not labelled: one sees at once that the scale is logarithmic. */
export function logAxis(axis: Axis, bounds: { min: number; max: number }) {
  const labelled = new Set(logLabels(bounds.min, bounds.max))
  const digits = multiples([1, 2, 3, 4, 5, 6, 7, 8, 9], bounds.min, bounds.max)
  const style = plainStyle(`${axis.title} (log scale)`)
  return {
    type: 'logarithmic' as const,
    ...bounds,
    ...style,
    grid: {
      ...style.grid,
      color: ({ tick }: { tick?: { value: number } }) => (labelled.has(tick?.value ?? 0) ? GRID : FAINT_GRID),
    },
    afterBuildTicks: (scale: Scale) => {
      scale.ticks = digits.map((value) => ({ value }))
    },
    ticks: {
      ...TICKS,
      autoSkip: false,
      callback: (value: string | number) =>
        labelled.has(Number(value)) ? formatTick(Number(value), axis.unit) : '',
    },
  }
}

/** From zero to beyond `high`, the largest round. */
export function linearAxis(axis: Axis, high: number) {
  return {
    type: 'linear' as const,
    beginAtZero: true,
    // Room for the number that stands beyond the longest whisker.
    suggestedMax: high * 1.14,
    ...plainStyle(axis.title),
    ticks: {
      ...TICKS,
      maxTicksLimit: 8,
      callback: (value: string | number) => formatTick(Number(value), axis.unit),
    },
  }
}

/** Percentiles at equal distances between nines, up to the last that any curve reaches. */
export function percentileAxis({ title, ticks }: Lines['x'], last: number) {
  const labels = new Map(ticks.map(({ at, label }) => [at, label]))
  return {
    type: 'linear' as const,
    min: ticks[0]!.at,
    max: last,
    ...plainStyle(title),
    afterBuildTicks: (scale: Scale) => {
      scale.ticks = ticks.filter(({ at }) => at <= last + 1e-9).map(({ at }) => ({ value: at }))
    },
    ticks: {
      ...TICKS,
      autoSkip: false,
      callback: (value: string | number) => labels.get(Number(value)) ?? '',
    },
  }
}

/** Names beside or below the bars: no grid, strong ink. */
export function nameAxis() {
  return {
    type: 'category' as const,
    grid: { display: false },
    border: { color: FAINT_INK },
    ticks: { ...TICKS, color: INK, autoSkip: false, font: { family: FONT, size: 13 } },
  }
}

const TICKS = { color: FAINT_INK, font: { family: FONT, size: 12 }, maxRotation: 0, padding: 6 }

function plainStyle(title: string) {
  return {
    title: { display: true, text: title, color: FAINT_INK, font: { family: FONT, size: 12 } },
    grid: { color: GRID, drawTicks: false },
    border: { color: FAINT_INK },
  }
}
