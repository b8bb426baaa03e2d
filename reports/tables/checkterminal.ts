/** Draws a check for the terminal: one line a row where there is room, figures below one another where there is not. */
import Table from 'cli-table3'
import { formatValue } from '../../harness/format.ts'
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import { CHECK_LEGEND, cautionsOf, comparedOf, countsOf, sidesOf } from './checkhead.ts'
import { type Colors, FRAME, GAP } from './terminal.ts'
import {
  changeOf,
  controlRows,
  counted,
  isChangedLog,
  movedMetrics,
  VERDICT_WORDS,
  type VerdictRow,
  verdictRows,
} from './verdicts.ts'
import { words } from './wrap.ts'

/** With more passes than these, they are counted and not listed. */
const PASSES_MAX = 20
/** Changed cells whose metrics are listed, and how many metrics of each; `check.json` has all. */
const CHANGED_MAX = 20
const MOVED_MAX = 5
/** Text is made no narrower than this. */
const TEXT_MIN = 8

export interface Look {
  readonly colors: Colors
  readonly width: number
}

export function drawCheck(check: CheckReport, look: Look): string[] {
  const { colors, width } = look
  const rows = verdictRows(check)
  const listed = rows.filter((row) => row.verdict !== 'pass' || isChangedLog(row))
  const passes = rows.length - listed.length
  const shown = passes > PASSES_MAX ? listed : rows
  return [
    '',
    ...drawHeadline(check, look),
    ...words(sidesOf(check), width),
    ...words(
      comparedOf(check)
        .slice(2)
        .map(([, text]) => text)
        .join(' · '),
      width,
    ).map(colors.dim),
    ...drawCautions(check, look),
    ...drawTable(shown, look),
    ...(shown.length === rows.length
      ? []
      : ['', `${counted(passes, 'more row')} passed: all are in check.json and index.html`]),
    ...drawChanged(check, look),
    ...drawControls(check, look),
    '',
    ...words(`${countsOf(rows)} · ${CHECK_LEGEND}`, width).map(colors.dim),
    '',
  ]
}

function drawHeadline({ verdict, headline }: CheckReport, { colors, width }: Look): string[] {
  const [first = '', ...rest] = words(`${VERDICT_WORDS[verdict]} ${headline}`, width)
  const paint = paintOf(verdict, colors)
  const word = VERDICT_WORDS[verdict]
  return [colors.bold(paint(word)) + first.slice(word.length), ...rest]
}

function paintOf(verdict: Verdict, colors: Colors): (text: string) => string {
  if (verdict === 'pass' || verdict === 'improvement') return colors.green
  return verdict === 'inconclusive' ? colors.yellow : colors.red
}

function drawCautions(check: CheckReport, { colors, width }: Look): string[] {
  const lines = cautionsOf(check).flatMap((caution) => bulleted('!', caution, width))
  return lines.length === 0 ? [] : ['', ...lines.map(colors.yellow)]
}

function bulleted(mark: string, text: string, width: number): string[] {
  const [first, ...rest] = words(text, width - 4)
  return [`  ${mark} ${first ?? ''}`, ...rest.map((line) => `    ${line}`)]
}

interface Column {
  readonly name: string
  /** A line each; those of one column stand below one another. */
  readonly lines: (row: VerdictRow) => readonly string[]
  /** Figures stand at the right. */
  readonly numeric: boolean
  /** It is made no narrower; absent: it is never broken. */
  readonly least?: number
}

type Part = (row: VerdictRow) => string

function text(name: string, parts: readonly Part[], least = TEXT_MIN): Column {
  return { name, lines: (row) => parts.map((part) => part(row)), numeric: false, least }
}

function figures(name: string, parts: readonly Part[], least?: number): Column {
  const lines = (row: VerdictRow) => parts.map((part) => part(row))
  return least === undefined ? { name, lines, numeric: true } : { name, lines, numeric: true, least }
}

const word: Part = ({ verdict }) => VERDICT_WORDS[verdict]
const WORD_MAX = Math.max(...Object.values(VERDICT_WORDS).map(({ length }) => length))

const WIDE_COLUMNS: readonly Column[] = [
  text('verdict', [word], WORD_MAX),
  text('cell', [(row) => row.name]),
  text('metric', [(row) => row.subject]),
  figures('old', [(row) => row.old]),
  figures('new', [(row) => row.new]),
  figures('worse by', [(row) => row.worse]),
  figures('95 % interval', [(row) => row.interval]),
  figures('limit', [(row) => row.limit]),
  text('', [(row) => row.note]),
]
const NARROW_COLUMNS: readonly Column[] = [
  text('verdict', [word, (row) => row.note], WORD_MAX),
  text('cell, metric', [(row) => row.name, (row) => row.subject]),
  figures('old, new', [(row) => row.old, (row) => row.new]),
  figures('worse by', [(row) => row.worse, (row) => row.interval], TEXT_MIN),
]

function drawTable(rows: readonly VerdictRow[], { colors, width }: Look): string[] {
  if (rows.length === 0) return []
  const fits = sumOf(WIDE_COLUMNS.map((column) => leastOf(column, rows))) <= width
  const columns = fits ? WIDE_COLUMNS : NARROW_COLUMNS
  const widths = widthsOf(columns, rows, width)
  const table = new Table({
    head: columns.map(({ name }) => colors.bold(name)),
    colAligns: columns.map(({ numeric }) => (numeric ? 'right' : 'left')),
    ...FRAME,
  })
  for (const row of rows) {
    table.push(columns.map((column, index) => cellText(column, row, widths[index]!, index, colors)))
  }
  return ['', ...table.toString().replace(/ +$/gm, '').split('\n')]
}

function cellText(column: Column, row: VerdictRow, width: number, index: number, colors: Colors): string {
  const paint = index === 0 ? paintOf(row.warned ? 'inconclusive' : row.verdict, colors) : String
  const broken = column.lines(row).flatMap((line, place) => {
    const pieces = column.least === undefined ? [line] : wrapped(line, width)
    return place === 0 ? pieces.map(paint) : pieces.map(colors.dim)
  })
  return broken.join('\n')
}

/** A number stays with its unit. */
function wrapped(line: string, width: number): string[] {
  const joint = '\ue000'
  return words(line.replace(/ (?=%)|(?<=[≥=]) | (?==)/g, joint), width).map((one) =>
    one.replaceAll(joint, ' '),
  )
}

/** The widest that can be broken gives way first. */
function widthsOf(columns: readonly Column[], rows: readonly VerdictRow[], width: number): number[] {
  const widths = columns.map((column) => widestOf(column, rows))
  const least = columns.map((column) => leastOf(column, rows))
  while (sumOf(widths) > width) {
    const yielding = [...widths.keys()].filter((index) => widths[index]! > least[index]!)
    if (yielding.length === 0) break
    widths[yielding.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))]!--
  }
  return widths
}

function widestOf({ name, lines }: Column, rows: readonly VerdictRow[]): number {
  return rows.reduce(
    (widest, row) => lines(row).reduce((most, line) => Math.max(most, line.length), widest),
    name.length,
  )
}

function leastOf(column: Column, rows: readonly VerdictRow[]): number {
  return column.least === undefined ? widestOf(column, rows) : Math.max(column.least, column.name.length)
}

/** With the gaps between them. */
function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one + GAP, 0)
}

function drawChanged(check: CheckReport, look: Look): string[] {
  const changed = verdictRows(check).filter(isChangedLog)
  if (changed.length === 0) return []
  const left = changed.length - CHANGED_MAX
  return [
    '',
    look.colors.bold('Changed behaviour in virtual time'),
    ...changed.slice(0, CHANGED_MAX).flatMap((row) => drawOneChanged(row, look)),
    ...(left > 0 ? [`  and ${counted(left, 'more cell')}: see check.json`] : []),
  ]
}

function drawOneChanged({ name, cell }: VerdictRow, { colors, width }: Look): string[] {
  const moved = movedMetrics(cell)
  const left = moved.length - MOVED_MAX
  return [
    ...bulleted('≠', name, width),
    ...(cell.exact?.divergence === undefined
      ? []
      : words(`first difference: ${cell.exact.divergence}`, width - 4).map((line) =>
          colors.dim(`    ${line}`),
        )),
    ...moved
      .slice(0, MOVED_MAX)
      .flatMap((metric) =>
        words(
          `${metric.metric}: ${formatValue(metric.old, metric.unit)} → ${formatValue(metric.new, metric.unit)}, ${changeOf(metric)}`,
          width - 4,
        ).map((line) => `    ${line}`),
      ),
    ...(left > 0 ? [`    and ${counted(left, 'more metric')}`] : []),
  ]
}

function drawControls(check: CheckReport, look: Look): string[] {
  const rows = controlRows(check)
  if (rows.length === 0) return []
  return ['', look.colors.bold('Control: the same code on both sides'), ...drawTable(rows, look)]
}
