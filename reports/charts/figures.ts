/** Single figures, a bar a policy: throughput, and what the scenario measures of its own. */
import { formatValue } from '../../harness/format.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import type { SummaryMetric } from '../../harness/verdict/summary.ts'
import { columnsOf, ownOf } from '../tables/columns.ts'
import { captionOf, chartId, directionOf, drawable, subtitleOf } from './caption.ts'
import { sizedQuantities } from './sizes.ts'
import type { ChartSpec, Series } from './spec.ts'

/** Of what every cell may have, where it stands in the table. */
const FIGURES = ['throughput', 'deadlineMisses', 'lossRatio']
/** The rest of a scenario's figures is in its table. */
const OWN_MAX = 3

export function figureCharts(group: Group, variant: number): ChartSpec[] {
  const members = drawable(group)
  const metrics = new Map(members.flatMap(({ cell }) => Object.entries(cell.metrics)))
  // Percentiles of a scenario's own durations have a chart of curves already.
  const single = ownOf([...metrics.keys()].sort(), metrics).filter((name) => !/\.p\d+$/.test(name))
  // Nor need those of several sizes.
  const sized = sizedQuantities(metrics.keys())
  const own = single
    .filter((name) => metrics.get(name)!.better !== 'neither' && !sized.has(name.replace(/\.\d+$/, '')))
    .slice(0, OWN_MAX)
  const shown = new Set(columnsOf({ ...group, members }).map(({ metric }) => metric))
  const names = [...FIGURES.filter((name) => shown.has(name)), ...own]
  // What only one policy of several measures (an observer's figure) compares nothing.
  const shared = names.filter(
    (name) => members.length === 1 || members.filter((m) => name in m.cell.metrics).length > 1,
  )
  return shared.map((name) => chartOf(group, variant, name, metrics.get(name)!, members))
}

function chartOf(
  group: Group,
  variant: number,
  name: string,
  { unit, better }: SummaryMetric,
  members: readonly Member[],
): ChartSpec {
  const series = members.map((member) => seriesOf(member, name))
  const ranged = series.some(({ points: [point] }) => point?.low !== point?.high)
  const label = name.startsWith(`${group.scenario}.`) ? name.slice(group.scenario.length + 1) : name
  const title = captionOf(group, label)
  const said = series.map(({ policy, points }) => `${policy}: ${formatValue(points[0]?.value, unit)}`)
  return {
    id: chartId(group, variant, label),
    title,
    subtitle: subtitleOf(group, [
      ...directionOf(better),
      ...(ranged ? ['whisker: smallest to largest round'] : []),
    ]),
    alt: `${title}. ${said.join('; ')}.`,
    drawing: { kind: 'bars', x: { title: label, unit, scale: 'linear' } },
    series,
  }
}

function seriesOf({ policy, policyIndex, cell }: Member, name: string): Series {
  const { value, low, high } = cell.metrics[name] ?? {}
  return { policy, policyIndex, points: [{ value, low, high }] }
}
