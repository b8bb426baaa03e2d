/**
 * Figures that a scenario measured for several sizes (`perEvent.10`, `perEvent.100` ...): one chart, a curve a policy and
 * selector, so that one sees at a glance what grows with the size and what does not.
 */
import { formatValue } from '../../harness/format.ts'
import type { Group } from '../../harness/verdict/groups.ts'
import type { SummaryMetric } from '../../harness/verdict/summary.ts'
import { captionOf, chartId, directionOf, drawable, subtitleOf } from './caption.ts'
import type { ChartSpec, Series } from './spec.ts'

const SIZED = /^(.+)\.(\d+)$/
/** Fewer sizes make no curve. */
const SIZES_MIN = 3

/** The quantities that are known for several sizes. */
export function sizedQuantities(names: Iterable<string>): Map<string, number[]> {
  const sizes = new Map<string, number[]>()
  for (const name of names) {
    const [, quantity, size] = SIZED.exec(name) ?? []
    if (quantity !== undefined) sizes.set(quantity, [...(sizes.get(quantity) ?? []), Number(size)])
  }
  return new Map([...sizes].filter(([, all]) => all.length >= SIZES_MIN))
}

/** `groups`: one workload under each of its selectors. */
export function sizeCharts(groups: readonly Group[], variant: number): ChartSpec[] {
  const curves = curvesOf(groups)
  const names = new Set(curves.flatMap(({ metrics }) => Object.keys(metrics)))
  return [...sizedQuantities(names)].map(([quantity, sizes]) =>
    chartOf(
      groups,
      variant,
      quantity,
      sizes.sort((a, b) => a - b),
      curves,
    ),
  )
}

interface Curve {
  readonly policy: string
  readonly metrics: Readonly<Record<string, SummaryMetric>>
}

/** A policy that names its own selector stands in every group: it is drawn once. */
function curvesOf(groups: readonly Group[]): Curve[] {
  const curves = new Map<string, Curve>()
  for (const group of groups) {
    for (const { policy, cell } of drawable(group)) {
      const name = groups.length > 1 && !policy.endsWith(')') ? `${policy} (${cell.selector})` : policy
      curves.set(name, { policy: name, metrics: cell.metrics })
    }
  }
  return [...curves.values()]
}

function chartOf(
  groups: readonly Group[],
  variant: number,
  quantity: string,
  sizes: readonly number[],
  curves: readonly Curve[],
): ChartSpec {
  const { unit, better } = curves.flatMap(({ metrics }) => metrics[`${quantity}.${sizes[0]}`] ?? [])[0]!
  const series = curves.map(({ policy, metrics }, policyIndex): Series => {
    const points = sizes.flatMap((size) => {
      const metric = metrics[`${quantity}.${size}`]
      return metric === undefined ? [] : [{ x: Math.log10(size), ...metric }]
    })
    return { policy, policyIndex, points }
  })
  const group = groups[0]!
  const subject = `${quantity} by size`
  const title =
    groups.length === 1 ? captionOf(group, subject) : `${group.scenario}: ${subject} — ${group.time} time`
  const said = series.map(({ policy, points }) => {
    const [first, last] = [points[0]?.value, points.at(-1)?.value]
    return `${policy}: from ${formatValue(first, unit)} to ${formatValue(last, unit)}`
  })
  return {
    id: chartId(group, variant, `${quantity}-by-size`),
    title,
    subtitle: subtitleOf(group, directionOf(better)),
    alt: `${title}. ${said.join('; ')}.`,
    drawing: {
      kind: 'lines',
      x: {
        title: 'size (log scale)',
        ticks: sizes.map((size) => ({ at: Math.log10(size), label: size.toLocaleString('en') })),
      },
      y: { title: quantity, unit, scale: 'log' },
      stepped: false,
    },
    series: series.filter(({ points }) => points.length > 0),
  }
}
