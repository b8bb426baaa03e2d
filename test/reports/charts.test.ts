import { createCanvas, loadImage } from 'canvas'
import { describe, expect, test } from 'vitest'
import { Histogram } from '../../harness/histogram.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { drawChart } from '../../reports/charts/canvas.ts'
import { chartedGroups } from '../../reports/charts/charts.ts'
import { nines } from '../../reports/charts/percentiles.ts'
import { logBounds, logLabels, ratioBounds, ratioLabels } from '../../reports/charts/scales.ts'
import type { ChartSpec } from '../../reports/charts/spec.ts'
import { lookOf } from '../../reports/charts/style.ts'
import { headerOf, NASTY, POLICIES, plainCell, plainRound, syntheticReport } from './fixture.ts'

const report = syntheticReport({ values: 1000 })
const charts = chartedGroups(report).flatMap((group) => group.charts)

function chart(id: string): ChartSpec {
  return charts.find((one) => one.id === id)!
}

/** How many pixels are not white, and how many colours there are. */
async function inkOf(png: Buffer, region = { x: 0, y: 0, width: 1600, height: 100_000 }) {
  const image = await loadImage(png)
  const context = createCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  const height = Math.min(region.height, image.height - region.y)
  const { data } = context.getImageData(region.x, region.y, region.width, height)
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4)
  return { inked: pixels.filter((pixel) => pixel !== 0xffffffff).length, colors: new Set(pixels).size }
}

describe('chart data', () => {
  test('is plain JSON', () => {
    for (const one of charts) expect(JSON.parse(JSON.stringify(one))).toEqual(one)
  })

  test('has a name of its own for every file', () => {
    const ids = charts.map((one) => one.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/)
  })

  test('says in every title whether time was real or virtual', () => {
    for (const one of charts) expect(one.title).toMatch(/(real|virtual) time, (epoll|simulated)$/)
  })

  test('has latency by class, waits and throughput, and what a scenario measures of its own', () => {
    expect(charts.map((one) => one.id)).toEqual([
      'web-virtual-simulated-latency-batch',
      'web-virtual-simulated-latency-interactive',
      'web-virtual-simulated-wait',
      'web-virtual-simulated-throughput',
      'web-real-epoll-latency-batch',
      'web-real-epoll-latency-interactive',
      'web-real-epoll-wait',
      'web-real-epoll-throughput',
      'gather-virtual-simulated-speedup',
      'gather-virtual-simulated-total',
      'timers-real-epoll-timerlateness',
      'timers-real-epoll-throughput',
    ])
  })

  test('leaves out broken cells and names them', () => {
    const broken = chart('web-real-epoll-throughput')
    expect(broken.series.map((series) => series.policy)).not.toContain('edf')
    expect(broken.subtitle).toContain('not drawn: edf (failed)')
  })

  test('agrees with the table at the labelled percentiles', () => {
    const { series } = chart('web-virtual-simulated-latency-batch')
    for (const percent of [50, 99]) {
      const point = series[0]!.points.find(({ x }) => x === nines(percent))
      const metric = report.summary.cells.find((cell) => cell.policy === 'fifo')!.metrics
      expect(point).toMatchObject({ value: metric[`latency.batch.p${percent}`]!.value })
    }
  })

  test('ends a curve where too few values lie beyond', () => {
    const { series } = chart('web-virtual-simulated-latency-batch')
    expect(Math.max(...series[0]!.points.map((point) => point.x!))).toBeLessThan(nines(99.9))
  })

  test('of several sets of parameters has a file each', () => {
    const cells = [{ load: 1 }, { load: 2 }].map((params) => plainCell({ params }))
    const metrics = { throughput: { value: 5, unit: 'ops/s', better: 'higher' } } as const
    const records = {
      header: headerOf(['fifo'], cells, 1),
      rounds: cells.map((cell) => plainRound(cell, 0, { metrics })),
    }
    const ids = chartedGroups({ records, summary: summarize(records) }).flatMap(({ charts }) =>
      charts.map(({ id }) => id),
    )
    expect(ids).toEqual(['web-virtual-simulated-throughput', 'web-virtual-simulated-2-throughput'])
  })
})

describe('looks', () => {
  test('no two of eighty policies look alike', () => {
    const looks = Array.from({ length: 80 }, (_, index) => JSON.stringify(lookOf(index)))
    expect(new Set(looks).size).toBe(80)
  })

  test('a policy keeps its look where another is missing', () => {
    const places = chart('web-real-epoll-throughput').series.map(({ policy, policyIndex }) => [
      policy,
      policyIndex,
    ])
    expect(places).toEqual([0, 1, 3, 4].map((index) => [POLICIES[index], index]))
  })
})

describe('logarithmic axes', () => {
  test('begin and end at 1, 2 or 5', () => {
    expect(logBounds(130, 47_000)).toEqual({ min: 100, max: 50_000 })
    expect(logBounds(100, 100)).toEqual({ min: 100, max: 200 })
  })

  test('label every step of a short range and powers of ten of a long one', () => {
    expect(logLabels(100, 1000)).toEqual([100, 200, 500, 1000])
    expect(logLabels(50, 1e6)).toEqual([100, 1000, 10_000, 100_000, 1_000_000])
  })
})

describe('axes of ratios', () => {
  test('reach as far as the values and always show both sides of 1', () => {
    expect(ratioBounds(0.5, 1.2).min).toBeCloseTo(0.5)
    expect(ratioBounds(0.5, 1.2).max).toBeCloseTo(2 ** (1 / 3))
    expect(ratioBounds(1, 64).min).toBeCloseTo(1 / 4)
  })

  test('do not make a hundredth look like much', () => {
    expect(ratioBounds(0.999, 1.001)).toEqual(ratioBounds(1, 1))
    expect(ratioBounds(1, 1).max).toBeGreaterThan(1.03)
  })

  test('leave the share asked for on both sides free', () => {
    const [tight, roomy] = [ratioBounds(0.5, 3), ratioBounds(0.5, 3, 0.25)]
    const height = Math.log(roomy.max / roomy.min)
    expect(Math.log(roomy.max / tight.max) / height).toBeCloseTo(0.25)
    expect(Math.log(tight.min / roomy.min) / height).toBeCloseTo(0.25)
  })

  test('are labelled by equal steps near 1 and by 1-2-5 far from it, 1 among them', () => {
    expect(ratioLabels({ min: 0.82, max: 1.2 })).toEqual([0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2])
    expect(ratioLabels({ min: 0.1, max: 10 })).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10])
    for (const max of [1.03, 1.5, 2.4, 2.6, 900]) expect(ratioLabels({ min: 1 / max, max })).toContain(1)
  })
})

describe('PNG', () => {
  test.each(charts.map((one) => one.id))('of %s is a picture with ink and colours', async (id) => {
    const png = drawChart(chart(id))
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
    expect(png.readUInt32BE(16)).toBe(1600)
    const { inked, colors } = await inkOf(png)
    expect(inked).toBeGreaterThan(10_000)
    expect(colors).toBeGreaterThan(50)
  })

  test('has its title written in a font, whatever the machine has installed', async () => {
    const titleLine = { x: 0, y: 20, width: 1600, height: 50 }
    const { inked } = await inkOf(drawChart(chart('web-virtual-simulated-wait')), titleLine)
    expect(inked).toBeGreaterThan(2000)
    const other = { ...chart('web-virtual-simulated-wait'), title: 'another' }
    expect((await inkOf(drawChart(other), titleLine)).inked).not.toBe(inked)
  })

  test('is drawn for names that are markup, for one policy and for values of zero', () => {
    const cell = plainCell({ policy: NASTY })
    const zeros = Histogram.create()
    zeros.record(0)
    const metrics = { throughput: { value: 0, unit: 'ops/s', better: 'higher' } } as const
    const histograms = { 'latency.x': zeros.encode(), 'wait.x': zeros.encode() }
    const records = {
      header: headerOf([NASTY], [cell], 1),
      rounds: [plainRound(cell, 0, { metrics, histograms })],
    }
    const drawn = chartedGroups({ records, summary: summarize(records) }).flatMap((group) => group.charts)
    // A logarithmic axis has nothing to show of latencies and waits that are all zero.
    expect(drawn.map(({ id }) => id)).toEqual(['web-virtual-simulated-throughput'])
    expect(drawn.every((one) => drawChart(one).length > 1000)).toBe(true)
  })
})
