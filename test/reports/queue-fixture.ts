/** Made-up runs of queues: jobs of several classes with sojourns, time series and a table against theory. */
import type { MetricValue } from '../../harness/contracts.ts'
import { Histogram } from '../../harness/histogram.ts'
import type { RoundRecord } from '../../harness/records.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { headerOf, plainCell, plainRound } from './fixture.ts'

export interface QueueOptions {
  readonly classes?: readonly string[]
  readonly policies?: readonly string[]
  readonly rounds?: number
  readonly status?: (policy: string, round: number) => RoundRecord['status']
}

/** In class k of policy p there are always (k + 1) × (p + 1) jobs. */
export function queueReport(options: QueueOptions = {}): Report {
  const { classes = ['code', 'conv'], policies = ['fifo', 'priority'], rounds = 1, status } = options
  const cells = policies.map((policy) => plainCell({ policy, scenario: 'queue', params: { load: 0.8 } }))
  const records = {
    header: headerOf(policies, cells, rounds),
    rounds: cells.flatMap((cell, index) =>
      Array.from({ length: rounds }, (_, round) =>
        plainRound(cell, round, {
          ...contentOf(classes, index, round),
          status: status?.(cell.policy, round) ?? 'ok',
        }),
      ),
    ),
  }
  return { records, summary: summarize(records) }
}

function contentOf(classes: readonly string[], policyIndex: number, round: number): Partial<RoundRecord> {
  const names = classes.map((name) => `sojourn.${name}`)
  const sojourns = Histogram.create()
  for (let ns = 1e6; ns < 9e6; ns += 1e4) sojourns.record(ns * (1 + policyIndex))
  const height = (k: number) => (k + 1) * (policyIndex + 1)
  return {
    histograms: Object.fromEntries(['sojourn', ...names].map((name) => [name, sojourns.encode()])),
    metrics: {
      throughput: { value: 176, unit: 'ops/s', better: 'higher' },
      operations: { value: 800, unit: 'count', better: 'neither' },
      'sojourn.p99': ns(8_123_456),
      ...Object.fromEntries(names.map((name) => [`${name}.p99`, ns(8_123_456 + round)])),
      ...Object.fromEntries(classes.map((name) => [`wait.${name}.p99`, ns(7e6)])),
      ...Object.fromEntries(classes.map((name) => [`deadlineMisses.${name}`, share(0.25)])),
      deadlineMisses: share(0.25),
      'queueLength.mean': { value: 3, unit: 'count', better: 'lower' },
      'sojourn.ci99': told(0.1),
      'theory.sojournMean': { value: 5e6, unit: 'ns', better: 'neither' },
      'theory.error': told(-0.0123),
      'theory.code.error': told(0.5),
    },
    tables: [theoryTable(classes)],
    series: [
      {
        title: 'Jobs in the system',
        unit: 'count',
        stepNs: 1e9,
        lines: Object.fromEntries(classes.map((name, k) => [name, Array(10).fill(height(k))])),
      },
    ],
  }
}

function theoryTable(classes: readonly string[]): RoundRecord['tables'][number] {
  return {
    title: 'Simulated against theory',
    columns: [{ name: 'mean of' }, { name: 'simulated', unit: 'ns' }, { name: 'error', unit: 'ratio' }],
    rows: ['sojourn', ...classes.map((name) => `sojourn of ${name}`)].map((what) => [what, 5e6, -0.0123]),
  }
}

const ns = (value: number): MetricValue => ({ value, unit: 'ns', better: 'lower' })
const share = (value: number): MetricValue => ({ value, unit: 'ratio', better: 'lower' })
const told = (value: number): MetricValue => ({ value, unit: 'ratio', better: 'neither' })
