/** Draws lanes, which chart.js does not have: names, spans and the legend. Needs no Node, as `config.ts`. */
import type { Chart, Plugin } from 'chart.js'
import { shortLabel } from '../tables/wrap.ts'
import type { Lane, LaneBlock, Lanes } from './spec.ts'
import { FAINT_INK, FONT, INK, lookOf, PAPER } from './style.ts'

export const ROW_HEIGHT = 23
export const LEGEND_HEIGHT = 38
/** Of a row's height. */
const THICKNESS = 0.68
/** From a block's last lane to the next one's name, rows. */
const GAP = 0.6
const WAITING = '#e3e6ea'
const HATCH = '#9aa3ad'
const HATCH_STEP = 6
const NAME_MAX = 24
const LETTER_WIDTH = 7
const LABEL_SIZE = 12
const SWATCH_WIDTH = 34

type Context = Chart['ctx']
type Kind = Lane['spans'][number]['kind']

/** The height of all blocks, each with a line for its name. */
export function laneRows({ blocks }: Lanes): number {
  return blocks.reduce((rows, block) => rows + rowsOf(block), -GAP)
}

function rowsOf({ lanes }: LaneBlock): number {
  return 1 + lanes.length + GAP
}

/** Room to the left of the plot, pixels. */
export function laneNameWidth({ blocks }: Lanes): number {
  const letters = blocks.flatMap(({ lanes }) => lanes.map(({ name }) => Math.min(name.length, NAME_MAX)))
  return 22 + LETTER_WIDTH * Math.max(...letters)
}

/** What runs has the policy's colour. */
export function lanesPlugin(lanes: Lanes, policyIndex: number): Plugin<'scatter'> {
  const { color } = lookOf(policyIndex)
  return {
    id: 'lanes',
    afterDatasetsDraw(chart) {
      const context = chart.ctx
      context.save()
      context.textBaseline = 'middle'
      let row = 0
      for (const block of lanes.blocks) {
        drawBlock(chart, block, row, color)
        row += rowsOf(block)
      }
      drawLegend(chart, color)
      context.restore()
    },
  }
}

function drawBlock(chart: Chart, { name, total, lanes }: LaneBlock, row: number, color: string): void {
  const context = chart.ctx
  context.textAlign = 'left'
  context.fillStyle = INK
  context.font = `bold ${LABEL_SIZE}px ${FONT}`
  const heading: [string, number, number] = [`${name}: ${total}`, chart.chartArea.left, middleOf(chart, row)]
  // A white rim, so that no grid line runs through the letters.
  context.strokeStyle = PAPER
  context.lineWidth = 4
  context.strokeText(...heading)
  context.fillText(...heading)
  context.font = `${LABEL_SIZE}px ${FONT}`
  for (const [index, lane] of lanes.entries()) drawLane(chart, lane, middleOf(chart, row + 1 + index), color)
}

function middleOf(chart: Chart, row: number): number {
  return chart.scales.y!.getPixelForValue(row + 0.5)
}

function drawLane(chart: Chart, { name, spans }: Lane, middle: number, color: string): void {
  const { ctx: context, chartArea, scales } = chart
  context.textAlign = 'right'
  context.fillStyle = FAINT_INK
  context.fillText(shortLabel(name, NAME_MAX), chartArea.left - 10, middle)
  const height = THICKNESS * (scales.y!.getPixelForValue(1) - scales.y!.getPixelForValue(0))
  const pixel = (time: number) => scales.x!.getPixelForValue(time)
  for (const { kind, from, to } of spans) {
    // A span too short for a pixel was there all the same.
    const width = Math.max(pixel(to) - pixel(from), 0.75)
    drawSpan(context, kind, color, { x: pixel(from), y: middle - height / 2, width, height })
  }
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Strong where something runs; pale and hatched, also without colours, where it waits. */
function drawSpan(context: Context, kind: Kind, color: string, { x, y, width, height }: Box): void {
  context.fillStyle = kind === 'running' ? color : WAITING
  context.fillRect(x, y, width, height)
  if (kind === 'running') return
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  context.beginPath()
  // At multiples of the step, not from the span's corner: the hatching of neighbours runs on.
  for (let at = Math.floor((x - height) / HATCH_STEP) * HATCH_STEP; at < x + width; at += HATCH_STEP) {
    context.moveTo(at, y + height)
    context.lineTo(at + height, y)
  }
  context.strokeStyle = HATCH
  context.lineWidth = 1
  context.stroke()
  context.restore()
}

const LEGEND: readonly (readonly [Kind, string])[] = [
  ['running', 'running'],
  ['waiting', 'waiting'],
]

function drawLegend(chart: Chart, color: string): void {
  const { ctx: context, height, chartArea } = chart
  const middle = height - LEGEND_HEIGHT / 2
  let x = chartArea.left
  context.textAlign = 'left'
  for (const [kind, label] of LEGEND) {
    drawSpan(context, kind, color, { x, y: middle - 7, width: SWATCH_WIDTH, height: 14 })
    context.fillStyle = INK
    context.fillText(label, x + SWATCH_WIDTH + 8, middle)
    x += SWATCH_WIDTH + 90
  }
  context.fillStyle = FAINT_INK
  context.fillText('blank: not begun, idle or done', x, middle)
}
