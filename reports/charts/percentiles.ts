/** Durations by percentile: one chart a class, one curve a policy. (The axis is HdrHistogram's: nines are equally far apart.) */
import { formatDuration } from '../../harness/format.ts'
import { Histogram, PERCENTILES } from '../../harness/histogram.ts'
import type { RoundRecord } from '../../harness/records.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { spreadOf } from '../../harness/verdict/statistics/median.ts'
import { captionOf, chartId, drawable, subtitleOf } from './caption.ts'
import { CLASSES_MAX, CROWDED } from './overtime.ts'
import type { ChartSpec, Point, Series } from './spec.ts'

/** Scheduling detail: the classes' waits have a chart of their own, how long they run is the scenario's. */
const NOT_HERE = /^(wait|run|overhead)(\.|$)/
const FROM_ARRIVAL = new Set(['latency', 'sojourn'])
/** From the lower quartile on: the quickest few would stretch the axis downwards and tell nothing. */
const TICKS = [25, 50, 75, 90, 99, 99.9, 99.99]
/** Of the axis, -log10(1 - p): twenty points to a nine. */
const STEP = 0.05
/** The fewest values of a round above the last percentile drawn: fewer, and the curve's end is chance. */
const BEYOND_MIN = 3

/** -log10 of the share beyond the percentile: 90 % is 1, 99 % is 2. */
export function nines(percent: number): number {
  return -Math.log10(1 - percent / 100)
}

export function percentileCharts(group: Group, variant: number): ChartSpec[] {
  const members = drawable(group)
  const names = new Set(
    members.flatMap(({ rounds }) => rounds.flatMap((round) => Object.keys(round.histograms))),
  )
  return [...names]
    .sort()
    .filter((name) => !NOT_HERE.test(name) && !isOfOneClass(name, names))
    .filter((name) => !isCrowdedOut(name, names, members))
    .flatMap((name) => chartOf(group, variant, name, members))
}

/** Whether the figures over all classes are those of the only class. */
function isOfOneClass(name: string, names: ReadonlySet<string>): boolean {
  return [...names].filter((other) => other.startsWith(`${name}.`)).length === 1
}

/** Of very many classes only those with most values are drawn: the table has more, and `summary.json` all. */
function isCrowdedOut(name: string, names: ReadonlySet<string>, members: readonly Member[]): boolean {
  const quantity = name.split('.')[0]!
  const classes = [...names].filter((other) => other.startsWith(`${quantity}.`))
  if (classes.length <= CLASSES_MAX || name === quantity) return false
  const count = (each: string) => members[0]!.cell.metrics[`${each}.count`]?.value ?? 0
  return !classes
    .sort((a, b) => count(b) - count(a))
    .slice(0, CROWDED)
    .includes(name)
}

function chartOf(group: Group, variant: number, name: string, members: readonly Member[]): ChartSpec[] {
  const series = members.flatMap((member) => seriesOf(member, name))
  // Where nobody ever waited, a logarithmic axis has nothing to show.
  if (!series.some(({ points }) => points.some(({ value }) => value! > 0))) return []
  const banded = series.some(({ points }) => points.some((point) => point.low !== point.high))
  const [quantity, ...className] = name.split('.') as [string, ...string[]]
  const subject = className.length === 0 ? spaced(quantity) : `${quantity} of ${className.join('.')}`
  const title = captionOf(group, name === 'sojourn' ? 'sojourn of all classes' : subject)
  return [
    {
      id: chartId(group, variant, name),
      title,
      subtitle: subtitleOf(group, [
        'lower is better',
        ...(banded ? ['shaded: smallest to largest round'] : []),
      ]),
      alt: `${title}. ${series.map(wordsOf).join('; ')}.`,
      drawing: {
        kind: 'lines',
        x: { title: 'percentile', ticks: TICKS.map((at) => ({ at: nines(at), label: `${at} %` })) },
        y: {
          title: FROM_ARRIVAL.has(quantity) ? `${quantity}, arrival → done` : spaced(quantity),
          unit: 'ns',
          scale: 'log',
        },
        stepped: false,
      },
      series,
    },
  ]
}

function seriesOf({ policy, policyIndex, rounds }: Member, name: string): Series[] {
  const found = rounds
    .filter((round) => round.status === 'ok' && round.histograms[name] !== undefined)
    .map((round) => ({ round, histogram: Histogram.decode(round.histograms[name]!) }))
    .filter(({ histogram }) => histogram.count > 0)
  if (found.length === 0) return []
  const curves = found.map(({ round, histogram }) => curveOf(round, histogram, name))
  const points = percentsFor(found.map(({ histogram }) => histogram)).map((percent) =>
    pointAt(percent, curves),
  )
  return [{ policy, policyIndex, points }]
}

type Curve = (percent: number) => number

/** Where the round recorded a percentile exactly, that one: so that chart and table agree. */
function curveOf({ metrics }: RoundRecord, histogram: Histogram, name: string): Curve {
  const exact = new Map<number, number | undefined>(
    Object.entries(PERCENTILES).map(([statistic, percent]) => [
      percent,
      metrics[`${name}.${statistic}`]?.value,
    ]),
  )
  return (percent) => exact.get(percent) ?? histogram.percentile(percent)
}

/** The percentiles where the curve has points: as far as every round has values enough. */
function percentsFor(histograms: readonly Histogram[]): number[] {
  const fewest = Math.min(...histograms.map((histogram) => histogram.count))
  const first = nines(TICKS[0]!)
  const last = Math.min(nines(TICKS.at(-1)!), Math.max(first, Math.log10(fewest / BEYOND_MIN)))
  const even = Array.from({ length: Math.floor((last - first) / STEP) + 1 }, (_, index) => {
    return 100 * (1 - 10 ** -(first + index * STEP))
  })
  const between = even.filter(
    (percent) => !TICKS.some((tick) => Math.abs(nines(tick) - nines(percent)) < STEP / 4),
  )
  const ticks = TICKS.filter((percent) => nines(percent) <= last + 1e-9)
  return [...between, ...ticks].sort((a, b) => a - b)
}

function pointAt(percent: number, curves: readonly Curve[]): Point {
  const x = nines(percent)
  const spread = spreadOf(curves.map((curve) => curve(percent)))
  return curves.length === 1 ? { x, value: spread.value } : { x, ...spread }
}

function wordsOf({ policy, points }: Series): string {
  const said = [50, 99].flatMap((percent) => {
    const point = points.find(({ x }) => x === nines(percent))
    return point?.value === undefined ? [] : [`p${percent} ${formatDuration(point.value)}`]
  })
  return `${policy}: ${said.join(', ')}`
}

/** `timerLateness` → `timer lateness`. */
function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}
