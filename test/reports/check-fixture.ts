/** A made-up check with everything that one can come to: seeded, so that every test sees the same. */
import type { Cell, RoundRecord } from '../../harness/records.ts'
import {
  type CellVerdict,
  type CheckReport,
  checkSchema,
  type MetricVerdict,
  type Verdict,
} from '../../harness/verdict/check-report.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { headerOf, plainRound, uniform } from './fixture.ts'

/** All that breaks a report that forgets to escape: markup, tables, commands of CI systems, lines, control characters. */
export const HOSTILE =
  '<img src=x onerror=alert(1)>|`a`|&amp;|\n::error title=x,y:z::100%25\r\n@someone #1 ]]>\u0000\u0007\u001b[31m\ud800 🐙 %0A'

export interface CheckOptions {
  /** Real cells; a third as many virtual ones are added. */
  readonly cells?: number
  /** A part of every name that a user may choose. */
  readonly name?: string
  /** By place of the real cell; else as `mixed` has it. */
  readonly verdictOf?: (index: number) => Verdict
}

/** A check of cells in real and virtual time, a control cell among them. */
export function syntheticCheck(options: CheckOptions = {}): CheckReport {
  const { cells: count = 12, name = '', verdictOf = mixed } = options
  const random = uniform(count)
  const real = Array.from({ length: count }, (_, index) =>
    realCell(cellOf(index, 'real', name), verdictOf(index), index % 5 === 1, random),
  )
  const virtual = Array.from({ length: Math.ceil(count / 3) }, (_, index) =>
    virtualCell(cellOf(index, 'virtual', name), index, random),
  )
  return assembled([...real, controlCell(random), ...virtual], name)
}

/** The same with records: two rounds of each side. */
export function checkReport(options: CheckOptions = {}): Report {
  const check = syntheticCheck(options)
  return reportOf(check)
}

export function reportOf(check: CheckReport): Report {
  const cells = check.cells.map(({ cell }) => cell)
  const rounds = cells.flatMap((cell) => [0, 1].flatMap((round) => roundsOf(cell, round)))
  const header = { ...headerOf([...new Set(cells.map(({ policy }) => policy))], cells, 2) }
  const records = { header: { ...header, comparison: check.comparison }, rounds }
  return { records, summary: summarize(records), check }
}

function roundsOf(cell: Cell, round: number): RoundRecord[] {
  return (['old', 'new'] as const).map((arm) => plainRound(cell, round, { arm, tookNs: 1.25e9 }))
}

function assembled(cells: readonly CellVerdict[], name: string): CheckReport {
  const worst = (['failed', 'regression', 'inconclusive'] as const).find((one) =>
    cells.some(({ verdict }) => verdict === one),
  )
  const verdict = worst ?? 'pass'
  return checkSchema.parse({
    schema: 1,
    verdict,
    headline: `${cells.filter((cell) => cell.verdict === verdict).length} of ${cells.length} cells came out as ${verdict}${name}`,
    complete: true,
    comparison: {
      old: { label: `HEAD~1${name}`, commit: '1a2b3c4d5e6f', files: [] },
      new: { label: 'the working tree', files: [] },
      pairs: [],
      rules: [{ metric: 'cpu.perOp', level: 'error', threshold: 0.05 }],
      alpha: 0.05,
      margin: 0.03,
      exact: true,
      confirm: true,
      virtualRounds: 3,
      warmupMs: 250,
      windowMs: 600,
    },
    environment: headerOf([], [], 1).environment,
    command: `loopdyno check --against HEAD~1 -p ./mine.ts -s pipeline,http-server${name}`,
    seed: 42,
    rounds: 20,
    family: cells.length * 2,
    notes: [`The working tree has changes that are in no commit${name}`],
    cells,
  })
}

const SCENARIOS = ['pipeline', 'http-server', 'queue-consumer', 'websocket-rooms']
const POLICIES = ['fifo', 'edf', './policies/mine.ts:aging=50ms']

function cellOf(index: number, time: Cell['time'], name: string): Cell {
  const clients = 10 * (1 + Math.floor(index / (SCENARIOS.length * POLICIES.length)))
  return {
    policy: `${POLICIES[Math.floor(index / SCENARIOS.length) % POLICIES.length]}${name}`,
    selector: time === 'virtual' ? 'simulated' : 'epoll',
    time,
    scenario: `${SCENARIOS[index % SCENARIOS.length]}`,
    params: { clients, rate: 2000 },
  }
}

function mixed(index: number): Verdict {
  const verdicts: readonly Verdict[] = ['pass', 'regression', 'pass', 'inconclusive', 'pass', 'improvement']
  return index === 10 ? 'failed' : verdicts[index % verdicts.length]!
}

/** How much worse the new side is, by verdict. */
const WORSE: Readonly<Record<Verdict, number>> = {
  pass: 0.004,
  improvement: -0.12,
  inconclusive: 0.045,
  regression: 0.091,
  failed: 0,
}

function realCell(cell: Cell, verdict: Verdict, swollen: boolean, random: () => number): CellVerdict {
  const failed = verdict === 'failed'
  return {
    cell,
    control: false,
    verdict,
    reason: failed
      ? '3 of 20 rounds of the new side broke down: handle "render" held the loop for 61 s'
      : `cpu.perOp came out as ${verdict}`,
    rounds: 20,
    metrics: failed
      ? []
      : [
          costMetric('cpu.perOp', verdict, 0.05, random),
          costMetric('throughput', 'pass', 0.1, random),
          {
            ...costMetric('memory.peak', swollen ? 'regression' : 'pass', 0.1, random),
            level: 'warn',
            unit: 'bytes',
          },
          { ...costMetric('latency.interactive.p99', 'pass', 0.3, random), level: 'off' },
        ],
  }
}

function costMetric(
  metric: string,
  verdict: Verdict,
  threshold: number,
  random: () => number,
): MetricVerdict {
  const throughput = metric === 'throughput'
  const worse = WORSE[verdict] * (threshold / 0.05) + (random() - 0.5) * 0.01
  const half = (verdict === 'inconclusive' ? 0.05 : 0.014) * (threshold / 0.05)
  const old = throughput ? 48_000 + random() * 4000 : 11_000 + random() * 900
  return {
    metric,
    unit: throughput ? 'ops/s' : 'ns',
    better: throughput ? 'higher' : 'lower',
    level: 'error',
    verdict,
    old,
    new: throughput ? old / (1 + worse) : old * (1 + worse),
    worse,
    low: worse - half * (0.8 + random() * 0.4),
    high: worse + half * (0.8 + random() * 0.4),
    threshold,
    detectable: half + threshold / 2,
    ...(verdict === 'regression'
      ? { p: 0.00002, adjustedP: 0.00041, confirmed: true }
      : { p: 0.4, adjustedP: 1 }),
    ...(verdict === 'inconclusive' ? { moreRounds: 24 } : {}),
  }
}

function controlCell(random: () => number): CellVerdict {
  const cell: Cell = {
    policy: 'fifo',
    selector: 'epoll',
    time: 'real',
    scenario: 'gather',
    params: { tasks: 8 },
  }
  return {
    cell,
    control: true,
    verdict: 'pass',
    reason: 'Both sides are the same',
    rounds: 20,
    metrics: [costMetric('cpu.perOp', 'pass', 0.05, random)],
  }
}

/** Every other one is changed. */
function virtualCell(cell: Cell, index: number, random: () => number): CellVerdict {
  const same = index % 2 === 0
  const moved = same ? 0 : 0.02 + random() * 0.2
  const metric = (name: string, share: number): MetricVerdict => {
    const old = 1e6 + Math.round(random() * 1e5)
    return {
      metric: name,
      unit: 'ns',
      better: 'lower',
      level: name === 'latency.interactive.p99' ? 'error' : 'off',
      verdict: share > 0.05 ? 'regression' : 'pass',
      old,
      new: old * (1 + share),
      worse: share,
      threshold: 0.05,
    }
  }
  return {
    cell,
    control: false,
    verdict: same ? 'pass' : 'regression',
    reason: same ? 'Every event is the same' : 'The event log is not the same',
    rounds: 3,
    metrics: [
      metric('latency.interactive.p99', moved),
      metric('latency.batch.p99', 0 - moved / 3),
      ...['p50', 'p90', 'p999', 'max', 'mean'].map((name) => metric(`sojourn.batch.${name}`, moved / 7)),
    ],
    exact: {
      same,
      oldDigest: `3f9a${index}c0ffee3f9ac0ffee`,
      newDigest: same ? `3f9a${index}c0ffee3f9ac0ffee` : `77b1${index}c0ffee77b1c0ffee`,
      ...(same
        ? {}
        : { divergence: `event 1,204 at 3.21 ms: run "batch 7" where it was run "interactive 12"` }),
    },
  }
}

/** A metric that may not become worse at all, as is the rule in virtual time, and did by a share. */
export function moved(metric: string, worse: number): MetricVerdict {
  const verdict = worse > 0 ? 'regression' : worse < 0 ? 'improvement' : 'pass'
  const [unit, better, old] = ['ns', 'lower', 31.2e6] as const
  return { metric, unit, better, level: 'error', verdict, old, new: old * (1 + worse), worse, threshold: 0 }
}

/** A virtual cell of a policy that was changed, with as many metrics as real ones have: 20 worse, 10 better, 2 neither. */
export function changedCell(index: number): CellVerdict {
  const worse = ['latency', 'sojourn', 'wait', 'run'].flatMap((quantity, place) =>
    ['mean', 'p50', 'p90', 'p99', 'max'].map((statistic, more) =>
      moved(`${quantity}.interactive.${statistic}`, 0.1 * (1 + place) + 0.01 * more),
    ),
  )
  const better = ['latency', 'wait'].flatMap((quantity) =>
    ['mean', 'p50', 'p90', 'p99', 'max'].map((statistic, more) =>
      moved(`${quantity}.batch.${statistic}`, -0.05 - 0.01 * more),
    ),
  )
  const neither = ['loop.handles', 'loop.turns'].map(
    (metric): MetricVerdict => ({
      ...{ metric, unit: 'count', better: 'neither', level: 'error', verdict: 'pass', threshold: 0 },
      ...{ old: 5440, new: 5416 },
    }),
  )
  const same = Array.from({ length: 8 }, (_, more) => moved(`overhead.class${more}.mean`, 0))
  return {
    cell: cellOf(index, 'virtual', ''),
    control: false,
    verdict: 'regression',
    reason: 'latency.interactive.max is 14 % worse; behaviour changed (32 metrics moved)',
    rounds: 1,
    metrics: [...worse, ...better, ...neither, ...same],
    exact: {
      same: false,
      oldDigest: '3f9ac0ffee3f9ac0ffee',
      newDigest: '77b1c0ffee77b1c0ffee',
      divergence:
        "event 2,022: HEAD (a58f2b9): host 0 at 252.796384817 ms 'consume 1' (handle 2021, ran for 0 ns); " +
        "the working tree: host 0 at 252.796384817 ms 'endSleep' (handle 2022, ran for 0 ns)",
    },
  }
}
