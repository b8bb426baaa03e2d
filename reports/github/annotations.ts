/** What of a run or a check deserves an annotation: one a cell, as there is room for few. */
import type { CheckReport } from '../../harness/verdict/check-report.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import type { SummaryCell } from '../../harness/verdict/summary.ts'
import { cautionsOf } from '../tables/checkhead.ts'
import { oneLine } from '../tables/escape.ts'
import { isChangedLog, VERDICT_WORDS, type VerdictRow, verdictRows } from '../tables/verdicts.ts'
import type { Annotation } from './commands.ts'

type Level = Annotation['level']

/** The most urgent first; nothing where all passed. */
export function checkAnnotations(check: CheckReport): Annotation[] {
  const rows = verdictRows(check)
  const cautions = cautionsOf({ ...check, notes: [] })
  return [
    ...(['error', 'warning', 'notice'] as const).flatMap((level) => byCell(rows, level)),
    ...cautions.map((caution) => annotation('warning', 'loopdyno', [caution])),
  ]
}

function byCell(rows: readonly VerdictRow[], level: Level): Annotation[] {
  const own = rows.filter((row) => levelOf(row) === level)
  const cells = [...new Set(own.map(({ cell }) => cell))]
  return cells.map((cell) => {
    const lines = own.filter((row) => row.cell === cell)
    const { verdict, name } = lines[0]!
    return annotation(level, `${VERDICT_WORDS[verdict]}: ${name}`, lines.map(messageLine))
  })
}

function levelOf({ verdict, warned }: VerdictRow): Level | undefined {
  if (verdict === 'pass') return undefined
  if (verdict === 'improvement') return 'notice'
  if (verdict === 'inconclusive') return warned ? 'notice' : 'warning'
  return warned ? 'warning' : 'error'
}

/** `cpu.perOp ↓: 11.0 µs → 12.0 µs, +9.1 % [+7.5 … +10.4 %], limit 5 %, confirmed`. */
function messageLine(row: VerdictRow): string {
  const { subject, old, worse, interval, limit, note } = row
  const change = interval === '' ? worse : `${worse} [${interval}]`
  const figures = [
    old === '' ? '' : `${old} → ${row.new}`,
    change,
    limit === '' ? '' : `limit ${limit}`,
    note,
    isChangedLog(row) ? (row.cell.exact?.divergence ?? '') : '',
  ]
  const said = figures.filter((part) => part !== '').join(', ')
  return subject === '' ? said : `${subject}: ${said}`
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
