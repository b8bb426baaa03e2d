import { createCanvas, loadImage } from 'canvas'
import { describe, expect, test } from 'vitest'
import type { CheckReport } from '../../harness/verdict/check-report.ts'
import { drawChart } from '../../reports/charts/canvas.ts'
import { checkCharts } from '../../reports/charts/check.ts'
import type { ChartSpec, Forest } from '../../reports/charts/spec.ts'
import { changedCell, HOSTILE, syntheticCheck } from './check-fixture.ts'

function forestOf({ drawing }: ChartSpec): Forest {
  if (drawing.kind !== 'forest') throw new Error(`A chart of ${drawing.kind}`)
  return drawing
}

function rowsOf(chart: ChartSpec) {
  return forestOf(chart).blocks.flatMap(({ rows }) => rows)
}

/** Colours of the picture, and how often. */
async function colorsOf(chart: ChartSpec): Promise<Map<string, number>> {
  const image = await loadImage(drawChart(chart))
  const context = createCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  const colors = new Map<number, number>()
  for (const pixel of new Uint32Array(data.buffer, data.byteOffset, data.length / 4))
    colors.set(pixel, (colors.get(pixel) ?? 0) + 1)
  return new Map([...colors].map(([pixel, count]) => [nameOf(pixel), count]))
}

/** Bytes stand from red on. */
function nameOf(pixel: number): string {
  const bytes = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255]
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

describe('the charts of a check', () => {
  const check = syntheticCheck()
  const charts = checkCharts(check)

  test('are plain JSON, one for real time and one for what moved in virtual time', () => {
    expect(charts.map(({ id }) => id)).toEqual(['check-real', 'check-virtual'])
    for (const one of charts) {
      expect(JSON.parse(JSON.stringify(one))).toEqual(one)
      expect(one.title).toMatch(/(real|virtual) time$/)
      expect(forestOf(one).title).toBe('change, % (right is worse)')
    }
  })

  test('have a row for every gated metric in real time, by metric', () => {
    const gated = check.cells
      .filter(({ cell, control }) => cell.time === 'real' && !control)
      .flatMap(({ metrics }) => metrics.filter(({ level }) => level !== 'off'))
    expect(rowsOf(charts[0]!)).toHaveLength(gated.length)
    expect(forestOf(charts[0]!).blocks.map(({ name }) => name)).toEqual([
      'cpu.perOp ↓',
      'memory.peak ↓ (warning only)',
      'throughput ↑',
    ])
    expect(charts[0]!.subtitle.join()).toContain('not drawn, as they failed: queue-consumer')
  })

  test('have limit, interval and margin where they can be seen', () => {
    const { from, to, margin } = forestOf(charts[0]!)
    for (const { low, high, limit, worse } of rowsOf(charts[0]!)) {
      for (const value of [low, high, limit, worse]) {
        expect(value).toBeGreaterThanOrEqual(from)
        expect(value).toBeLessThanOrEqual(to)
      }
    }
    expect(-from).toBeGreaterThan(margin!)
  })

  test('show in virtual time only what moved, the largest first', () => {
    const rows = rowsOf(charts[1]!)
    expect(rows[0]).toMatchObject({ name: 'latency.interactive.p99', verdict: 'regression', limit: 0.05 })
    expect(rows[1]).toMatchObject({ verdict: 'moved' })
    expect(rows.every(({ worse }) => worse !== 0)).toBe(true)
  })

  test('have eight metrics of a changed cell, fewer where there are many, and say how many are left out', () => {
    const chartsOf = (count: number) =>
      checkCharts({ ...check, cells: Array.from({ length: count }, (_, index) => changedCell(index)) })
    const sizes = (count: number) =>
      chartsOf(count).map((one) => forestOf(one).blocks.map(({ rows }) => rows.length))
    expect(sizes(1)).toEqual([[8]])
    expect(sizes(12)).toEqual([Array(6).fill(6), Array(6).fill(6)])
    expect(sizes(500)).toEqual([Array(13).fill(3), Array(13).fill(3)])
    expect(chartsOf(500)[0]!.subtitle.join()).toMatch(
      /702 less telling metrics left out · 474 more cells left out/,
    )
  })

  test('are none of virtual time where nothing moved, and none at all where nothing was compared', () => {
    const same = check.cells.filter(({ exact }) => exact?.same !== false)
    expect(checkCharts({ ...check, cells: same }).map(({ id }) => id)).toEqual(['check-real'])
    expect(checkCharts({ ...check, cells: [] })).toEqual([])
  })

  test('have at most 40 rows each, the most urgent of 500 cells in five pictures', () => {
    const many = checkCharts(syntheticCheck({ cells: 500 }))
    const real = many.filter(({ id }) => id.startsWith('check-real'))
    expect(real.map(({ id }) => id)).toEqual([
      'check-real',
      ...[2, 3, 4, 5].map((part) => `check-real-${part}`),
    ])
    for (const one of many) expect(rowsOf(one).length).toBeLessThanOrEqual(40)
    const verdicts = real.flatMap((one) => rowsOf(one).map(({ verdict }) => verdict))
    expect(verdicts).not.toContain('pass')
    expect(real[0]!.subtitle.join()).toMatch(/[\d,]+ less urgent rows left out/)
  })

  test('are no wider for an outlier than limits make them, so that all else stays readable', () => {
    const wild: CheckReport = {
      ...check,
      cells: check.cells.map((cell) => ({
        ...cell,
        metrics: cell.metrics.map((metric) => ({ ...metric, worse: 40, low: -0.9, high: 90 })),
      })),
    }
    const { from, to } = forestOf(checkCharts(wild)[0]!)
    expect([from, to]).toEqual([-0.4, 0.4])
  })
})

describe('the picture of a check', () => {
  test('has a colour for every verdict in it, and the margin behind', async () => {
    const colors = await colorsOf(checkCharts(syntheticCheck())[0]!)
    for (const color of ['#d55e00', '#b8860b', '#0072b2', '#009e73', '#eef1f4'])
      expect(colors.get(color)).toBeGreaterThan(200)
  })

  test('has no colour of a verdict that is not in it', async () => {
    const passed = syntheticCheck({ cells: 3, verdictOf: () => 'pass' })
    const cells = passed.cells.map((cell) => ({
      ...cell,
      metrics: cell.metrics.filter(({ verdict }) => verdict === 'pass'),
    }))
    const colors = await colorsOf(checkCharts({ ...passed, cells })[0]!)
    expect(colors.get('#0072b2')).toBeGreaterThan(200)
    expect(colors.has('#b8860b')).toBe(false)
    expect(colors.has('#009e73')).toBe(false)
  })

  test('is drawn whatever names and figures there are', async () => {
    const wild = syntheticCheck({ cells: 2, name: HOSTILE })
    const [metric] = wild.cells[0]!.metrics
    wild.cells[0]!.metrics = [{ ...metric!, worse: 40, low: -3, high: 90 }]
    const colors = await colorsOf(checkCharts(wild)[0]!)
    expect(colors.size).toBeGreaterThan(20)
  })
})
