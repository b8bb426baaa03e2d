import { describe, expect, test } from 'vitest'
import { groupsOf } from '../../harness/verdict/groups.ts'
import { drawChart } from '../../reports/charts/canvas.ts'
import { chartedGroups } from '../../reports/charts/charts.ts'
import { nines } from '../../reports/charts/percentiles.ts'
import type { ChartSpec } from '../../reports/charts/spec.ts'
import table from '../../reports/table.ts'
import { columnsOf } from '../../reports/tables/columns.ts'
import { memoryTarget } from './fixture.ts'
import { type QueueOptions, queueReport } from './queue-fixture.ts'

function chartsOf(options: QueueOptions = {}): Map<string, ChartSpec> {
  const charts = chartedGroups(queueReport(options)).flatMap((group) => group.charts)
  return new Map(charts.map((chart) => [chart.id.replace('queue-virtual-simulated-', ''), chart]))
}

function metricsShown(options: QueueOptions = {}): string[] {
  return columnsOf(groupsOf(queueReport(options))[0]!).map(({ metric }) => metric)
}

async function printed(options: QueueOptions, width = 110): Promise<string> {
  const { target, text } = memoryTarget('/nowhere', { width })
  await table.write(queueReport(options), target)
  return text()
}

const many = Array.from({ length: 9 }, (_, k) => `class${k + 1}`)

describe('charts over time', () => {
  test('are one for each class, with a curve a policy that holds to the end of the last step', () => {
    const code = chartsOf().get('jobs-in-the-system-code')!
    expect(chartsOf().has('jobs-in-the-system-conv')).toBe(true)
    expect(code.series.map(({ policy, policyIndex }) => [policy, policyIndex])).toEqual([
      ['fifo', 0],
      ['priority', 1],
    ])
    expect(code.series[1]!.points).toHaveLength(11)
    expect(code.series[1]!.points.at(-1)).toEqual({ x: 10, value: 2 })
  })

  test('say in which unit time is, how long a step is and what was measured', () => {
    const { title, subtitle, drawing } = chartsOf().get('jobs-in-the-system-code')!
    expect(title).toBe('queue: jobs in the system, code — virtual time, simulated')
    expect(subtitle).toContain('steps of 1.00 s')
    expect(drawing).toMatchObject({
      kind: 'lines',
      stepped: true,
      x: { title: 'time of the run (s)', scale: 'linear' },
      y: { title: 'Jobs in the system', unit: 'count', scale: 'linear' },
    })
  })

  test('of very many classes are the sum and the most crowded, and say how many are missing', () => {
    const charts = chartsOf({ classes: many })
    const shown = [...charts.keys()].filter((id) => id.startsWith('jobs-'))
    expect(shown.map((id) => id.replace('jobs-in-the-system-', ''))).toEqual([
      'all',
      'class9',
      'class8',
      'class7',
      'class6',
      'class5',
    ])
    const all = charts.get('jobs-in-the-system-all')!
    expect(all.series[0]!.points[0]!.value).toBe(45)
    expect(all.subtitle.join()).toContain('4 classes with fewer are not drawn')
  })

  test('show the first round that went well, and say which', () => {
    const options = {
      rounds: 3,
      status: (_: string, round: number) => (round === 0 ? 'timeout' : 'ok'),
    } as const
    const broken = chartsOf({ ...options, policies: ['fifo'] })
    // A cell with a broken round is named and not drawn at all.
    expect([...broken.keys()]).toEqual([])
    const chart = chartsOf({ rounds: 3 }).get('jobs-in-the-system-code')!
    expect(chart.subtitle.join()).toContain('round 1 alone, the first that went well')
    expect(chart.series[0]!.points).toHaveLength(11)
  })

  test('can be drawn, as can all others of a queue', () => {
    for (const chart of chartsOf({ classes: many, rounds: 2 }).values())
      expect(drawChart(chart).length).toBeGreaterThan(10_000)
  })
})

describe('percentiles of sojourns', () => {
  test('have a chart for each class and one for all', () => {
    const ids = [...chartsOf().keys()].filter((id) => id.startsWith('sojourn'))
    expect(ids).toEqual(['sojourn', 'sojourn-code', 'sojourn-conv'])
    expect(chartsOf().get('sojourn')!.title).toContain('sojourn of all classes')
  })

  test('are not drawn twice for an only class', () => {
    const ids = [...chartsOf({ classes: ['customer'] }).keys()].filter((id) => id.startsWith('sojourn'))
    expect(ids).toEqual(['sojourn-customer'])
  })

  test('are exact where the round recorded them exactly', () => {
    const { points } = chartsOf().get('sojourn-code')!.series[0]!
    expect(points.find(({ x }) => x === nines(99))!.value).toBe(8_123_456)
  })
})

describe('the table of a queue', () => {
  test('has sojourns, deadlines and the error against theory, and no throughput that the load decides', () => {
    expect(metricsShown()).toEqual([
      'sojourn.mean',
      'sojourn.ci99',
      'sojourn.code.mean',
      'sojourn.code.p99',
      'sojourn.conv.mean',
      'sojourn.conv.p99',
      'deadlineMisses',
      'deadlineMisses.code',
      'deadlineMisses.conv',
      'theory.error',
    ])
  })

  test('has throughput where policies differ in it', () => {
    const report = queueReport()
    report.summary.cells[1]!.metrics.throughput!.value *= 1.1
    expect(columnsOf(groupsOf(report)[0]!).map(({ metric }) => metric)).toContain('throughput')
  })

  test('says of an only class nothing that is said of all', () => {
    expect(metricsShown({ classes: ['customer'] })).toEqual([
      'sojourn.mean',
      'sojourn.ci99',
      'sojourn.customer.p99',
      'deadlineMisses',
      'theory.error',
    ])
  })

  test('of many classes has the tails alone, and no more than eight', () => {
    const shown = metricsShown({ classes: many }).filter((metric) => /^sojourn\.class/.test(metric))
    expect(shown).toHaveLength(8)
    expect(shown.every((metric) => metric.endsWith('.p99'))).toBe(true)
    expect(metricsShown({ classes: many }).filter((metric) => metric.startsWith('deadline'))).toEqual([
      'deadlineMisses',
    ])
  })

  test.each([60, 80, 110])('and its theory fit a terminal of %d columns', async (width) => {
    const text = await printed(
      { classes: many, policies: ['fifo', './some/where/else/my-own-policy.ts'] },
      width,
    )
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(text).toContain('Simulated against theory')
  })
})

describe('tables of scenarios', () => {
  test('stand in the terminal, the policies below one another', async () => {
    const text = await printed({})
    expect(text).toContain('Simulated against theory, round 1')
    expect(text).toMatch(/\nfifo +sojourn +5\.00 ms +-0\.0123\n +sojourn of code +5\.00 ms/)
    expect(text).toMatch(/\npriority +sojourn +5\.00 ms/)
  })

  test('of very many rows are cut short, and say by how many', async () => {
    const text = await printed({ classes: many, policies: ['a', 'b', 'c', 'd', 'e'] })
    expect(text).toContain('10 more rows in report.md, index.html and records.jsonl')
  })

  test('that only one of several policies has are an observer’s, and stay out', async () => {
    const report = queueReport({})
    report.records.rounds[1]!.tables[0]!.title = 'Time per callback'
    const { target, text } = memoryTarget('/nowhere')
    await table.write(report, target)
    expect(text()).not.toMatch(/Time per callback|Simulated against theory/)
  })
})

test('a path in the first column breaks between its folders', async () => {
  const text = await printed({ policies: ['fifo', './policies-of-mine/short-jobs-first.ts:batch=1'] })
  for (const line of ['./policies-of-mine/', 'short-jobs-first.ts:', 'batch=1'])
    expect(text).toMatch(new RegExp(`^${line.replaceAll('.', '\\.')}( |$)`, 'm'))
})
