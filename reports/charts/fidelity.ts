/** How far virtual time is from real time: a column a figure and policy, from 1 up or down. */
import { formatRatio } from '../../harness/format.ts'
import {
  type Fidelity,
  type FidelityFigure,
  type FidelityPair,
  fidelityOf,
} from '../../harness/verdict/fidelity.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { fidelityLoad } from '../tables/fidelity.ts'
import { firstLines } from '../tables/wrap.ts'
import { fileStem, SUBTITLE_WIDTH } from './caption.ts'
import type { ChartSpec, Point, Series } from './spec.ts'

export interface ChartedFidelity {
  readonly fidelity: Fidelity
  readonly charts: readonly ChartSpec[]
}

export function chartedFidelity(report: Report): ChartedFidelity[] {
  return fidelityOf(report).map((fidelity, index) => ({ fidelity, charts: chartOf(fidelity, index) }))
}

function chartOf({ scenario, selector, pairs, params }: Fidelity, index: number): ChartSpec[] {
  const drawn = pairs.filter(({ figures }) => figures.some(({ ratio }) => ratio !== undefined))
  if (drawn.length === 0) return []
  const names = [...new Set(drawn.flatMap(({ figures }) => figures.map(nameOf)))]
  const series = drawn.map((pair) => seriesOf(pair, names))
  const ranged = series.some(({ points }) => points.some(({ low, high }) => low !== high))
  const title = `${scenario}: virtual time against real time, ${selector}`
  const reading = [
    'nearer to ×1 is better',
    ...(ranged ? ['whisker: against the largest and smallest real round'] : []),
  ]
  return [
    {
      id: fileStem([scenario, 'fidelity', ...(index > 0 ? [`${index + 1}`] : [])]),
      title,
      subtitle: [
        ...firstLines(fidelityLoad({ scenario, selector, pairs, params }), SUBTITLE_WIDTH, 2),
        reading.join(' · '),
      ],
      alt: `${title}. ${series.map((one) => wordsOf(one, names)).join('; ')}.`,
      drawing: {
        kind: 'columns',
        categories: names,
        y: { title: 'virtual / real', unit: 'ratio', scale: 'ratio' },
      },
      series,
    },
  ]
}

/** `latency interactive p99`: one word a line under the axis. */
function nameOf({ quantity, statistic }: FidelityFigure): string {
  return [...quantity.split('.'), statistic].filter((word) => word !== '').join(' ')
}

function seriesOf({ policy, policyIndex, figures }: FidelityPair, names: readonly string[]): Series {
  const byName = new Map(figures.map((figure) => [nameOf(figure), figure]))
  return { policy, policyIndex, points: names.map((name) => pointOf(byName.get(name))) }
}

/** The virtual median by each end of the real rounds. */
function pointOf(figure: FidelityFigure | undefined): Point {
  if (figure?.ratio === undefined) return {}
  const { ratio, real, virtual } = figure
  if (real.low === undefined || real.high === undefined || real.low <= 0) return { value: ratio }
  return { value: ratio, low: virtual.value / real.high, high: virtual.value / real.low }
}

function wordsOf({ policy, points }: Series, names: readonly string[]): string {
  const said = points.flatMap(({ value }, index) =>
    value === undefined ? [] : [`${names[index]} ${formatRatio(value, 1)}`],
  )
  return `${policy}: ${said.join(', ')}`
}
