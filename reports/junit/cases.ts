/** What there is to pass or fail in a run and in a check. */
import { formatParams, formatValue } from '../../harness/format.ts'
import { type Cell, cellKey, type RoundRecord } from '../../harness/records.ts'
import type { CellVerdict, CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import { isWorse } from '../../harness/verdict/exact-metrics.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import type { SummaryCell } from '../../harness/verdict/summary.ts'
import { fullName } from '../tables/cellnames.ts'
import {
  type CellGroup,
  differenceOf,
  hasChanged,
  plannedGroups,
  restOf,
  unexplained,
  VERDICT_WORDS,
  type VerdictRow,
} from '../tables/verdicts.ts'

/** Of a changed virtual cell, in one message; those that are worse have tests of their own. */
const MOVED_MAX = 5

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

/**
 * In real time a test for each gated metric: two or three a cell. A cell in virtual time has one test, `exact`, that
 * comes out as the cell does, and one more for each metric that is worse. Its 40 other metrics have none: 500 cells
 * would be 20,000 tests that say nothing. Both sides' rounds gave all tests of a cell, and count as the time of the
 * first.
 */
export function checkCases({ records }: Report, check: CheckReport): TestCase[] {
  const seconds = secondsByCell(records.rounds)
  return plannedGroups(check).flatMap((group) =>
    casesOf(group).map((one, index) => ({
      ...one,
      suite: suiteOf(group.cell.cell),
      name: [fullName(group.cell), one.name].filter((part) => part !== '').join(': '),
      seconds: index === 0 ? secondsOf(group.cell, seconds) : 0,
    })),
  )
}

type Case = Pick<TestCase, 'name' | 'outcome' | 'figures'>

function casesOf(group: CellGroup): Case[] {
  const { cell, rows } = group
  if (cell.cell.time === 'virtual') {
    const worse = rows.filter(({ verdict, metric }) => verdict === 'regression' && isWorse(metric))
    return [wholeCase('exact', group), ...worse.map(metricCase)]
  }
  const silent = rows.length === 0 || (cell.verdict !== 'pass' && unexplained(group) !== '')
  return [...(silent ? [wholeCase('', group)] : []), ...rows.map(metricCase)]
}

function secondsOf({ cell, oldCell }: CellVerdict, seconds: ReadonlyMap<string, number>): number {
  const keys = new Set([cell, oldCell ?? cell].map(cellKey))
  return [...keys].reduce((sum, key) => sum + (seconds.get(key) ?? 0), 0)
}

const OUTCOMES: Readonly<Record<Verdict, 'failure' | 'error' | 'skipped' | undefined>> = {
  regression: 'failure',
  failed: 'error',
  inconclusive: 'skipped',
  improvement: undefined,
  pass: undefined,
}

function outcomeOf(verdict: Verdict, message: string): Pick<TestCase, 'outcome'> {
  const kind = OUTCOMES[verdict]
  return kind === undefined ? {} : { outcome: { kind, type: verdict, message } }
}

function wholeCase(name: string, group: CellGroup): Case {
  const { reason, verdict } = group.cell
  const changes = hasChanged(group) ? changesOf(group) : []
  return { name, ...outcomeOf(verdict, [reason, ...changes].join('; ')), figures: [reason, ...changes] }
}

/** A warning fails nothing; JUnit has no word for it, so that it stands among the figures only. */
function metricCase(row: VerdictRow): Case {
  const line = figureLine(row)
  return { name: row.metric.metric, ...outcomeOf(row.warned ? 'pass' : row.verdict, line), figures: [line] }
}

/** `REGRESSION 11.0 → 12.0 µs, +9.1 %, 95 % interval +7.5 … +10.4 %, limit 5 %, confirmed`. */
function figureLine({ verdict, values, worse, interval, limit, note }: VerdictRow): string {
  const parts = [
    values,
    worse,
    interval === '' ? '' : `95 % interval ${interval}`,
    limit === '' ? '' : `limit ${limit}`,
    note,
  ]
  return `${VERDICT_WORDS[verdict]} ${parts.filter((part) => part !== '').join(', ')}`
}

/** Where the event logs part, and what that moved. */
function changesOf(group: CellGroup): string[] {
  const moved = group.rows.slice(0, MOVED_MAX)
  return [
    differenceOf(group),
    ...moved.map(({ metric, values, worse }) => `${metric.metric} ${values}, ${worse}`),
    restOf(group, MOVED_MAX),
  ].filter((line) => line !== '')
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
