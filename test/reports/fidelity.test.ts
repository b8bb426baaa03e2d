import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Cell, RoundRecord } from '../../harness/records.ts'
import type { Report, Reporter } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { drawChart } from '../../reports/charts/canvas.ts'
import { chartedFidelity } from '../../reports/charts/fidelity.ts'
import htmlReporter from '../../reports/html.ts'
import markdownReporter from '../../reports/markdown.ts'
import pngReporter from '../../reports/png.ts'
import tableReporter from '../../reports/table.ts'
import { headerOf, memoryTarget, NASTY, plainCell, plainRound, syntheticReport } from './fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'loopdyno-fidelity-'))
afterAll(() => rmSync(root, { recursive: true }))

const POLICIES = ['fifo', NASTY, 'edf']

/** fifo is the same in both, NASTY half as long in virtual time, edf broke. */
function fidelityReport(asked = true): Report {
  const cells = POLICIES.flatMap((policy): Cell[] => [
    plainCell({ policy, time: 'real', selector: 'epoll' }),
    plainCell({ policy }),
  ])
  const rounds = cells.flatMap((cell) => [0, 1, 2].map((round) => roundOf(cell, round)))
  const records = { header: { ...headerOf(POLICIES, cells, 3), fidelity: asked }, rounds }
  return { records, summary: summarize(records) }
}

function roundOf(cell: Cell, round: number) {
  if (cell.policy === 'edf') return plainRound(cell, round, { status: 'failed', reason: 'lost <b>3</b>' })
  const factor = cell.time === 'virtual' && cell.policy === NASTY ? 0.5 : 1
  const metric = (value: number) => ({ value: value * factor, unit: 'ns', better: 'lower' }) as const
  const calibration: RoundRecord['metrics'] =
    cell.time === 'virtual'
      ? { 'calibration.dispatch': metric(1230 / factor), 'calibration.api': metric(41_000 / factor) }
      : {}
  const metrics = {
    'latency.api.mean': metric(2e6 + round * 1e5),
    'latency.api.p50': metric(1e6 + round * 1e5),
    'latency.api.p99': metric(5e6 + round * 1e5),
    ...calibration,
  }
  return plainRound(cell, round, { metrics })
}

const report = fidelityReport()

async function written(reporter: Reporter, from = report): Promise<string> {
  const { target, text } = memoryTarget(mkdtempSync(join(root, 'run-')))
  const [first] = await reporter.write(from, target)
  return first === undefined ? text() : readFileSync(first, 'utf8')
}

describe('the chart of fidelity', () => {
  const [chart] = chartedFidelity(report)[0]!.charts

  test('has the ratio of each figure, with the real rounds as whiskers, on an axis around 1', () => {
    expect(chart!.drawing).toEqual({
      kind: 'columns',
      categories: ['latency api mean', 'latency api p50', 'latency api p99'],
      y: { title: 'virtual / real', unit: 'ratio', scale: 'ratio' },
    })
    expect(chart!.series.map(({ policyIndex }) => policyIndex)).toEqual([0, 1])
    expect(chart!.series[1]!.points[1]).toEqual({ value: 0.5, low: 0.55e6 / 1.2e6, high: 0.55 })
  })

  test('has a file of its own', async () => {
    expect(chart!.id).toBe('web-fidelity')
    const { target } = memoryTarget(mkdtempSync(join(root, 'run-')))
    expect((await pngReporter.write(report, target)).map((path) => path.split('/').at(-1))).toContain(
      'web-fidelity.png',
    )
  })

  test('can be drawn with ratios above, at and below 1', () => {
    expect(drawChart(chart!).length).toBeGreaterThan(10_000)
  })
})

describe.each([
  ['terminal', tableReporter],
  ['Markdown', markdownReporter],
  ['page', htmlReporter],
])('in the %s, fidelity', (_, reporter) => {
  test('has a section with every pair in a line, what it was calibrated with and what broke', async () => {
    const text = (await written(reporter)).replaceAll('\\', '').replace(/\s+/g, ' ')
    for (const part of [
      'Fidelity: real against virtual time',
      'virtual / real: mean ×1.00, p50 ×1.00, p99 ×1.00; 3 of 3 figures among the real rounds',
      'virtual / real: mean ×0.50, p50 ×0.50, p99 ×0.50; 0 of 3 figures among the real rounds',
      'calibrated from the real run: dispatch 1.23 µs; overhead of a handle: api 41.0 µs',
      'real time: failed: lost',
    ])
      expect(text).toContain(part)
    expect(text).toMatch(/latency\.api\W.*p99\W.*5\.10 ms\W.*5\.00 – 5\.20 ms\W.*2\.55 ms\W.*×0\.50\W.*no/)
  })

  test('is absent where it was not asked for', async () => {
    for (const other of [fidelityReport(false), syntheticReport({ values: 50 })])
      expect(await written(reporter, other)).not.toContain('Fidelity')
  })
})

test('a terminal of 60 columns is wide enough for fidelity', async () => {
  const { target, text } = memoryTarget('/nowhere', { width: 60 })
  await tableReporter.write(report, target)
  expect(
    Math.max(
      ...text()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(60)
})
