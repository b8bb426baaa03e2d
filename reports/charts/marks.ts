/** What chart.js has no drawing for: whiskers over the rounds, and the number at the end of each bar. */
import type { Chart, Plugin } from 'chart.js'
import { formatValue } from '../../harness/format.ts'
import type { Axis, ChartSpec, Point } from './spec.ts'
import { FONT, INK, PAPER } from './style.ts'

const CAP = 4
/** A range shorter than this on the canvas is a blot, not a whisker. */
const WHISKER_MIN = 3
const LABEL_GAP = 5
const LABEL_SIZE = 11
/** Columns narrower than this have their number standing upright. */
const UPRIGHT_BELOW = 46

/** Draws whiskers and numbers on `columns` and `bars`. */
export function marksPlugin(spec: ChartSpec, axis: Axis, lying: boolean): Plugin<'bar'> {
  return {
    id: 'marks',
    afterDatasetsDraw(chart) {
      const context = chart.ctx
      context.save()
      for (const bar of barsOf(chart, spec, lying)) {
        drawWhisker(context, bar)
        drawNumber(context, bar, axis)
      }
      context.restore()
    },
  }
}

/** One bar on the canvas: `at` across the bars' direction, the rest along it. */
interface Bar {
  readonly point: Point
  readonly lying: boolean
  readonly at: number
  readonly thickness: number
  readonly end: number
  readonly whisker?: { readonly low: number; readonly high: number }
}

function barsOf(chart: Chart<'bar'>, spec: ChartSpec, lying: boolean): Bar[] {
  const scale = chart.scales[lying ? 'x' : 'y']!
  const pixel = (value: number) => scale.getPixelForValue(Math.max(value, scale.min))
  const dots = chart.data.datasets.flatMap((_, dataset) =>
    chart.getDatasetMeta(dataset).data.map((element, index) => ({ dataset, element, index })),
  )
  return dots.flatMap(({ dataset, element, index }) => {
    const point = lying ? spec.series[index]?.points[0] : spec.series[dataset]?.points[index]
    if (point?.value === undefined) return []
    const { x, y, width, height } = element.getProps(['x', 'y', 'width', 'height'] as never) as unknown as Box
    const { low, high } = point
    const ranged =
      low !== undefined && high !== undefined && Math.abs(pixel(high) - pixel(low)) >= WHISKER_MIN
    return {
      point,
      lying,
      at: lying ? y : x,
      thickness: lying ? height : width,
      end: pixel(point.value),
      ...(ranged ? { whisker: { low: pixel(low), high: pixel(high) } } : {}),
    }
  })
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A white line below the dark one keeps it visible on dark bars. */
function drawWhisker(context: Chart['ctx'], { whisker, lying, at }: Bar): void {
  if (whisker === undefined) return
  for (const [color, width] of [
    [PAPER, 3.5],
    [INK, 1.25],
  ] as const) {
    context.strokeStyle = color
    context.lineWidth = width
    context.beginPath()
    line(context, lying, [whisker.low, at], [whisker.high, at])
    for (const end of [whisker.low, whisker.high]) line(context, lying, [end, at - CAP], [end, at + CAP])
    context.stroke()
  }
}

type Place = readonly [along: number, across: number]

function line(context: Chart['ctx'], lying: boolean, from: Place, to: Place): void {
  if (lying) {
    context.moveTo(from[0], from[1])
    context.lineTo(to[0], to[1])
  } else {
    context.moveTo(from[1], from[0])
    context.lineTo(to[1], to[0])
  }
}

function drawNumber(context: Chart['ctx'], bar: Bar, axis: Axis): void {
  const text = formatValue(bar.point.value!, axis.unit)
  context.fillStyle = INK
  context.font = `${LABEL_SIZE}px ${FONT}`
  context.textBaseline = 'middle'
  context.save()
  const beyond = bar.lying
    ? Math.max(bar.end, bar.whisker?.high ?? 0) + LABEL_GAP
    : Math.min(bar.end, bar.whisker?.high ?? Infinity) - LABEL_GAP
  if (bar.lying) context.translate(beyond, bar.at)
  else context.translate(bar.at, beyond)
  const upright = !bar.lying && bar.thickness < UPRIGHT_BELOW
  if (upright) context.rotate(-Math.PI / 2)
  context.textAlign = bar.lying || upright ? 'left' : 'center'
  const down = bar.lying || upright ? 0 : -LABEL_SIZE / 2
  // A white rim, so that no grid line runs through the digits.
  context.strokeStyle = PAPER
  context.lineWidth = 3
  context.strokeText(text, 0, down)
  context.fillText(text, 0, down)
  context.restore()
}
