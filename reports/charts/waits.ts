/** How long ready callbacks queue before they run: median and tail of every class, a column a policy. */
import { formatDuration } from '../../harness/format.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { captionOf, chartId, drawable, subtitleOf } from './caption.ts'
import type { ChartSpec, Point, Series } from './spec.ts'

const STATISTICS = ['p50', 'p99']

export function waitCharts(group: Group, variant: number): ChartSpec[] {
  const members = drawable(group)
  const classes = classesOf(members)
  if (classes.length === 0) return []
  const categories = classes.flatMap((className) =>
    STATISTICS.map((statistic) => `${className}.${statistic}`),
  )
  const series = members.map((member) => seriesOf(member, categories))
  // Where nobody ever waited, a logarithmic axis has nothing to show.
  if (!series.some(({ points }) => points.some(({ value = 0 }) => value > 0))) return []
  const ranged = series.some(({ points }) => points.some((point) => point.low !== point.high))
  const title = captionOf(group, 'wait in the ready queue')
  return [
    {
      id: chartId(group, variant, 'wait'),
      title,
      subtitle: subtitleOf(group, [
        'lower is better',
        ...(ranged ? ['whisker: smallest to largest round'] : []),
      ]),
      alt: `${title}. ${series.map((one) => wordsOf(one, categories)).join('; ')}.`,
      drawing: {
        kind: 'columns',
        categories: categories.map((name) => name.replace('.', ' ')),
        y: { title: 'queue wait, ready → running', unit: 'ns', scale: 'log' },
      },
      series,
    },
  ]
}

function classesOf(members: readonly Member[]): string[] {
  const names = members.flatMap(({ cell }) => Object.keys(cell.metrics))
  const found = names.flatMap((name) => /^wait\.(.+)\.p99$/.exec(name)?.[1] ?? [])
  return [...new Set(found)].sort()
}

function seriesOf({ policy, policyIndex, cell }: Member, categories: readonly string[]): Series {
  return { policy, policyIndex, points: categories.map((name): Point => cell.metrics[`wait.${name}`] ?? {}) }
}

function wordsOf({ policy, points }: Series, categories: readonly string[]): string {
  const said = points.flatMap(({ value }, index) =>
    value === undefined ? [] : [`${categories[index]!.replace('.', ' ')} ${formatDuration(value)}`],
  )
  return `${policy}: ${said.join(', ')}`
}
