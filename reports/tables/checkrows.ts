/** A check's metrics in the terminal: a line each where there is room, else two. A metric's name is never broken. */

import type { Colors } from './terminal.ts'
import type { VerdictRow } from './verdicts.ts'
import { shortLabel, words } from './wrap.ts'

/** Before the metric: a mark and what is around it. */
const MARGIN = 4
const GAP = '  '
/** A longer name is cut. */
const SUBJECT_MAX = 44

/** The last ones are the first to go below where there is no room. */
const COLUMNS = ['values', 'worse', 'interval', 'limit', 'note'] as const
const BESIDE_MIN = 2

interface Column {
  readonly name: (typeof COLUMNS)[number]
  readonly width: number
}

/** What all rows have in common, so that cells can be compared. */
export interface RowLook {
  readonly colors: Colors
  readonly width: number
  readonly subject: number
  readonly beside: readonly Column[]
  readonly below: readonly Column[]
}

export function rowLook(rows: readonly VerdictRow[], look: { colors: Colors; width: number }): RowLook {
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(({ length }) => length))
  const subject = widest(rows.map(subjectOf))
  const columns = COLUMNS.slice(0, -1)
    .map((name) => ({ name, width: widest(rows.map((row) => cellOf(row, name))) }))
    .filter(({ width }) => width > 0)
  const room = look.width - MARGIN - subject
  const fitting = columns.findLastIndex((_, last) => widthOf(columns.slice(0, last + 1)) <= room) + 1
  const count = fitting < BESIDE_MIN ? 0 : fitting
  const note = { name: 'note', width: 0 } as const
  return { ...look, subject, beside: columns.slice(0, count), below: [...columns.slice(count), note] }
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + GAP.length + width, 0)
}

function subjectOf({ subject }: VerdictRow): string {
  return shortLabel(subject, SUBJECT_MAX)
}

function cellOf(row: VerdictRow, name: Column['name']): string {
  return name === 'limit' && row.limit !== '' ? `limit ${row.limit}` : row[name]
}

export function drawRows(rows: readonly VerdictRow[], look: RowLook): string[] {
  return rows.flatMap((row) => drawRow(row, look))
}

/** What stands below is beside after all, where this row has room for it. */
function drawRow(row: VerdictRow, { colors, width, subject, beside, below }: RowLook): string[] {
  const figures = beside.map((column) => GAP + cellOf(row, column.name).padStart(column.width))
  const first = [subjectOf(row).padEnd(subject), ...figures].join('')
  const more = below.map(({ name }) => cellOf(row, name)).filter((text) => text !== '')
  const rest = more.join(', ')
  const fits = MARGIN + first.length + GAP.length + rest.length <= width
  return [
    `${GAP}${markOf(row, colors)} ${first}${fits ? colors.dim(`${GAP}${rest}`) : ''}`.trimEnd(),
    ...(fits ? [] : words(rest, width - MARGIN - GAP.length)).map((line) =>
      colors.dim(`${' '.repeat(MARGIN)}${GAP}${line}`),
    ),
  ]
}

/** A metric that no rule judges has a dot. */
function markOf({ verdict, warned, metric }: VerdictRow, colors: Colors): string {
  if (metric.level === 'off') return colors.dim('·')
  if (verdict === 'inconclusive') return colors.yellow('?')
  if (verdict === 'pass' || verdict === 'improvement') return colors.green('✓')
  return warned ? colors.yellow('!') : colors.red('✗')
}
