/** Draws any table for the terminal: text wrapped to fit, columns left out where even that is not enough. */
import Table from 'cli-table3'
import { type Colors, FRAME, GAP } from './terminal.ts'
import { words } from './wrap.ts'

export interface PlainTable {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[]
  readonly rows: readonly (readonly string[])[]
}

/** Text is made no narrower than this where room is short, and no wider than that where it is not. */
const TEXT_MIN = 8
const TEXT_MAX = 32

export function drawPlain(table: PlainTable, width: number, colors: Colors): string {
  const widths = widthsFor(table, width)
  const shown = widths.length
  const drawn = new Table({
    head: table.columns.slice(0, shown).map(({ name }) => colors.bold(name)),
    colAligns: table.columns.slice(0, shown).map(({ numeric }) => (numeric ? 'right' : 'left')),
    ...FRAME,
  })
  for (const row of table.rows) {
    drawn.push(row.slice(0, shown).map((text, index) => words(text, widths[index]!).join('\n')))
  }
  const omitted = table.columns.length - shown
  const note = omitted === 0 ? [] : [colors.dim(`${omitted} more columns in report.md and index.html`)]
  return [drawn.toString().replace(/ +$/gm, ''), ...note].join('\n')
}

/** The widths of the columns that fit. The widest text gives way first; numbers are never broken. */
function widthsFor({ columns, rows }: PlainTable, width: number): number[] {
  const widths = columns.map(({ name, numeric }, index) => {
    const widest = Math.max(0, ...rows.map((row) => row[index]!.length))
    return Math.max(name.length, numeric ? widest : Math.min(TEXT_MAX, widest))
  })
  const leastOf = (index: number) =>
    columns[index]!.numeric ? widths[index]! : Math.max(TEXT_MIN, columns[index]!.name.length)
  while (widths.reduce((sum, one) => sum + one + GAP, 0) > width) {
    const yielding = [...widths.keys()].filter((index) => widths[index]! > leastOf(index))
    if (yielding.length === 0) widths.pop()
    else widths[yielding.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))]!--
  }
  return widths
}
