/** Turns a chart's data into a chart.js configuration: needs no Node, so that a page draws the very same. */
import type { ChartConfiguration, ChartDataset, LegendItem } from 'chart.js'
import { shortLabel } from '../tables/wrap.ts'
import { forestPlugin, forestRows, NUMBER_WIDTH, nameWidth } from './forestmarks.ts'
import { LEGEND_HEIGHT, laneNameWidth, laneRows, lanesPlugin } from './lanemarks.ts'
import { marksPlugin } from './marks.ts'
import {
  changeAxis,
  extentOf,
  linearAxis,
  logAxis,
  logBounds,
  nameAxis,
  placedAxis,
  ratioAxis,
  ratioBounds,
} from './scales.ts'
import type { Axis, Bars, ChartSpec, Columns, Forest, Lanes, Lines, Point, Series } from './spec.ts'
import { FAINT_INK, FONT, fillOf, INK, lookOf, PAPER, translucent } from './style.ts'

const BAND = 0.13
/** Longer names of policies leave no room for bars. */
const LABEL_MAX = 36
/** On a logarithmic axis a column has no natural foot: half the smallest value keeps each one visible. */
const COLUMN_FOOT = 2
/** Of the plot's height, what a number needs that stands upright on the highest column. */
const NUMBER_SHARE = 0.22
/** Beyond the longest lying bar and its whisker, room for a number. */
const NUMBER_BESIDE = 1.14
/** Markers of a curve whose axis has no places of its own to mark. */
const MARKERS_A_CURVE = 8

export function configOf(spec: ChartSpec): ChartConfiguration {
  if (spec.drawing.kind === 'lines') return linesConfig(spec, spec.drawing)
  if (spec.drawing.kind === 'columns') return columnsConfig(spec, spec.drawing)
  if (spec.drawing.kind === 'lanes') return lanesConfig(spec, spec.drawing)
  if (spec.drawing.kind === 'forest') return forestConfig(spec, spec.drawing)
  return barsConfig(spec, spec.drawing)
}

function linesConfig(spec: ChartSpec, { x, y, stepped }: Lines): ChartConfiguration {
  const { low, high } = extentOf(spec)
  const last = Math.max(...spec.series.flatMap(({ points }) => points.map((point) => point.x ?? 0)))
  const shape = stepped ? { stepped: 'before' } : { cubicInterpolationMode: 'monotone' }
  const drawn = valueOn(y)
  const curves = spec.series.map((series) => ({ ...curveOf(series, markedOn(x, series), drawn), ...shape }))
  const bands = spec.series.flatMap((series) => bandOf(series, drawn)).map((band) => ({ ...band, ...shape }))
  return {
    type: 'line',
    data: { datasets: [...curves, ...bands] as ChartDataset[] },
    options: {
      ...frame(spec, true),
      scales: {
        x: 'ticks' in x ? placedAxis(x, Math.max(last, 1)) : linearAxis(x, last, last),
        y: y.scale === 'linear' ? linearAxis(y, high) : logAxis(y, logBounds(low, high)),
      } as never,
    },
  }
}

/** Which points have a marker: on every one they would hide the curve. */
function markedOn(x: Lines['x'], { policyIndex, points }: Series): (point: Point, index: number) => boolean {
  if ('ticks' in x) {
    // Not on the axis itself, where half of a marker would be cut off.
    const marked = new Set(x.ticks.slice(1).map(({ at }) => at.toFixed(4)))
    return (point) => marked.has((point.x ?? -1).toFixed(4))
  }
  const every = Math.max(1, Math.ceil(points.length / MARKERS_A_CURVE))
  // Each policy at points of its own, so that curves in one place can be told apart.
  return (_, index) => (index + 1 + Math.round((policyIndex * every) / 3)) % every === 0
}

type Drawn = (value: number | undefined) => number | null

/** A logarithmic axis has no place for 0. */
function valueOn({ scale }: Axis): Drawn {
  return (value) => (value === undefined || (scale !== 'linear' && value <= 0) ? null : value)
}

function curveOf(
  { policy, policyIndex, points }: Series,
  isMarked: (point: Point, index: number) => boolean,
  drawn: Drawn,
) {
  const { color, dash, marker } = lookOf(policyIndex)
  return {
    label: policy,
    data: points.map(({ x, value }) => ({ x, y: drawn(value) })),
    borderColor: color,
    backgroundColor: color,
    borderWidth: 2,
    borderDash: [...dash],
    pointStyle: marker,
    pointRadius: points.map((point, index) => (isMarked(point, index) ? 5 : 0)),
    pointBorderWidth: 2,
    fill: false,
    // Whole markers, also at the plot's right edge.
    clip: 8,
    // Later ones on top: most are dashed, so that what they cover shows through.
    order: -policyIndex,
  }
}

/** Two curves without a line, filled between; empty where there was one round. */
function bandOf({ policyIndex, points }: Series, drawn: Drawn) {
  if (!points.some(({ low, high }) => low !== high)) return []
  const { color } = lookOf(policyIndex)
  const edge = (fill: boolean | string, pick: 'low' | 'high') => ({
    label: '',
    data: points.map((point) => ({ x: point.x, y: drawn(point[pick]) })),
    borderWidth: 0,
    pointRadius: 0,
    backgroundColor: translucent(color, BAND),
    fill,
    order: 1,
  })
  return [edge(false, 'low'), edge('-1', 'high')]
}

function columnsConfig(spec: ChartSpec, { categories, y }: Columns): ChartConfiguration {
  const drawn = valueOn(y)
  const datasets = spec.series.map(({ policy, policyIndex, points }) => {
    return {
      label: policy,
      data: categories.map((_, index) => drawn(points[index]?.value)),
      ...(y.scale === 'ratio' ? { base: 1 } : {}),
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
    options: { ...frame(spec, true), scales: { x: nameAxis(), y: columnsAxis(spec, y) } as never },
    plugins: [marksPlugin(spec, y, false) as never],
  }
}

function columnsAxis(spec: ChartSpec, y: Axis) {
  const { low, high } = extentOf(spec)
  if (y.scale === 'ratio') return ratioAxis(y, ratioBounds(low, high, NUMBER_SHARE))
  if (y.scale === 'linear') return linearAxis(y, high / (1 - NUMBER_SHARE))
  return logAxis(y, logBounds(low, high * headroom(low, high), COLUMN_FOOT))
}

function barsConfig(spec: ChartSpec, { x }: Bars): ChartConfiguration {
  const fills = spec.series.map(({ policyIndex }) => fillOf(policyIndex))
  return {
    type: 'bar',
    data: {
      labels: spec.series.map(({ policy }) => shortLabel(policy, LABEL_MAX)),
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
      scales: { x: linearAxis(x, extentOf(spec).high * NUMBER_BESIDE), y: nameAxis() } as never,
    },
    plugins: [marksPlugin(spec, x, true) as never],
  }
}

function lanesConfig(spec: ChartSpec, lanes: Lanes): ChartConfiguration {
  const ends = lanes.blocks.flatMap((block) => block.lanes.flatMap(({ spans }) => spans.map(({ to }) => to)))
  const axis = linearAxis(lanes.x, Math.max(...ends), Math.max(...ends))
  const plugin = lanesPlugin(lanes, spec.series[0]!.policyIndex)
  return rowsConfig(spec, { axis, plugin, rows: laneRows(lanes), names: laneNameWidth(lanes), beside: 44 })
}

function forestConfig(spec: ChartSpec, forest: Forest): ChartConfiguration {
  const axis = changeAxis(forest.title, { min: forest.from, max: forest.to })
  const plugin = forestPlugin(forest)
  const rows = forestRows(forest)
  return rowsConfig(spec, { axis, plugin, rows, names: nameWidth(forest), beside: NUMBER_WIDTH })
}

interface Rows {
  readonly axis: object
  readonly plugin: object
  readonly rows: number
  /** Room to the left of the plot, and to the right of it, pixels. */
  readonly names: number
  readonly beside: number
}

/** An empty plot of the right scales: chart.js has no drawing for lanes and forests. */
function rowsConfig(spec: ChartSpec, { axis, plugin, rows, names, beside }: Rows): ChartConfiguration {
  const padding = { top: 12, right: beside, bottom: LEGEND_HEIGHT, left: 12 }
  // The names stand where an axis would have its labels: title and subtitle begin at the left of all.
  const afterFit = (scale: { width: number }) => {
    scale.width = names
  }
  const hidden = { ticks: { display: false }, grid: { display: false }, border: { display: false } }
  return {
    type: 'scatter',
    data: { datasets: [] },
    options: {
      ...frame(spec, false),
      layout: { padding },
      scales: {
        x: axis,
        y: { type: 'linear', reverse: true, min: 0, max: rows, afterFit, ...hidden },
      } as never,
    },
    plugins: [plugin as never],
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
        text: [...spec.subtitle],
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
      const text = shortLabel(policy, LABEL_MAX)
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

export const BACKGROUND = PAPER
