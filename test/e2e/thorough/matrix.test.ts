import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Summary, SummaryCell } from '../../../harness/verdict/summary.ts'
import { loopdyno } from '../cli.ts'
import { cellOf, readLines, readSummary, statuses, temporaryFolder } from '../folders.ts'

const POLICIES = ['fifo', 'priority', 'timing', 'custom-selector', 'node']
const SCENARIOS = ['http-server', 'pipeline', 'gather']

/** The same programs, in a tenth of a second each. */
const SMALL = ['durationMs=100', 'warmupMs=20', 'tasks=50', 'minMs=5', 'maxMs=60']
const QUICK = [...SMALL.flatMap((setting) => ['--set', setting]), '--rounds', '1']
const ITEMS = ['--set', 'items=10'] // refused where pipeline is not among the scenarios

const folder = temporaryFolder()

function run(out: string, args: readonly string[]) {
  return loopdyno(['run', '--out', out, ...args], { cwd: folder, timeLimitMs: 100_000 })
}

function product(scenarios: string[], selectors: string[], policies: string[]): string[] {
  return scenarios.flatMap((scenario) =>
    selectors.flatMap((selector) => policies.map((policy) => `${scenario} ${selector} ${policy}: ok`)),
  )
}

describe.runIf(process.platform === 'linux')('the matrix in real time', { timeout: 120_000 }, () => {
  test.concurrent('every policy runs every scenario, and all files are written', async () => {
    const { code, stdout, stderr } = await run('policies', [
      ...['-p', POLICIES.join(','), '-s', SCENARIOS.join(','), '--time', 'real', ...QUICK, ...ITEMS],
    ])
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const directory = join(folder, 'policies')
    const summary = readSummary(directory)
    const expected = [
      ...product(SCENARIOS, ['epoll'], POLICIES.slice(0, -1)),
      ...product(SCENARIOS, ['libuv'], ['node']),
    ]
    expect(statuses(summary).sort()).toEqual(expected.sort())
    for (const policy of POLICIES) expect(stdout).toContain(policy)
    expectRecords(directory, expected.length)
    expectReports(directory)
    expectFigures(summary)
  })

  test.concurrent('selectors multiply the cells, but for a policy that names its own', async () => {
    const { code } = await run('selectors', [
      ...['-p', 'fifo,node', '-s', 'http-server,gather', '--selector', 'epoll,poll,select,libuv'],
      ...['--time', 'real', '--reporter', 'json', ...QUICK],
    ])
    const expected = [
      ...product(['http-server', 'gather'], ['epoll', 'poll', 'select', 'libuv'], ['fifo']),
      ...product(['http-server', 'gather'], ['libuv'], ['node']),
    ]
    expect(statuses(readSummary(join(folder, 'selectors'))).sort()).toEqual(expected.sort())
    expect(code).toBe(0)
  })
})

function expectRecords(directory: string, cells: number): void {
  const { header, rounds } = readLines(directory)
  expect(header).toMatchObject({ kind: 'run', policies: POLICIES, rounds: 1, seed: 1 })
  expect(header.command).toContain('npx loopdyno run')
  expect(header.cells).toHaveLength(cells)
  expect(rounds).toHaveLength(cells)
}

const PNG_SIGNATURE = '89504e470d0a1a0a'

function expectReports(directory: string): void {
  const charts = readdirSync(join(directory, 'charts'))
  expect(charts).toContain('http-server-real-epoll-latency-health.png')
  for (const chart of charts) {
    const bytes = readFileSync(join(directory, 'charts', chart))
    expect(bytes.subarray(0, 8).toString('hex')).toBe(PNG_SIGNATURE)
    expect(bytes.length).toBeGreaterThan(5000)
  }
  const page = readFileSync(join(directory, 'index.html'), 'utf8')
  const markdown = readFileSync(join(directory, 'report.md'), 'utf8')
  for (const scenario of SCENARIOS) {
    expect(page).toContain(scenario)
    expect(markdown).toContain(scenario)
  }
  // Self-contained: what the page needs is in it.
  expect(page).not.toMatch(/(?:src|href)="(?!data:|#)[^"]*\.(?:js|css|png)"/)
  const linked = [...markdown.matchAll(/\]\(([^)\s]+\.png)\)/g)].map((match) => match[1]!)
  expect(linked.length).toBeGreaterThan(0)
  for (const path of linked) expect(existsSync(join(directory, path)), path).toBe(true)
}

function expectFigures(summary: Summary): void {
  for (const policy of POLICIES) {
    const http = cellOf(summary, policy, 'http-server').metrics
    expect(http['latency.health.p99']).toMatchObject({ unit: 'ns', better: 'lower' })
    expect(http.throughput).toMatchObject({ unit: 'ops/s', better: 'higher' })
    expect(cellOf(summary, policy, 'pipeline').metrics.consumed?.value).toBe(20)
    expect(cellOf(summary, policy, 'gather').metrics['timerLateness.p99']?.unit).toBe('ns')
  }
}

describe('the matrix in virtual time', { timeout: 120_000 }, () => {
  const args = ['-s', SCENARIOS.join(','), '--time', 'virtual', '--reporter', 'json', ...QUICK, ...ITEMS]

  test.concurrent('the same seed gives the same bytes, another seed others', async () => {
    const all = ['-p', POLICIES.join(','), ...args, '--seed', '7']
    const results = await Promise.all([
      run('once', all),
      run('again', all),
      run('other', ['-p', 'fifo', ...args, '--seed', '8']),
    ])
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0])
    const [once, again, other] = ['once', 'again', 'other'].map((name) => readSummary(join(folder, name)))
    expect(again!.cells).toEqual(once!.cells)
    expectVirtual(once!)
    for (const cell of other!.cells) {
      const before = cellOf(once!, cell.policy, cell.scenario)
      expect(cell.digest).not.toBe(before.digest)
      expect(cell.metrics).not.toEqual(before.metrics)
    }
  })

  test.concurrent('priority answers health checks several times sooner than fifo', async () => {
    const { code } = await run('http', [
      ...['-p', 'fifo,priority', '-s', 'http-server', '--time', 'virtual'],
      ...['--rounds', '1', '--reporter', 'json'],
    ])
    const summary = readSummary(join(folder, 'http'))
    const p99 = (policy: string) => cellOf(summary, policy).metrics['latency.health.p99']!.value
    expect(p99('fifo') / p99('priority')).toBeGreaterThan(2.5)
    expect(code).toBe(0)
  })
})

function expectVirtual({ cells }: Summary): void {
  expect(cells).toHaveLength(POLICIES.length * SCENARIOS.length)
  const isNode = (cell: SummaryCell) => cell.policy === 'node'
  for (const cell of cells.filter((each) => !isNode(each))) {
    expect(cell).toMatchObject({
      status: 'ok',
      selector: 'simulated',
      digest: expect.stringMatching(/^\w{64}$/),
    })
  }
  for (const cell of cells.filter(isNode)) {
    expect(cell).toMatchObject({ status: 'unsupported', reason: expect.stringContaining('no virtual time') })
    expect(cell.digest).toBeUndefined()
  }
}
