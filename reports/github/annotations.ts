/** What of a run or a check deserves an annotation: one a cell, as there is room for few, and short. */
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import type { SummaryCell } from '../../harness/verdict/summary.ts'
import { clipped } from '../document/budget.ts'
import { cautionsOf } from '../tables/checkhead.ts'
import { oneLine } from '../tables/escape.ts'
import {
  type CellGroup,
  cellGroups,
  differenceOf,
  restOf,
  unexplained,
  VERDICT_WORDS,
  type VerdictRow,
} from '../tables/verdicts.ts'
import type { Annotation } from './commands.ts'

type Level = Annotation['level']

/** Metrics in one message. */
const METRICS_MAX = 6
const DIFFERENCE_MAX = 300

/** One a cell, the most urgent first; nothing where all passed. */
export function checkAnnotations(check: CheckReport): Annotation[] {
  const cautions = cautionsOf({ ...check, notes: [] })
  return [
    ...cellGroups(check).flatMap(cellAnnotations),
    ...cautions.map((caution) => annotation('warning', 'loopdyno', [caution])),
  ]
}

function cellAnnotations(group: CellGroup): Annotation[] {
  const { cell, name, rows } = group
  const warned = rows.filter((row) => row.warned && row.verdict === 'regression')
  const level = LEVELS[cell.verdict] ?? (warned.length > 0 ? 'warning' : undefined)
  if (level === undefined) return []
  const word = VERDICT_WORDS[cell.verdict === 'pass' ? 'regression' : cell.verdict]
  const title = `${word}${cell.verdict === 'pass' ? ' (warning only)' : ''}: ${name}`
  const lines = [
    cell.verdict === 'pass' ? '' : unexplained(group),
    clipped(differenceOf(group), DIFFERENCE_MAX),
    ...rows.slice(0, METRICS_MAX).map(messageLine),
    restOf(group, METRICS_MAX),
  ]
  return [
    annotation(
      level,
      title,
      lines.filter((line) => line !== ''),
    ),
  ]
}

const LEVELS: Readonly<Record<Verdict, Level | undefined>> = {
  failed: 'error',
  regression: 'error',
  inconclusive: 'warning',
  improvement: 'notice',
  pass: undefined,
}

/** `cpu.perOp ↓: 11.0 → 12.0 µs, +9.1 % [+7.5 … +10.4 %], limit 5 %, confirmed`. */
function messageLine({ subject, values, worse, interval, limit, note }: VerdictRow): string {
  const figures = [
    values,
    interval === '' ? worse : `${worse} [${interval}]`,
    limit === '' ? '' : `limit ${limit}`,
    note,
  ]
  return `${subject}: ${figures.filter((part) => part !== '').join(', ')}`
}

function annotation(level: Level, title: string, lines: readonly string[]): Annotation {
  return { level, title: oneLine(title), message: lines.map(oneLine).join('\n') }
}

/** Cells that broke down, cells that could not be run, and what was found in the others. */
export function runAnnotations({ summary: { cells } }: Report): Annotation[] {
  const broken = cells.filter(({ status }) => status === 'failed' || status === 'timeout')
  const skipped = cells.filter(({ status }) => status === 'unsupported' || status === 'unavailable')
  const striking = cells.filter(({ status, findings }) => status === 'ok' && findings.length > 0)
  return [
    ...broken.map((cell) => cellAnnotation('error', cell)),
    ...skipped.map((cell) => cellAnnotation('warning', cell)),
    ...striking.map((cell) => cellAnnotation('notice', cell)),
  ]
}

function cellAnnotation(level: Level, cell: SummaryCell): Annotation {
  const { scenario, policy, selector, time, status, reason, findings } = cell
  const title = `${status === 'ok' ? 'found' : status}: ${scenario} · ${policy} · ${selector} · ${time} time`
  const found = findings.map(({ kind, message }) => `${kind}: ${message}`)
  return annotation(level, title, [...(reason === undefined ? [] : [reason]), ...found])
}
