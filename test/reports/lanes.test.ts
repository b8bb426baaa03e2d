import { createCanvas, loadImage } from 'canvas'
import { describe, expect, test } from 'vitest'
import type { RecordedTimeline, RoundRecord } from '../../harness/records.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { drawChart, heightOf } from '../../reports/charts/canvas.ts'
import { chartedGroups } from '../../reports/charts/charts.ts'
import { laneRows } from '../../reports/charts/lanemarks.ts'
import type { ChartSpec, Lanes } from '../../reports/charts/spec.ts'
import { headerOf, plainCell, plainRound } from './fixture.ts'

type Kind = 'running' | 'waiting'

const ms = (value: number) => value * 1e6
const span = (kind: Kind, from: number, to: number) => ({ kind, startNs: ms(from), endNs: ms(to) })

/** Each task runs 20 ms and waits 60 ms. */
function timelineOf(tasks: number, title = 'Who runs'): RecordedTimeline {
  const lanes = (startOf: (task: number) => number) =>
    Array.from({ length: tasks }, (_, task) => {
      const start = startOf(task)
      return {
        name: `task ${task + 1}`,
        spans: [span('running', start, start + 20), span('waiting', start + 20, start + 80)],
      }
    })
  return {
    title,
    blocks: [
      { name: 'one after another', lanes: lanes((task) => task * 80) },
      { name: 'one thread each', lanes: lanes(() => 0) },
    ],
  }
}

interface Options {
  readonly timelines?: readonly RecordedTimeline[]
  readonly policies?: readonly string[]
  readonly rounds?: number
  readonly status?: (policy: string) => RoundRecord['status']
}

function chartsOf({ timelines = [timelineOf(3)], policies = ['fifo'], rounds = 1, status }: Options = {}) {
  const cells = policies.map((policy) => plainCell({ policy, scenario: 'models', time: 'real' }))
  const records = {
    header: headerOf(policies, cells, rounds),
    rounds: cells.flatMap((cell) =>
      Array.from({ length: rounds }, (_, round) =>
        plainRound(cell, round, { timelines: [...timelines], status: status?.(cell.policy) ?? 'ok' }),
      ),
    ),
  }
  return chartedGroups({ records, summary: summarize(records) }).flatMap(({ charts }) => charts)
}

function lanesOf(chart: ChartSpec | undefined): Lanes {
  if (chart?.drawing.kind !== 'lanes') throw new Error('There is no chart of lanes')
  return chart.drawing
}

describe('the data of a chart of lanes', () => {
  test('has a block a model, each with its total, on one axis that names its unit', () => {
    const [chart] = chartsOf()
    const { x, blocks } = lanesOf(chart)
    expect(x).toEqual({ title: 'time since the block began (ms)', unit: 'count', scale: 'linear' })
    expect(blocks.map(({ name, total }) => `${name}: ${total}`)).toEqual([
      'one after another: 240 ms',
      'one thread each: 80.0 ms',
    ])
    expect(blocks[0]!.lanes[1]).toEqual({
      name: 'task 2',
      spans: [
        { kind: 'running', from: 80, to: 100 },
        { kind: 'waiting', from: 100, to: 160 },
      ],
    })
    expect(chart!.alt).toContain('one after another: 240 ms; one thread each: 80.0 ms')
  })

  test('is plain JSON and stands before all others', () => {
    const charts = chartsOf()
    expect(charts[0]!.id).toBe('models-real-simulated-who-runs')
    expect(JSON.parse(JSON.stringify(charts[0]))).toEqual(charts[0])
  })

  test('is that of the first policy that has one and went well, and says so', () => {
    const [chart, ...more] = chartsOf({
      policies: ['lifo', 'fifo', 'priority'],
      rounds: 2,
      status: (policy) => (policy === 'lifo' ? 'failed' : 'ok'),
    })
    expect(more).toEqual([])
    expect(chart!.subtitle.join('\n')).toContain('policy fifo, round 1, its first that went well')
    expect(chart!.subtitle.join('\n')).toContain('those of the other policies are in records.jsonl')
    expect(chart!.subtitle).toContain('not drawn: lifo (failed)')
  })

  test('of several timelines is a chart each', () => {
    const ids = chartsOf({ timelines: [timelineOf(3, 'One'), timelineOf(2, 'Two')] }).map(({ id }) => id)
    expect(ids).toEqual(['models-real-simulated-one', 'models-real-simulated-two'])
  })

  test('of very many lanes has the first, the total of all, and says how many there are', () => {
    const [chart] = chartsOf({ timelines: [timelineOf(100)] })
    expect(lanesOf(chart).blocks.map(({ lanes }) => lanes.length)).toEqual([12, 12])
    expect(lanesOf(chart).blocks[0]!.total).toBe('8.00 s')
    expect(chart!.subtitle.join()).toContain('the first 12 of up to 100 lanes')
  })

  test('is not made of a timeline in which nothing happened', () => {
    const nothing = {
      title: 'Nothing',
      blocks: [{ name: 'empty', lanes: [{ name: 'idle', spans: [] }] }],
    }
    expect(chartsOf({ timelines: [nothing, { title: 'None', blocks: [] }] })).toEqual([])
  })
})

describe('the picture of lanes', () => {
  test('is as high as its lanes need', () => {
    const [few] = chartsOf()
    const [many] = chartsOf({ timelines: [timelineOf(9)] })
    expect(laneRows(lanesOf(many)) - laneRows(lanesOf(few))).toBeCloseTo(12)
    expect(heightOf(many!)).toBeGreaterThan(heightOf(few!) + 200)
    expect(drawChart(few!).readUInt32BE(20)).toBe(2 * heightOf(few!))
  })

  test('shows as much running and waiting as there was', async () => {
    // Of three tasks, 20 ms of running and 60 ms of waiting each, in two blocks, of 240 ms of axis.
    const running = await shareOf(chartsOf()[0]!, '0072b2')
    const waiting = await shareOf(chartsOf()[0]!, 'e3e6ea')
    expect(running).toBeGreaterThan(0.01)
    // A third of what waits is hatching, and the legend has one of each.
    expect(waiting / running).toBeGreaterThan(1.5)
    expect(waiting / running).toBeLessThan(3)
  })
})

/** Of all pixels, those of the colour. */
async function shareOf(chart: ChartSpec, color: string): Promise<number> {
  const image = await loadImage(drawChart(chart))
  const context = createCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
  let found = 0
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) found++
  return (found * 4) / data.length
}
