/** The charts as files, where both the PNG and the Markdown reporter put them. */
import { join } from 'node:path'
import { drawChart } from '../charts/canvas.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { writeWhole } from './wholefile.ts'

/** Relative to the report, with `/` on every system: it also stands in links. */
export function chartPath(chart: ChartSpec): string {
  return `charts/${chart.id}.png`
}

export function writeCharts(charts: readonly ChartSpec[], directory: string): string[] {
  return charts.map((chart) => writeWhole(directory, join(...chartPath(chart).split('/')), drawChart(chart)))
}
