/** A made-up run, large enough to show everything a report can: seeded, so that every test sees the same. */
import type { MetricValue } from '../../harness/contracts.ts'
import { Histogram } from '../../harness/histogram.ts'
import type { Cell, RoundRecord, RunHeader, RunRecords } from '../../harness/records.ts'
import type { Report, ReportTarget } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'

export const POLICIES = ['fifo', 'priority:aging=50ms', 'edf', 'timing:inner=priority', 'custom-selector']
export const NASTY = '<script>alert(1)</script>|`x`'

export interface FixtureOptions {
  readonly policies?: readonly string[]
  readonly rounds?: number
  readonly values?: number
}

type Round = Omit<RoundRecord, 'kind' | 'cell' | 'round' | 'seed'>

/** A run of `web`, `gather` and `timers` in virtual and real time, with cells that failed. */
export function syntheticRecords(options: FixtureOptions = {}): RunRecords {
  const { policies = POLICIES, rounds = 3, values = 4000 } = options
  const cells = policies.flatMap((policy) => cellsOf(policy))
  return {
    header: headerOf(policies, cells, rounds),
    rounds: cells.flatMap((cell) =>
      Array.from({ length: rounds }, (_, round) =>
        roundOf(cell, round, policies.indexOf(cell.policy), values),
      ),
    ),
  }
}

export function syntheticReport(options: FixtureOptions = {}): Report {
  const records = syntheticRecords(options)
  return { records, summary: summarize(records) }
}

/** A target that keeps what is written to the terminal. */
export function memoryTarget(directory: string, more: Partial<ReportTarget> = {}) {
  const written: string[] = []
  const target: ReportTarget = {
    directory,
    stdout: (text) => void written.push(text),
    color: false,
    width: 110,
    ...more,
  }
  return { target, text: () => written.join('') }
}

/** A round of nothing: for tests that need only a few of its fields. */
export function plainRound(cell: Cell, round: number, more: Partial<RoundRecord> = {}): RoundRecord {
  return {
    kind: 'round',
    cell,
    round,
    seed: round + 1,
    status: 'ok',
    tookNs: 1e9,
    histograms: {},
    metrics: {},
    findings: [],
    tables: [],
    series: [],
    timelines: [],
    ...more,
  }
}

export function plainCell(more: Partial<Cell> = {}): Cell {
  return { policy: 'fifo', selector: 'simulated', time: 'virtual', scenario: 'web', params: {}, ...more }
}

export function headerOf(policies: readonly string[], cells: readonly Cell[], rounds: number): RunHeader {
  return {
    kind: 'run',
    schema: 1,
    startedAt: '2025-01-02T03:04:05.000Z',
    seed: 42,
    rounds,
    environment: {
      loopdyno: '0.1.0',
      node: 'v20.20.2',
      platform: 'linux',
      arch: 'x64',
      kernel: '6.1.0-18-amd64',
      cpu: 'AMD EPYC 7B13',
      cores: 8,
      memoryBytes: 32 * 2 ** 30,
      loadAverage: 0.42,
    },
    cells: [...cells],
    policies: [...policies],
    command: 'loopdyno run -p fifo,edf -s web,gather,timers --rounds 3 --seed 42',
  } as RunHeader
}

/** Seeded, uniform on [0, 1): mulberry32. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function cellsOf(policy: string): Cell[] {
  const web = { clients: 100, rate: 2000, handlerMs: 0.4 }
  return [
    { policy, scenario: 'web', time: 'virtual', selector: 'simulated', params: web },
    { policy, scenario: 'web', time: 'real', selector: 'epoll', params: web },
    { policy, scenario: 'gather', time: 'virtual', selector: 'simulated', params: { tasks: 8 } },
    { policy, scenario: 'timers', time: 'real', selector: 'epoll', params: { timers: 1000 } },
    { policy, scenario: 'timers', time: 'real', selector: 'select', params: { timers: 1000 } },
  ]
}

function roundOf(cell: Cell, round: number, index: number, values: number): RoundRecord {
  const random = uniform(round * 7919 + index * 104729 + cell.scenario.length + cell.time.length)
  return { kind: 'round', cell, round, seed: round + 1, ...contentOf(cell, round, index, random, values) }
}

function contentOf(cell: Cell, round: number, index: number, random: () => number, values: number): Round {
  if (cell.selector === 'select') {
    const reason = 'select cannot watch descriptor 1024: FD_SETSIZE is 1024; choose poll or epoll'
    return { ...EMPTY, status: 'unsupported', reason }
  }
  if (cell.time === 'real' && index === 2 && cell.scenario === 'web') {
    return { ...EMPTY, status: round === 1 ? 'timeout' : 'failed', reason: '3 of 4,000 handles were lost' }
  }
  const digest = cell.time === 'virtual' ? { digest: `${cell.scenario}-${cell.policy}-${round}` } : {}
  return {
    ...EMPTY,
    status: 'ok',
    ...digest,
    ...SCENARIOS[cell.scenario]!({ cell, index, random, values, round }),
  }
}

const EMPTY: Round = {
  status: 'ok',
  tookNs: 2e9,
  histograms: {},
  metrics: {},
  findings: [],
  tables: [],
  series: [],
  timelines: [],
}

interface Making {
  readonly cell: Cell
  readonly index: number
  readonly random: () => number
  readonly values: number
  readonly round: number
}

const SCENARIOS: Record<string, (making: Making) => Partial<Round>> = {
  web: (making) => ({
    histograms: {
      'latency.interactive': drawn(making, 4e5 / (1 + making.index), 1.1),
      'latency.batch': drawn(making, 2e6 * (1 + making.index / 3), 0.9),
      'wait.interactive': drawn(making, making.cell.time === 'virtual' && making.index === 1 ? 0 : 9e4, 1.3),
      'wait.batch': drawn(making, 4e5, 1.2),
      'run.interactive': drawn(making, 3e4, 0.3),
    },
    metrics: webMetrics(making),
    findings: webFindings(making),
    tables: tablesOf(making),
  }),
  gather: ({ index, random }) => ({
    metrics: {
      'gather.total': figure(5e8 / (1 + index) + random() * 1e6, 'ns', 'lower'),
      'gather.sum': figure(1.5e9 + random() * 1e6, 'ns', 'neither'),
      'gather.speedup': figure(3 * (1 + index), 'ratio', 'higher'),
    },
  }),
  timers: (making) => ({
    histograms: { timerLateness: drawn(making, 6e4, 0.8) },
    metrics: {
      throughput: figure(48_000 + making.random() * 900, 'ops/s', 'higher'),
      'cpu.perOp': figure(11_000 + making.index * 900 + making.random() * 300, 'ns', 'lower'),
    },
  }),
}

function webMetrics({ index, random }: Making): Record<string, MetricValue> {
  return {
    throughput: figure(1990 + random() * 20 - index * 15, 'ops/s', 'higher'),
    'cpu.perOp': figure(21_000 + index * 800 + random() * 500, 'ns', 'lower'),
    'sojourn.mean': figure(1.2e6 - index * 1e5 + random() * 1e4, 'ns', 'lower'),
    'loop.turns': figure(8000 + Math.round(random() * 50), 'count', 'neither'),
    'loop.selects': figure(8000, 'count', 'neither'),
    'memory.peak': figure(61 * 2 ** 20, 'bytes', 'lower'),
    'web.retries': figure(Math.round(random() * 4), 'count', 'neither'),
  }
}

function webFindings({ index, round }: Making): Round['findings'] {
  if (index === 1)
    return [{ kind: 'starved', message: 'batch waited 812 ms: overtaken by interactive', times: 4 }]
  if (index !== 0) return []
  const each = (n: number) => ({
    kind: 'stalled',
    message: `handle "render ${round}-${n}" held the loop for 61 ms`,
  })
  return [each(1), each(2)]
}

function tablesOf({ cell, random }: Making): Round['tables'] {
  if (!cell.policy.startsWith('timing')) return []
  const row = (name: string, mean: number) => [name, Math.round(800 * random()), mean, mean * 9]
  return [
    {
      title: 'Time per callback',
      columns: [
        { name: 'callback' },
        { name: 'runs', unit: 'count' },
        { name: 'mean', unit: 'ns' },
        { name: 'longest', unit: 'ns' },
      ],
      rows: [row('answer <b>request</b>', 31_000), row('a | b', 4_200), row('accept', 900)],
    },
  ]
}

function figure(value: number, unit: MetricValue['unit'], better: MetricValue['better']): MetricValue {
  return { value, unit, better }
}

/** Log-normal: what latencies look like. */
function drawn({ random, values }: Making, medianNs: number, sigma: number): string {
  const histogram = Histogram.create()
  for (let i = 0; i < values; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    histogram.record(medianNs * Math.exp(sigma * normal))
  }
  return histogram.encode()
}
