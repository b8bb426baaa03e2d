/** Draws forests, which chart.js does not have: margin, limits, intervals and figures. Needs no Node, as `config.ts`. */
import type { Chart, Plugin } from 'chart.js'
import { formatChange, formatShare } from '../../harness/format.ts'
import { shortLabel } from '../tables/wrap.ts'
import { LEGEND_HEIGHT } from './lanemarks.ts'
import type { Forest, ForestBlock, ForestRow } from './spec.ts'
import { FAINT_INK, FONT, INK, PAPER, translucent } from './style.ts'

export const FOREST_ROW_HEIGHT = 24
/** To the right of the plot, for the figures. */
export const NUMBER_WIDTH = 84
/** From a block's last row to the next one's name, rows. */
const GAP = 0.5
const NAME_MAX = 44
const LETTER_WIDTH = 6.9
const LABEL_SIZE = 12
const MARKER = 5.5
const CAP = 4
const ARROW = 11
const SHADE = '#eef1f4'

type Context = Chart['ctx']
type Shape = 'circle' | 'triangle' | 'square' | 'diamond' | 'dot'

/** Colour and shape: one is enough to tell them apart. From Okabe and Ito's palette, as all colours of ours. */
const LOOKS: Readonly<Record<ForestRow['verdict'], { color: string; shape: Shape; word: string }>> = {
  regression: { color: '#D55E00', shape: 'triangle', word: 'regression' },
  inconclusive: { color: '#B8860B', shape: 'square', word: 'inconclusive' },
  pass: { color: '#0072B2', shape: 'circle', word: 'pass' },
  improvement: { color: '#009E73', shape: 'diamond', word: 'improvement' },
  failed: { color: '#000000', shape: 'dot', word: 'failed' },
  moved: { color: '#57606a', shape: 'dot', word: 'moved, not judged' },
}

/** The height of all blocks, each with a line for its name. */
export function forestRows({ blocks }: Forest): number {
  return blocks.reduce((rows, block) => rows + rowsOf(block), -GAP)
}

function rowsOf({ rows }: ForestBlock): number {
  return 1 + rows.length + GAP
}

/** Room to the left of the plot, pixels. */
export function nameWidth({ blocks }: Forest): number {
  // A block's own name may run into the plot, but not without need.
  const letters = blocks.flatMap(({ name, rows }) => [
    ...(name.length <= NAME_MAX ? [name.length] : []),
    ...rows.map((row) => Math.min(row.name.length, NAME_MAX)),
  ])
  return 24 + LETTER_WIDTH * Math.max(...letters)
}

export function forestPlugin(forest: Forest): Plugin<'scatter'> {
  return {
    id: 'forest',
    beforeDraw(chart) {
      if (forest.margin !== undefined) shadeMargin(chart, forest.margin)
    },
    afterDatasetsDraw(chart) {
      const context = chart.ctx
      context.save()
      context.textBaseline = 'middle'
      drawZero(chart)
      let row = 0
      for (const block of forest.blocks) {
        drawBlock(chart, block, row)
        row += rowsOf(block)
      }
      drawLegend(chart, forest)
      context.restore()
    },
  }
}

function shadeMargin(chart: Chart, margin: number): void {
  const { ctx: context, chartArea } = chart
  const [left, right] = [-margin, margin].map((share) => within(chart, share)) as [number, number]
  context.save()
  context.fillStyle = SHADE
  context.fillRect(left, chartArea.top, right - left, chartArea.bottom - chartArea.top)
  context.restore()
}

/** The pixel of a share; of one beyond an end, that end. */
function within({ scales }: Chart, share: number): number {
  const scale = scales.x!
  return scale.getPixelForValue(Math.min(Math.max(share, scale.min), scale.max))
}

function drawZero(chart: Chart): void {
  const { top, bottom } = chart.chartArea
  dashed(chart.ctx, within(chart, 0), top, bottom, INK)
}

function dashed(context: Context, x: number, from: number, to: number, color: string): void {
  context.save()
  context.strokeStyle = color
  context.lineWidth = 1.25
  context.setLineDash([4, 3])
  context.beginPath()
  context.moveTo(x, from)
  context.lineTo(x, to)
  context.stroke()
  context.restore()
}

function middleOf(chart: Chart, row: number): number {
  return chart.scales.y!.getPixelForValue(row + 0.5)
}

function drawBlock(chart: Chart, { name, rows }: ForestBlock, from: number): void {
  const context = chart.ctx
  drawHeading(chart, name, middleOf(chart, from))
  context.font = `${LABEL_SIZE}px ${FONT}`
  for (const [index, row] of rows.entries()) drawRow(chart, row, middleOf(chart, from + 1 + index))
}

/** At the left of all, as the names of its rows are; a white rim keeps lines out of the letters. */
function drawHeading(chart: Chart, name: string, middle: number): void {
  const context = chart.ctx
  context.textAlign = 'left'
  context.fillStyle = INK
  context.font = `bold ${LABEL_SIZE}px ${FONT}`
  context.strokeStyle = PAPER
  context.lineWidth = 4
  const label = shortLabel(name, 2 * NAME_MAX)
  context.strokeText(label, 14, middle)
  context.fillText(label, 14, middle)
}

/** What is long in a cell's name is a path, which tells least in its folders. */
function labelOf(name: string): string {
  if (name.length <= NAME_MAX) return name
  const parts = name.split(' · ').map((part) => part.replace(/^[^:,\s]*\//, '…/'))
  return shortLabel(parts.join(' · '), NAME_MAX)
}

function drawRow(chart: Chart, row: ForestRow, middle: number): void {
  const { ctx: context, chartArea } = chart
  const { color, shape } = LOOKS[row.verdict]
  context.textAlign = 'left'
  context.fillStyle = FAINT_INK
  context.fillText(labelOf(row.name), 24, middle)
  if (row.limit !== undefined) {
    const half = FOREST_ROW_HEIGHT / 2
    dashed(context, within(chart, row.limit), middle - half, middle + half, LOOKS.regression.color)
  }
  drawInterval(chart, row, middle, color)
  drawPoint(chart, row.worse, middle, color, shape)
  context.fillStyle = row.verdict === 'pass' || row.verdict === 'moved' ? FAINT_INK : INK
  context.fillText(formatChange(row.worse), chartArea.right + 12, middle)
}

function drawInterval(chart: Chart, { low, high }: ForestRow, middle: number, color: string): void {
  if (low === undefined || high === undefined) return
  const context = chart.ctx
  const [from, to] = [within(chart, low), within(chart, high)]
  context.strokeStyle = color
  context.lineWidth = 2
  context.beginPath()
  context.moveTo(from, middle)
  context.lineTo(to, middle)
  for (const [end, share] of [
    [from, low],
    [to, high],
  ] as const) {
    if (isBeyond(chart, share)) continue
    context.moveTo(end, middle - CAP)
    context.lineTo(end, middle + CAP)
  }
  context.stroke()
}

function isBeyond({ scales }: Chart, share: number): boolean {
  return share < scales.x!.min || share > scales.x!.max
}

/** A value that the axis does not reach is an arrow at its end; the figure beside it says where it is. */
function drawPoint(chart: Chart, share: number, middle: number, color: string, shape: Shape): void {
  const { ctx: context } = chart
  const x = within(chart, share)
  if (isBeyond(chart, share)) {
    const foot = share > 0 ? x - ARROW : x + ARROW
    context.fillStyle = color
    polygon(context, [
      [x, middle],
      [foot, middle - 7],
      [foot, middle + 7],
    ])
  } else drawMarker(context, x, middle, color, shape)
}

const CORNERS: Readonly<Partial<Record<Shape, readonly (readonly [number, number])[]>>> = {
  triangle: [
    [0, -1.2],
    [1.15, 0.9],
    [-1.15, 0.9],
  ],
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  square: [
    [-0.95, -0.95],
    [0.95, -0.95],
    [0.95, 0.95],
    [-0.95, 0.95],
  ],
}

/** An open square is what is not known. */
function drawMarker(context: Context, x: number, y: number, color: string, shape: Shape): void {
  context.fillStyle = shape === 'square' ? PAPER : color
  context.strokeStyle = shape === 'square' ? color : PAPER
  context.lineWidth = shape === 'square' ? 2 : 1
  const corners = CORNERS[shape]
  if (corners !== undefined)
    polygon(
      context,
      corners.map(([dx, dy]) => [x + dx * MARKER, y + dy * MARKER]),
    )
  else {
    context.beginPath()
    context.arc(x, y, shape === 'dot' ? MARKER * 0.6 : MARKER, 0, 2 * Math.PI)
    context.fill()
  }
  context.stroke()
}

function polygon(context: Context, points: readonly (readonly [number, number])[]): void {
  context.beginPath()
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) context.moveTo(x, y)
    else context.lineTo(x, y)
  }
  context.closePath()
  context.fill()
}

/** What there is in this picture and no more. */
function drawLegend(chart: Chart, { blocks, margin }: Forest): void {
  const { ctx: context, height } = chart
  const rows = blocks.flatMap((block) => block.rows)
  const middle = height - LEGEND_HEIGHT / 2
  let x = 18
  context.textAlign = 'left'
  context.font = `${LABEL_SIZE}px ${FONT}`
  const say = (words: string) => {
    context.fillStyle = INK
    context.fillText(words, x + 12, middle)
    x += 36 + context.measureText(words).width
  }
  for (const [verdict, { color, shape, word }] of Object.entries(LOOKS)) {
    if (!rows.some((row) => row.verdict === verdict)) continue
    drawMarker(context, x, middle, color, shape)
    say(word)
  }
  if (rows.some(({ limit }) => limit !== undefined)) {
    dashed(context, x, middle - 9, middle + 9, LOOKS.regression.color)
    say('limit')
  }
  if (margin === undefined) return
  context.fillStyle = SHADE
  context.fillRect(x - 8, middle - 8, 16, 16)
  context.strokeStyle = translucent(FAINT_INK, 0.5)
  context.lineWidth = 1
  context.strokeRect(x - 8, middle - 8, 16, 16)
  say(`margin ±${formatShare(margin)}`)
}
