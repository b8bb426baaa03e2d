/** Axes that engineers expect: logarithmic by 1-2-5, linear from zero, ratios around 1; labelled with units. */
import { formatChange, formatTick } from '../../harness/format.ts'
import type { Axis, ChartSpec, PlacedAxis } from './spec.ts'
import { FAINT_GRID, FAINT_INK, FONT, GRID, INK } from './style.ts'

/** More labels than these crowd an axis of this height. */
const LABELS_MAX = 9
/** Of an axis' length, what a label below it needs so as not to touch the next. */
const LABEL_SHARE = 0.055
/** Ratios nearer to 1 than this look near: no axis of ratios is narrower. */
const RATIO_SPAN_MIN = 1.1
/** Up to this factor on each side, ratios are labelled by equal steps, as 1-2-5 would give three labels. */
const RATIO_BY_STEPS = 2.5

export interface Bounds {
  readonly min: number
  readonly max: number
}

/** The smallest and largest value, whiskers included; logarithmic axes have no place for 0. */
export function extentOf(spec: ChartSpec): { low: number; high: number } {
  const values = spec.series
    .flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low, high]))
    .filter((value) => value !== undefined)
    .filter((value) => value > 0)
  return values.length === 0 ? { low: 1, high: 10 } : { low: Math.min(...values), high: Math.max(...values) }
}

/** The 1-2-5 numbers that just enclose a range; `below` gives a column of the smallest value some height. */
export function logBounds(low: number, high: number, below = 1): Bounds {
  const steps = oneTwoFive(low / below / 10, high * 10)
  const min = steps.findLast((step) => step <= low / below) ?? steps[0]!
  const max = steps.find((step) => step >= high && step > min) ?? steps.at(-1)!
  return { min, max }
}

/** Around 1, the nearer side at least a third as high as the other; `room` is the share of the whole for numbers. */
export function ratioBounds(low: number, high: number, room = 0): Bounds {
  const furthest = Math.max(high, 1 / low, RATIO_SPAN_MIN)
  const [above, below] = [Math.max(high, furthest ** (1 / 3)), Math.max(1 / low, furthest ** (1 / 3))]
  const beyond = (above * below) ** (room / (1 - 2 * room))
  return { min: 1 / (below * beyond), max: above * beyond }
}

/** What is labelled: 1, 2, 5, 10, 20, ... within the range; only powers of ten where that is still enough. */
export function logLabels(min: number, max: number): number[] {
  const all = oneTwoFive(min, max)
  if (all.length <= LABELS_MAX) return all
  const powers = multiples([1], min, max)
  return powers.length >= 2 ? powers : all
}

/** Equal steps near 1, and always 1 itself. */
export function ratioLabels({ min, max }: Bounds): number[] {
  if (max > RATIO_BY_STEPS) return logLabels(min, max)
  const step = [0.02, 0.05, 0.1, 0.2, 0.5].find((one) => (max - min) / one <= LABELS_MAX) ?? 0.5
  const count = Math.ceil((max - min) / step)
  const around = Array.from({ length: 2 * count + 1 }, (_, index) => 1 + (index - count) * step)
  return around
    .map((value) => Number(value.toPrecision(6)))
    .filter((value) => value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9))
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
type Tick = { tick?: { value: number } }

/** A line at every digit, faint where it is not labelled: one sees at once that the scale is logarithmic. */
export function logAxis(axis: Axis, bounds: Bounds) {
  const labels = logLabels(bounds.min, bounds.max)
  const digits = multiples([1, 2, 3, 4, 5, 6, 7, 8, 9], bounds.min, bounds.max)
  const label = (value: number) => formatTick(value, axis.unit)
  return logarithmic(axis, bounds, digits, labels, label, (value) =>
    labels.includes(value) ? GRID : FAINT_GRID,
  )
}

/** With a dark line at 1, where both are the same. */
export function ratioAxis(axis: Axis, bounds: Bounds) {
  const labels = ratioLabels(bounds)
  const label = (value: number) => `×${formatTick(value, axis.unit)}`
  return logarithmic(axis, bounds, labels, labels, label, (value) => (value === 1 ? INK : GRID))
}

function logarithmic(
  { title }: Axis,
  bounds: Bounds,
  lines: readonly number[],
  labels: readonly number[],
  labelOf: (value: number) => string,
  colorOf: (value: number) => string,
) {
  const style = plainStyle(`${title} (log scale)`)
  return {
    type: 'logarithmic' as const,
    ...bounds,
    ...style,
    grid: { ...style.grid, color: ({ tick }: Tick) => colorOf(tick?.value ?? 0) },
    afterBuildTicks: (scale: Scale) => {
      scale.ticks = lines.map((value) => ({ value }))
    },
    ticks: {
      ...TICKS,
      autoSkip: false,
      callback: (value: string | number) => (labels.includes(Number(value)) ? labelOf(Number(value)) : ''),
    },
  }
}

/** From zero to `high` or a round number beyond; `last` ends it just there. */
export function linearAxis(axis: Axis, high: number, last?: number) {
  return {
    type: 'linear' as const,
    beginAtZero: true,
    ...(last === undefined ? { suggestedMax: high } : { max: last }),
    ...plainStyle(axis.title),
    ticks: {
      ...TICKS,
      maxTicksLimit: LABELS_MAX,
      // The end of the range is no round number: its label would touch the last one's.
      includeBounds: false,
      callback: (value: string | number) => formatTick(Number(value), axis.unit),
    },
  }
}

/** Changes in percent, better to the left and worse to the right. */
export function changeAxis(title: string, bounds: Bounds) {
  return {
    type: 'linear' as const,
    ...bounds,
    ...plainStyle(title),
    ticks: {
      ...TICKS,
      maxTicksLimit: LABELS_MAX,
      includeBounds: false,
      callback: (value: string | number) => formatChange(Number(value)),
    },
  }
}

/** Labelled at its own places, up to the last that any curve reaches. */
export function placedAxis({ title, ticks }: PlacedAxis, last: number) {
  const first = ticks[0]!.at
  const shown = ticks.filter(({ at }, index) => {
    const next = ticks[index + 1]?.at ?? Infinity
    return next > last || next - at >= LABEL_SHARE * (last - first)
  })
  const labels = new Map(shown.map(({ at, label }) => [at, label]))
  return {
    type: 'linear' as const,
    min: first,
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
