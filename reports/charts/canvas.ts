/**
 * The only file that draws without a browser. `canvas` is @napi-rs/canvas under node-canvas' name (see
 * DESIGN 9), of which chartjs-node-canvas' asynchronous calls do not work.
 *
 * The fonts come with us: the canvas has none of its own, and on a machine without any, text would be missing.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { GlobalFonts } from 'canvas'
import { ChartJSNodeCanvas } from 'chartjs-node-canvas'
import { BACKGROUND, configOf } from './config.ts'
import { FOREST_ROW_HEIGHT, forestRows } from './forestmarks.ts'
import { laneRows, ROW_HEIGHT } from './lanemarks.ts'
import type { ChartSpec } from './spec.ts'
import { FONT } from './style.ts'

const WIDTH = 800
/** Twice the pixels, for screens that have them and for print. */
const PIXEL_RATIO = 2
const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']

const painters = new Map<number, ChartJSNodeCanvas>()

/** Drawn already: files and page show the same charts, and drawing one takes a tenth of a second. */
const drawn = new Map<string, Buffer>()

/** The chart as PNG, 1600 pixels wide. */
export function drawChart(spec: ChartSpec): Buffer {
  const key = JSON.stringify(spec)
  const png = drawn.get(key) ?? draw(spec)
  drawn.set(key, png)
  return png
}

function draw(spec: ChartSpec): Buffer {
  registerFonts()
  const config = configOf(spec)
  config.options = { ...config.options, devicePixelRatio: PIXEL_RATIO }
  return painterOf(heightOf(spec)).renderToBufferSync(config)
}

/** Lanes, rows of a forest and lying bars need a line each; all else has one shape. */
export function heightOf({ drawing, series, subtitle }: ChartSpec): number {
  if (drawing.kind === 'lanes') return Math.ceil(160 + subtitle.length * 16 + laneRows(drawing) * ROW_HEIGHT)
  if (drawing.kind === 'forest')
    return Math.ceil(160 + subtitle.length * 16 + forestRows(drawing) * FOREST_ROW_HEIGHT)
  if (drawing.kind !== 'bars') return 460
  return 120 + subtitle.length * 16 + series.length * 38
}

function painterOf(height: number): ChartJSNodeCanvas {
  const known = painters.get(height)
  if (known !== undefined) return known
  const painter = new ChartJSNodeCanvas({ width: WIDTH, height, backgroundColour: BACKGROUND })
  painters.set(height, painter)
  return painter
}

let registered = false

/** Under a name of our own, so that a font that the machine happens to have never changes a chart. */
function registerFonts(): void {
  if (registered) return
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf')
  const family = FONT.split(',')[0]!
  for (const file of FONT_FILES) {
    if (GlobalFonts.registerFromPath(join(fonts, file), family) === null) {
      throw new Error(`The charts' font cannot be loaded: ${join(fonts, file)}`)
    }
  }
  registered = true
}
