/** What chart.js has no drawing for: whiskers over the rounds, and the number at the end of each bar. */
import type { Chart, Plugin } from 'chart.js'
import { formatRatio, formatValue } from '../../harness/format.ts'
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
      for (const bar of barsOf(chart, spec, axis, lying)) {
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
  /** Grows downwards from its foot, as ratios below 1 do: its number hangs under it. */
  readonly hanging: boolean
  readonly whisker?: { readonly low: number; readonly high: number }
}

function barsOf(chart: Chart<'bar'>, spec: ChartSpec, axis: Axis, lying: boolean): Bar[] {
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
      hanging: axis.scale === 'ratio' && point.value < 1,
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
  const value = bar.point.value!
  const text = axis.scale === 'ratio' ? formatRatio(value, 1) : formatValue(value, axis.unit)
  context.fillStyle = INK
  context.font = `${LABEL_SIZE}px ${FONT}`
  context.textBaseline = 'middle'
  context.save()
  if (bar.lying) context.translate(beyond(bar), bar.at)
  else context.translate(bar.at, beyond(bar))
  const upright = !bar.lying && bar.thickness < UPRIGHT_BELOW
  if (upright) context.rotate(-Math.PI / 2)
  const along = bar.hanging ? 'right' : 'left'
  context.textAlign = bar.lying || upright ? along : 'center'
  const above = bar.hanging ? LABEL_SIZE / 2 : -LABEL_SIZE / 2
  const across = bar.lying || upright ? 0 : above
  // A white rim, so that no grid line runs through the digits.
  context.strokeStyle = PAPER
  context.lineWidth = 3
  context.strokeText(text, 0, across)
  context.fillText(text, 0, across)
  context.restore()
}

/** Where the number stands: past the bar and its whisker. (On the canvas, y grows downwards.) */
function beyond({ lying, hanging, end, whisker }: Bar): number {
  if (lying) return Math.max(end, whisker?.high ?? 0) + LABEL_GAP
  if (hanging) return Math.max(end, whisker?.low ?? 0) + LABEL_GAP
  return Math.min(end, whisker?.high ?? Infinity) - LABEL_GAP
}
