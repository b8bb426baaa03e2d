/** Turns a chart's data into a chart.js configuration: needs no Node, so that a page draws the very same. */
import type { ChartConfiguration, ChartDataset, LegendItem } from 'chart.js'
import { marksPlugin } from './marks.ts'
import { extentOf, linearAxis, logAxis, logBounds, nameAxis, percentileAxis } from './scales.ts'
import type { Bars, ChartSpec, Columns, Lines, Series } from './spec.ts'
import { FAINT_INK, FONT, fillOf, INK, lookOf, PAPER, translucent } from './style.ts'

const BAND = 0.13
/** On a logarithmic axis a column has no natural foot: half the smallest value keeps each one visible. */
const COLUMN_FOOT = 2
/** Of the plot's height, what a number needs that stands upright on the highest column. */
const NUMBER_SHARE = 0.22

export function configOf(spec: ChartSpec): ChartConfiguration {
  if (spec.drawing.kind === 'lines') return linesConfig(spec, spec.drawing)
  if (spec.drawing.kind === 'columns') return columnsConfig(spec, spec.drawing)
  return barsConfig(spec, spec.drawing)
}

function linesConfig(spec: ChartSpec, { x, y }: Lines): ChartConfiguration {
  const { low, high } = extentOf(spec)
  const last = Math.max(...spec.series.flatMap(({ points }) => points.map((point) => point.x ?? 0)), 1)
  // Not on the axis itself, where half of a marker would be cut off.
  const marked = new Set(x.ticks.slice(1).map(({ at }) => at.toFixed(4)))
  const bands = spec.series.flatMap(bandOf)
  return {
    type: 'line',
    data: { datasets: [...spec.series.map((series) => curveOf(series, marked)), ...bands] as ChartDataset[] },
    options: {
      ...frame(spec, true),
      scales: { x: percentileAxis(x, last), y: logAxis(y, logBounds(low, high)) } as never,
    },
  }
}

/** Markers stand at the labelled percentiles only: on every point they would hide the curve. */
function curveOf({ policy, policyIndex, points }: Series, marked: ReadonlySet<string>) {
  const { color, dash, marker } = lookOf(policyIndex)
  return {
    label: policy,
    data: points.map(({ x, value }) => ({ x, y: positive(value) })),
    borderColor: color,
    backgroundColor: color,
    borderWidth: 2,
    borderDash: [...dash],
    pointStyle: marker,
    pointRadius: points.map(({ x }) => (marked.has((x ?? -1).toFixed(4)) ? 5 : 0)),
    pointBorderWidth: 2,
    cubicInterpolationMode: 'monotone',
    fill: false,
    // Whole markers, also at the plot's right edge.
    clip: 8,
  }
}

/** Two curves without a line, filled between; empty where there was one round. */
function bandOf({ policyIndex, points }: Series) {
  if (!points.some(({ low, high }) => low !== high)) return []
  const { color } = lookOf(policyIndex)
  const edge = (fill: boolean | string, pick: 'low' | 'high') => ({
    label: '',
    data: points.map((point) => ({ x: point.x, y: positive(point[pick]) })),
    borderWidth: 0,
    pointRadius: 0,
    cubicInterpolationMode: 'monotone',
    backgroundColor: translucent(color, BAND),
    fill,
  })
  return [edge(false, 'low'), edge('-1', 'high')]
}

function columnsConfig(spec: ChartSpec, { categories, y }: Columns): ChartConfiguration {
  const { low, high } = extentOf(spec)
  const bounds = logBounds(low, high * headroom(low, high), COLUMN_FOOT)
  const datasets = spec.series.map(({ policy, policyIndex, points }) => {
    return {
      label: policy,
      data: categories.map((_, index) => positive(points[index]?.value)),
      ...fillOf(policyIndex),
      categoryPercentage: 0.86,
      barPercentage: 0.92,
      maxBarThickness: 64,
      borderRadius: 2,
    }
  })
  return {
    type: 'bar',
    // One word a line: side by side they would run into one another.
    data: { labels: categories.map((name) => name.split(' ')), datasets: datasets as ChartDataset[] },
    options: { ...frame(spec, true), scales: { x: nameAxis(), y: logAxis(y, bounds) } as never },
    plugins: [marksPlugin(spec, y, false) as never],
  }
}

function barsConfig(spec: ChartSpec, { x }: Bars): ChartConfiguration {
  const fills = spec.series.map(({ policyIndex }) => fillOf(policyIndex))
  return {
    type: 'bar',
    data: {
      labels: spec.series.map(({ policy }) => shortened(policy)),
      datasets: [
        {
          data: spec.series.map(({ points }) => points[0]?.value ?? null),
          backgroundColor: fills.map((fill) => fill.backgroundColor),
          borderColor: fills.map((fill) => fill.borderColor),
          borderWidth: fills.map((fill) => fill.borderWidth),
          maxBarThickness: 26,
          borderRadius: 2,
        },
      ] as ChartDataset[],
    },
    options: {
      ...frame(spec, false),
      indexAxis: 'y',
      scales: { x: linearAxis(x, extentOf(spec).high), y: nameAxis() } as never,
    },
    plugins: [marksPlugin(spec, x, true) as never],
  }
}

/** Title, subtitle, legend and margins: alike in all charts. */
function frame(spec: ChartSpec, legend: boolean): NonNullable<ChartConfiguration['options']> {
  return {
    animation: false,
    layout: { padding: { top: 12, right: 44, bottom: 10, left: 12 } },
    plugins: {
      title: {
        display: true,
        text: spec.title,
        align: 'start',
        color: INK,
        font: { family: FONT, size: 17, weight: 'bold' },
        padding: { bottom: 4 },
      },
      subtitle: {
        display: true,
        text: spec.subtitle.map((line) => shortened(line, 112)),
        align: 'start',
        color: FAINT_INK,
        font: { family: FONT, size: 12 },
        padding: { bottom: 12 },
      },
      legend: legend ? legendOptions(spec) : { display: false },
    },
  }
}

/** Below the plot, marker and colour as in it. Made by hand: bands have no entry, and columns have markers. */
function legendOptions(spec: ChartSpec) {
  const generateLabels = (): LegendItem[] =>
    spec.series.map(({ policy, policyIndex }, datasetIndex) => {
      const { color, marker } = lookOf(policyIndex)
      const text = shortened(policy)
      return {
        text,
        datasetIndex,
        pointStyle: marker,
        fillStyle: color,
        strokeStyle: color,
        fontColor: INK,
        lineWidth: 2,
      }
    })
  return {
    display: true,
    position: 'bottom' as const,
    align: 'start' as const,
    labels: {
      usePointStyle: true,
      boxHeight: 9,
      padding: 16,
      font: { family: FONT, size: 13 },
      generateLabels,
    },
  }
}

/** The factor that leaves the topmost part of a logarithmic axis free for numbers. */
function headroom(low: number, high: number): number {
  return Math.max(2, ((COLUMN_FOOT * high) / low) ** (NUMBER_SHARE / (1 - NUMBER_SHARE)))
}

/** A logarithmic axis has no place for 0. */
function positive(value: number | undefined): number | null {
  return value !== undefined && value > 0 ? value : null
}

function shortened(text: string, length = 36): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

export const BACKGROUND = PAPER
