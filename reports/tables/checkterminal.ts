/** Draws a check for the terminal: a heading a cell, below it a line a metric, and a cell that passed in one line. */
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import { cautionsOf, comparedOf, countsOf, figuresLegend, sidesOf } from './checkhead.ts'
import { drawRows, type RowLook, rowLook } from './checkrows.ts'
import { passSummary } from './passes.ts'
import type { Colors } from './terminal.ts'
import {
  type CellGroup,
  cellGroups,
  controlGroups,
  counted,
  detectedIn,
  differenceOf,
  isOpen,
  restOf,
  unexplained,
  VERDICT_WORDS,
} from './verdicts.ts'
import { firstLines, firstParts, shortLabel, words } from './wrap.ts'

/** Metrics of a cell that are shown, and of all cells together: one to two screens. */
const METRICS_MAX = 5
const ROWS_MAX = 40
/** Cells with their metrics; as many again in a line each. */
const CELLS_MAX = 12
/** With more passes than these, they are counted and not listed. */
const PASSES_MAX = 12
/** Of a sentence about a cell; one less where there are many cells. */
const SENTENCE_LINES = 3
const NAME_MAX = 48
const INDENT = '  '
const CONTROL_TITLE = 'Control: the same code on both sides, so that what moves is the machine'

export interface Look {
  readonly colors: Colors
  readonly width: number
}

export function drawCheck(check: CheckReport, look: Look): string[] {
  const groups = cellGroups(check)
  const compared = comparedOf(check).slice(2)
  return [
    '',
    ...drawHeadline(check, look),
    ...words(sidesOf(check), look.width),
    ...dimmed(compared.map(([, text]) => text).join(' · '), look),
    ...drawCautions(check, look),
    ...drawOpen(groups.filter(isOpen), look),
    ...drawPasses(
      groups.filter((group) => !isOpen(group)),
      look,
    ),
    ...drawControls(check, look),
    '',
    ...dimmed([countsOf(groups), figuresLegend(check)].filter((part) => part !== '').join(' · '), look),
    '',
  ]
}

function dimmed(text: string, { colors, width }: Look): string[] {
  return words(text, width).map(colors.dim)
}

function drawHeadline({ verdict, headline }: CheckReport, { colors, width }: Look): string[] {
  const [first = '', ...rest] = words(`${VERDICT_WORDS[verdict]} ${headline}`, width)
  const word = VERDICT_WORDS[verdict]
  return [colors.bold(paintOf(verdict, colors)(word)) + first.slice(word.length), ...rest]
}

function paintOf(verdict: Verdict, colors: Colors): (text: string) => string {
  if (verdict === 'pass' || verdict === 'improvement') return colors.green
  return verdict === 'inconclusive' ? colors.yellow : colors.red
}

function drawCautions(check: CheckReport, { colors, width }: Look): string[] {
  const lines = cautionsOf(check).flatMap((caution) => {
    const [first, ...rest] = words(caution, width - 4)
    return [`  ! ${first ?? ''}`, ...rest.map((line) => `    ${line}`)]
  })
  return lines.length === 0 ? [] : ['', ...lines.map(colors.yellow)]
}

function drawOpen(groups: readonly CellGroup[], look: Look): string[] {
  if (groups.length === 0) return []
  const detailed = groups.slice(0, CELLS_MAX)
  const listed = groups.slice(CELLS_MAX, 2 * CELLS_MAX)
  const left = groups.slice(2 * CELLS_MAX)
  return [
    '',
    ...drawDetailed(detailed, look),
    ...drawListed(listed, look, worstOf),
    ...(left.length === 0 ? [] : [`and ${counted(left.length, 'more cell')}: check.json, index.html`]),
  ]
}

function worstOf({ cell, rows: [worst] }: CellGroup): string[] {
  return worst === undefined ? [cell.reason] : [`${worst.subject} ${worst.values}`, worst.worse]
}

/** The more cells, the fewer metrics of each. */
function drawDetailed(groups: readonly CellGroup[], look: Look): string[] {
  const most = Math.max(1, Math.min(METRICS_MAX, Math.floor(ROWS_MAX / groups.length)))
  const looks = new Map(
    groups.map(({ cell }) => [cell.cell.time, lookOf(groups, cell.cell.time, most, look)]),
  )
  return groups.flatMap((group) => drawGroup(group, most, looks.get(group.cell.cell.time)!, look))
}

/** Rows of one kind of time have common columns: those of the other have others. */
function lookOf(groups: readonly CellGroup[], time: 'real' | 'virtual', most: number, look: Look): RowLook {
  const own = groups.filter(({ cell }) => cell.cell.time === time)
  return rowLook(
    own.flatMap(({ rows }) => rows.slice(0, most)),
    look,
  )
}

function drawGroup(group: CellGroup, most: number, rows: RowLook, look: Look): string[] {
  const lines = most < METRICS_MAX ? SENTENCE_LINES - 1 : SENTENCE_LINES
  const rest = restOf(group, most)
  return [
    headingOf(group, look),
    ...below(unexplained(group), INDENT, SENTENCE_LINES, look),
    ...below(differenceOf(group), INDENT, lines, look),
    ...drawRows(group.rows.slice(0, most), rows),
    ...(rest === '' ? [] : below(`${rest}: check.json, index.html`, INDENT + INDENT, 1, look)),
  ]
}

function below(text: string, indent: string, most: number, { colors, width }: Look): string[] {
  return firstLines(text, width - indent.length, most).map((line) => colors.dim(indent + line))
}

function headingOf({ cell, name }: CellGroup, { colors, width }: Look): string {
  const word = VERDICT_WORDS[cell.verdict]
  const label = shortLabel(name, width - word.length - INDENT.length)
  return `${paintOf(cell.verdict, colors)(word)}${INDENT}${colors.bold(label)}`
}

/** A line a cell, and no more. */
function drawListed(
  groups: readonly CellGroup[],
  { colors, width }: Look,
  textOf: (group: CellGroup) => readonly string[],
): string[] {
  const wordWidth = Math.max(...groups.map(({ cell }) => VERDICT_WORDS[cell.verdict].length))
  const nameMax = Math.min(NAME_MAX, Math.floor(width / 2))
  const names = groups.map(({ name }) => shortLabel(name, nameMax))
  const nameWidth = Math.max(...names.map(({ length }) => length))
  return groups.map((group, index) => {
    const { verdict } = group.cell
    const word = paintOf(verdict, colors)(VERDICT_WORDS[verdict].padEnd(wordWidth))
    const room = width - wordWidth - nameWidth - 2 * INDENT.length
    const text = firstParts(textOf(group), room)
    return `${word}${INDENT}${names[index]!.padEnd(nameWidth)}${INDENT}${colors.dim(text)}`.trimEnd()
  })
}

function drawPasses(groups: readonly CellGroup[], look: Look): string[] {
  if (groups.length === 0) return []
  if (groups.length > PASSES_MAX)
    return ['', ...passSummary(groups).flatMap((line) => words(line, look.width))]
  return ['', ...drawListed(groups, look, passText)]
}

function passText(group: CellGroup): string[] {
  const detected = detectedIn(group)
  return detected.length === 0 ? [group.cell.reason] : detected.with(0, `detects ${detected[0]}`)
}

function drawControls(check: CheckReport, look: Look): string[] {
  const groups = controlGroups(check)
  if (groups.length === 0) return []
  return ['', ...words(CONTROL_TITLE, look.width).map(look.colors.bold), ...drawDetailed(groups, look)]
}
