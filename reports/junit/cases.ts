/** What there is to pass or fail in a run and in a check. */
import { formatParams, formatValue } from '../../harness/format.ts'
import { type Cell, cellKey, type RoundRecord } from '../../harness/records.ts'
import type { CellVerdict, CheckReport } from '../../harness/verdict/check-report.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import type { SummaryCell } from '../../harness/verdict/summary.ts'
import { fullName } from '../tables/cellnames.ts'
import {
  changeOf,
  isChangedLog,
  movedMetrics,
  plannedRows,
  VERDICT_WORDS,
  type VerdictRow,
} from '../tables/verdicts.ts'

export interface TestCase {
  /** Scenario and kind of time: the suite. */
  readonly suite: string
  /** Depends on nothing but what was tested, so that CI systems recognise it in the next run. */
  readonly name: string
  readonly seconds: number
  /** Absent where it passed. `failure`: worse; `error`: it broke down; `skipped`: nothing to tell. */
  readonly outcome?: {
    readonly kind: 'failure' | 'error' | 'skipped'
    readonly type: string
    readonly message: string
  }
  /** What was measured, a line each. */
  readonly figures: readonly string[]
}

/** A cell of a run each. */
export function runCases({ records, summary }: Report): TestCase[] {
  const seconds = secondsByCell(records.rounds)
  return summary.cells.map((cell) => ({
    suite: suiteOf(cell),
    name: nameOf(cell),
    seconds: seconds.get(cellKey(cell)) ?? 0,
    ...runOutcome(cell),
    figures: figuresOf(cell),
  }))
}

function suiteOf({ scenario, time }: Pick<Cell, 'scenario' | 'time'>): string {
  return `${scenario} ${time} time`
}

function nameOf({ policy, selector, params }: Cell): string {
  return [policy, selector, formatParams(params)].filter((part) => part !== '').join(' · ')
}

/** A cell that this machine or selector cannot run has not failed. */
function runOutcome({ status, reason }: SummaryCell): Pick<TestCase, 'outcome'> {
  if (status === 'ok') return {}
  const skipped = status === 'unsupported' || status === 'unavailable'
  return { outcome: { kind: skipped ? 'skipped' : 'error', type: status, message: reason ?? status } }
}

function figuresOf({ metrics, findings, digest }: SummaryCell): string[] {
  return [
    ...Object.entries(metrics).map(([name, { value, unit }]) => `${name} ${formatValue(value, unit)}`),
    ...findings.map(({ kind, message }) => `${kind}: ${message}`),
    ...(digest === undefined ? [] : [`digest ${digest}`]),
  ]
}

/** A row of a check each; both sides' rounds gave all rows of a cell, and count as the time of the first. */
export function checkCases({ records }: Report, check: CheckReport): TestCase[] {
  const seconds = secondsByCell(records.rounds)
  const timed = new Set<CellVerdict>()
  return plannedRows(check).map((row) => {
    const { cell } = row.cell
    const first = !timed.has(row.cell)
    timed.add(row.cell)
    return {
      suite: suiteOf(cell),
      name: [fullName(row.cell), row.metric?.metric ?? row.subject].filter((part) => part !== '').join(': '),
      seconds: first ? secondsOf(row.cell, seconds) : 0,
      ...checkOutcome(row),
      figures: [figureLine(row), ...changesOf(row)],
    }
  })
}

function secondsOf({ cell, oldCell }: CellVerdict, seconds: ReadonlyMap<string, number>): number {
  const keys = new Set([cell, oldCell ?? cell].map(cellKey))
  return [...keys].reduce((sum, key) => sum + (seconds.get(key) ?? 0), 0)
}

const OUTCOMES = { regression: 'failure', failed: 'error', inconclusive: 'skipped' } as const

/** A warning fails nothing; JUnit has no word for it, so that it stands among the figures only. */
function checkOutcome(row: VerdictRow): Pick<TestCase, 'outcome'> {
  const { verdict, warned } = row
  if (verdict === 'pass' || verdict === 'improvement' || warned) return {}
  const message = row.subject === '' ? row.note : [figureLine(row), ...changesOf(row)].join('; ')
  return { outcome: { kind: OUTCOMES[verdict], type: verdict, message } }
}

/** `REGRESSION 11.0 µs → 12.0 µs, +9.1 %, 95 % interval +7.5 … +10.4 %, limit 5 %, confirmed`. */
function figureLine({ verdict, old, worse, interval, limit, note, ...row }: VerdictRow): string {
  const parts = [
    old === '' ? '' : `${old} → ${row.new}`,
    worse,
    interval === '' ? '' : `95 % interval ${interval}`,
    limit === '' ? '' : `limit ${limit}`,
    note,
  ]
  return `${VERDICT_WORDS[verdict]} ${parts.filter((part) => part !== '').join(', ')}`
}

/** Of an event log that is not the same: where it begins to differ, and what that moved. */
function changesOf(row: VerdictRow): string[] {
  if (!isChangedLog(row)) return []
  const { cell } = row
  const divergence = cell.exact?.divergence
  return [
    ...(divergence === undefined ? [] : [`first difference: ${divergence}`]),
    ...movedMetrics(cell).map((metric) => {
      const [old, now] = [metric.old, metric.new].map((value) => formatValue(value, metric.unit))
      return `${metric.metric} ${old} → ${now}, ${changeOf(metric)}`
    }),
  ]
}

/** Wall time of all rounds of a cell, of both sides and stages; a control's are not its own. */
function secondsByCell(rounds: readonly RoundRecord[]): Map<string, number> {
  const seconds = new Map<string, number>()
  for (const { cell, tookNs } of rounds.filter(({ control }) => control === undefined)) {
    const key = cellKey(cell)
    seconds.set(key, (seconds.get(key) ?? 0) + tookNs / 1e9)
  }
  return seconds
}
