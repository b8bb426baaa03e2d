/** The charts as files, where both the PNG and the Markdown reporter put them. */
import { join } from 'node:path'
import { drawChart } from '../charts/canvas.ts'
import type { ChartedGroup } from '../charts/charts.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { writeWhole } from './wholefile.ts'

/** Relative to the report, with `/` on every system: it also stands in links. */
export function chartPath(chart: ChartSpec): string {
  return `charts/${chart.id}.png`
}

export function writeCharts(groups: readonly ChartedGroup[], directory: string): string[] {
  const charts = groups.flatMap((group) => group.charts)
  return charts.map((chart) => writeWhole(directory, join(...chartPath(chart).split('/')), drawChart(chart)))
}
