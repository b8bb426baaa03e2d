import { describe, expect, test } from 'vitest'
import type { CellVerdict, CheckReport, MetricVerdict } from '../../harness/verdict/check-report.ts'
import table from '../../reports/table.ts'
import { passSummary } from '../../reports/tables/passes.ts'
import { byTelling } from '../../reports/tables/telling.ts'
import { arrowed, formatPair } from '../../reports/tables/values.ts'
import { cellGroups, changeOf, controlGroups, isOpen, restOf } from '../../reports/tables/verdicts.ts'
import { changedCell, HOSTILE, moved, reportOf, syntheticCheck } from './check-fixture.ts'
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

  test('has a heading a cell, and a line a gated metric with all that is to be known of it', async () => {
    const text = await printed(small, { width: 120 })
    expect(text).toMatch(
      /^REGRESSION {2}http-server · fifo · real\n {2}✗ cpu\.perOp ↓ +[\d.]+ → [\d.]+ µs +\+[\d.]+ % +\+\S+ … \+\S+ % +limit 5 % +confirmed/m,
    )
    expect(text).toMatch(/^INCONCLUSIVE {2}websocket-.*\n {2}\? cpu\.perOp ↓ .*needs 24 more/m)
    expect(text).toMatch(/^PASS {2}pipeline · fifo · real +detects cpu\.perOp ≥ [\d.]+ %, throughput ≥/m)
  })

  test('has five metrics of a virtual cell, in a line each, and counts the others', async () => {
    const text = await printed({ ...small, cells: [changedCell(0)] }, { width: 80 })
    const rows = text.split('\n').filter((line) => /^ {2}[✗✓·] /.test(line))
    expect(rows).toHaveLength(5)
    for (const row of rows) expect(row).toMatch(/^ {2}✗ \S+ ↓ +\S+ → \S+ ms +\+\S+ %$/)
    expect(text).toMatch(/^ {4}and 15 more are worse, 10 better, 2 neither: check\.json, index\.html$/m)
  })

  test.each([80, 110])(
    'of twelve changed cells takes no more than two screens of %d columns',
    async (width) => {
      const cells = Array.from({ length: 12 }, (_, index) => changedCell(index))
      const lines = (await printed({ ...small, cells }, { width })).split('\n')
      expect(lines.filter((line) => line.startsWith('REGRESSION  '))).toHaveLength(12)
      expect(lines.length).toBeLessThanOrEqual(104)
    },
  )

  test('does not grow with the number of changed cells', async () => {
    const cells = Array.from({ length: 500 }, (_, index) => changedCell(index))
    const text = await printed({ ...small, cells })
    expect(text.split('\n').length).toBeLessThan(130)
    expect(text).toContain('and 476 more cells: check.json, index.html')
  })

  test('counts the passes where there are many, and lists all else', async () => {
    const many = syntheticCheck({ cells: 30 })
    const [text = ''] = (await printed(many)).split('Control: ')
    expect(text).toMatch(/^PASS \d+ cells in real time; would have been seen: cpu\.perOp ≥ 3\.9 %/m)
    expect(text).toMatch(/^PASS 5 cells in virtual time: the same events/m)
    expect(text).not.toMatch(/memory\.peak ≥/)
    const open = cellGroups(many).filter(isOpen)
    expect(open.length).toBeLessThanOrEqual(24)
    expect(text.match(/^(FAILED|REGRESSION|INCONCLUSIVE|IMPROVEMENT|PASS) {2,}\S.* · /gm)).toHaveLength(
      open.length,
    )
  })

  test('names the first difference and the metrics that moved in virtual time', async () => {
    const text = await printed(small)
    expect(text).toMatch(/^REGRESSION {2}http-server · fifo · virtual$/m)
    expect(text).toContain('first difference: event 1,204 at 3.21 ms')
    expect(text).toMatch(/✗ latency\.interactive\.p99 ↓ +\S+ → \S+ ms +\+\d/)
  })

  test('tells of contamination and shows the control cell', async () => {
    const text = await printed({ ...small, contaminated: 'gather became 9 % slower' })
    expect(text).toContain('! Contaminated: gather became 9 % slower')
    expect(text).toMatch(/Control: the same code on both sides[\s\S]*gather · fifo/)
  })

  test('says how many rounds there are of each kind of time', async () => {
    const inTime = (time: string) => small.cells.filter(({ cell }) => cell.time === time)
    expect(await printed(small, { width: 120 })).toContain(
      '20 rounds a cell in real time, 3 seeds a cell in virtual',
    )
    const virtual = await printed({ ...small, cells: inTime('virtual') })
    expect(virtual).toContain('\n3 seeds a cell in virtual time, seed 42\n')
    expect(virtual).not.toMatch(/20 rounds|limit: |detects: /)
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

describe('the cells of a check', () => {
  const virtual = small.cells.find(({ exact }) => exact?.same === false)!
  const withCells = (...cells: CellVerdict[]): CheckReport => ({ ...small, cells })

  test('begin with what is most urgent, and leave out control cells', () => {
    const groups = cellGroups(syntheticCheck())
    const order = groups.map(({ cell, rows }) =>
      cell.verdict === 'pass' && rows.some(({ verdict }) => verdict === 'regression')
        ? 'warned'
        : cell.verdict,
    )
    const verdicts = ['failed', 'regression', 'warned', 'inconclusive', 'improvement', 'pass']
    expect([...new Set(order)].filter((one) => one !== 'improvement')).toEqual(
      verdicts.filter((one) => one !== 'improvement'),
    )
    expect(groups.some(({ cell }) => cell.control)).toBe(false)
    expect(controlGroups(small)).toHaveLength(1)
  })

  test('say why, where no metric says it', async () => {
    const cell = { ...virtual, metrics: [], verdict: 'failed' as const, reason: 'the new side has no rounds' }
    expect(await printed(withCells(cell))).toMatch(/^FAILED {2}.*\n {2}the new side has no rounds$/m)
  })

  test('show behaviour that changed also where that is allowed', async () => {
    const metrics = virtual.metrics.map((metric): MetricVerdict => ({ ...metric, verdict: 'pass' }))
    const text = await printed(withCells({ ...virtual, metrics, verdict: 'pass' }))
    expect(text).toMatch(/^PASS {2}http-server · fifo\n {2}first difference: event 1,204/m)
  })

  test('are counted by kind where they passed', () => {
    const passed = cellGroups(syntheticCheck({ cells: 3, verdictOf: () => 'pass' })).filter(
      (one) => !isOpen(one),
    )
    expect(passSummary(passed)).toEqual([
      expect.stringMatching(
        /^PASS 2 cells in real time; would have been seen: cpu\.perOp ≥ 3\.9 %, throughput/,
      ),
      'PASS 1 cell in virtual time: the same events, the same figures',
    ])
    expect(passSummary([])).toEqual([])
  })

  test('name both policies where two were compared, and all of a cell where names are alike', () => {
    const [one] = small.cells
    const renamed = { ...one!, oldCell: { ...one!.cell, policy: 'old.ts' } }
    expect(cellGroups(withCells(renamed))[0]!.name).toBe('pipeline · old.ts → fifo')
    expect(cellGroups(withCells(one!, one!))[0]!.name).toBe(
      'pipeline · fifo · epoll · real time · clients=10 rate=2000',
    )
  })
})

describe('the metrics of a changed cell', () => {
  const names = (metrics: readonly MetricVerdict[]) => byTelling(metrics).map(({ metric }) => metric)

  test('begin with what got worse, then what got better, then what is neither', () => {
    const neither = { ...moved('loop.turns', 0), worse: undefined, better: 'neither' as const, new: 9 }
    expect(names([neither, moved('latency.a.p99', -0.9), moved('latency.a.p50', 0.1)])).toEqual([
      'latency.a.p50',
      'latency.a.p99',
      'loop.turns',
    ])
  })

  test('have what users notice before the inside of the loop, however much that moved', () => {
    expect(
      names([
        moved('wait.a.max', 9),
        moved('run.a.max', 8),
        moved('throughput', 0.02),
        moved('waited', 0.01),
      ]),
    ).toEqual(['throughput', 'waited', 'wait.a.max', 'run.a.max'])
  })

  test('have one of each distribution before a second, and last what hardly moved', () => {
    const all = [
      moved('throughput', 1e-8),
      moved('latency.a.p999', 4),
      moved('latency.a.max', 5),
      moved('latency.b.p99', 0.3),
    ]
    expect(names(all)).toEqual(['latency.a.max', 'latency.b.p99', 'latency.a.p999', 'throughput'])
  })

  test('have what is worse from nothing before any share', () => {
    const fromNothing = { ...moved('deadlineMisses', 1), worse: undefined, old: 0, new: 0.1 }
    expect(names([moved('latency.a.p99', 50), fromNothing])).toEqual(['deadlineMisses', 'latency.a.p99'])
  })

  test('are listed without those that are as they were, and the rest is counted', () => {
    const cell = { ...changedCell(0), metrics: [...changedCell(0).metrics, moved('same', 0)] }
    const [group] = cellGroups({ ...small, cells: [cell] })
    expect(group!.rows).toHaveLength(32)
    expect(restOf(group!, 31)).toBe('and 1 more is neither')
    expect(restOf(group!, 32)).toBe('')
  })

  test('say of a change in words what no share says', () => {
    const metric = { ...moved('latency.a.p99', 0.1), worse: undefined }
    expect(changeOf({ ...metric, old: 0, new: 3 })).toBe('from 0')
    expect(changeOf({ ...metric, old: 3, new: 3 })).toBe('same')
    expect(changeOf({ ...metric, old: 100, new: 150, better: 'neither' })).toBe('50 % more')
    expect(changeOf({ ...metric, old: 100, new: 0 })).toBe('changed')
    expect(changeOf({ ...metric, worse: -4e-9 })).toBe('−<0.001 %')
    expect(changeOf({ ...metric, worse: 0 })).toBe('0 %')
  })

  test.each([
    [604_000, 793_000, 'ns', '604 → 793 µs'],
    [999_000, 1_200_000, 'ns', '999 µs → 1.20 ms'],
    [1053.61, 1053.59, 'ops/s', '1.05361 → 1.05359 k ops/s'],
    [43_983_561, 43_983_562, 'ns', '43.983561 → 43.983562 ms'],
    [3 * 2 ** 20, 3 * 2 ** 20 + 1024, 'bytes', '3.000 → 3.001 MiB'],
    [12_345_678, 12_345_679, 'count', '12.345678 → 12.345679 M'],
    [0.5, 0.5, 'ratio', '0.500 → 0.500'],
  ] as const)('show from %d to %d %s as a difference', (old, now, unit, text) => {
    expect(arrowed(formatPair(old, now, unit))).toBe(text)
  })
})
