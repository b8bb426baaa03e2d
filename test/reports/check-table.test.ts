import { describe, expect, test } from 'vitest'
import type { CellVerdict, CheckReport, MetricVerdict } from '../../harness/verdict/check-report.ts'
import table from '../../reports/table.ts'
import { changeOf, controlRows, verdictRows } from '../../reports/tables/verdicts.ts'
import { HOSTILE, reportOf, syntheticCheck } from './check-fixture.ts'
import { memoryTarget } from './fixture.ts'

async function printed(check: CheckReport, more = {}): Promise<string> {
  const { target, text } = memoryTarget('/nowhere', more)
  await table.write(reportOf(check), target)
  return text()
}

const small = syntheticCheck({ cells: 6 })

describe('a check in the terminal', () => {
  test.each([60, 80, 99, 100, 120])('fits %d columns', async (width) => {
    const text = await printed(syntheticCheck(), { width })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
  })

  test('fits also where changes are huge', async () => {
    const cells = small.cells.map((cell) => ({
      ...cell,
      metrics: cell.metrics.map((metric) => ({ ...metric, worse: 12.345, low: -0.98765, high: 1234.5 })),
    }))
    const text = await printed({ ...small, cells }, { width: 60 })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60)
  })

  test('says the verdict first', async () => {
    const [, first] = (await printed(small)).split('\n')
    expect(first).toBe(`REGRESSION ${small.headline}`)
  })

  test('has a row a gated metric, with change, interval, limit and what would have been seen', async () => {
    const text = await printed(small, { width: 120 })
    expect(text).toMatch(
      /REGRESSION +http-server .*cpu\.perOp ↓ +\S+ µs +\S+ µs +\+[\d.]+ % +\+\S+ … \+\S+ % +5 % +confirmed/,
    )
    expect(text).toMatch(/INCONCLUSIVE +websocket-.* +cpu\.perOp ↓ .*needs 24/)
    expect(text).toMatch(/PASS .*detects ≥/)
  })

  test('counts the passes where there are many, and lists all else', async () => {
    const many = syntheticCheck({ cells: 60 })
    const [text = ''] = (await printed(many)).split('Control: ')
    expect(text).not.toMatch(/^PASS .* cpu/m)
    expect(text).toMatch(/\d+ more rows passed: all are in check\.json/)
    const open = verdictRows(many).filter(({ verdict }) => verdict !== 'pass')
    expect(text.match(/^(FAILED|REGRESSION|INCONCLUSIVE|IMPROVEMENT) {2,}/gm)).toHaveLength(open.length)
  })

  test('names the first difference and the metrics that moved in virtual time', async () => {
    const text = await printed(small)
    expect(text).toContain('≠ http-server · fifo · virtual')
    expect(text).toContain('first difference: event 1,204 at 3.21 ms')
    expect(text).toMatch(/latency\.interactive\.p99: \S+ ms → \S+ ms, \+\d/)
  })

  test('tells of contamination and shows the control cell', async () => {
    const text = await printed({ ...small, contaminated: 'gather became 9 % slower' })
    expect(text).toContain('! Contaminated: gather became 9 % slower')
    expect(text).toMatch(/Control: the same code on both sides[\s\S]*gather · fifo/)
  })

  test('has colours only where the terminal shows them', async () => {
    expect(await printed(small)).not.toContain('\u001b')
    expect(await printed(small, { color: true })).toContain('\u001b[31mREGRESSION')
  })

  test('lets no name move the cursor or ring the bell', async () => {
    const text = await printed(syntheticCheck({ cells: 6, name: HOSTILE }), { color: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
    expect(text).not.toMatch(/\u0007|\u0000|\u001b\[\d*[A-L]/)
  })
})

describe('the rows of a check', () => {
  const virtual = small.cells.find(({ exact }) => exact?.same === false)!
  const withCells = (...cells: CellVerdict[]): CheckReport => ({ ...small, cells })

  test('begin with what is most urgent, and leave out control cells', () => {
    const rows = verdictRows(syntheticCheck())
    const order = rows.map(
      ({ verdict, warned }) => `${verdict}${warned && verdict !== 'pass' ? ' (warned)' : ''}`,
    )
    expect([...new Set(order)]).toEqual([
      'failed',
      'regression',
      'regression (warned)',
      'inconclusive',
      'improvement',
      'pass',
    ])
    expect(rows.some(({ cell }) => cell.control)).toBe(false)
    expect(controlRows(small)).toHaveLength(1)
  })

  test('say why, where no metric says it', () => {
    const cell = { ...virtual, metrics: [], verdict: 'failed' as const, reason: 'the new side has no rounds' }
    expect(verdictRows(withCells(cell))[0]).toMatchObject({
      verdict: 'failed',
      subject: '',
      note: 'the new side has no rounds',
    })
  })

  test('count the metrics that may not move, and list those that a rule is about', () => {
    const moved = virtual.metrics.map(
      ({ threshold, ...metric }): MetricVerdict => ({ ...metric, level: 'error', verdict: 'regression' }),
    )
    const [first] = moved
    const rows = verdictRows(
      withCells({ ...virtual, metrics: [{ ...first!, threshold: 0.05 }, ...moved.slice(1)] }),
    )
    expect(rows.map(({ subject }) => subject)).toEqual(['latency.interactive.p99 ↓', 'event log'])
    expect(rows[1]).toMatchObject({ verdict: 'regression', worse: 'changed', note: '7 metrics moved' })
  })

  test('call a changed event log a pass where changes are allowed', () => {
    const check = withCells({ ...virtual, metrics: [], verdict: 'pass' })
    const rows = verdictRows({ ...check, comparison: { ...small.comparison, exact: false } })
    expect(rows.map(({ verdict, worse }) => [verdict, worse])).toEqual([['pass', 'changed']])
  })

  test('name both policies where two were compared, and all of a cell where names are alike', () => {
    const [one] = small.cells
    const renamed = { ...one!, oldCell: { ...one!.cell, policy: 'old.ts' } }
    expect(verdictRows(withCells(renamed))[0]!.name).toBe('pipeline · old.ts → fifo')
    expect(verdictRows(withCells(one!, one!))[0]!.name).toBe(
      'pipeline · fifo · epoll · real time · clients=10 rate=2000',
    )
  })

  test('say of a change in words what no share says', () => {
    const metric = { ...virtual.metrics[0]!, worse: undefined }
    expect(changeOf({ ...metric, old: 0, new: 3 })).toBe('from 0')
    expect(changeOf({ ...metric, old: 3, new: 3 })).toBe('same')
    expect(changeOf({ ...metric, old: 100, new: 150, better: 'neither' })).toBe('50 % more')
    expect(changeOf({ ...metric, old: 100, new: 0 })).toBe('changed')
  })
})
