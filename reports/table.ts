/** Tables for the terminal: one a scenario, time and selector; policies below one another. */
import { createColors } from 'picocolors'
import { type Fidelity, fidelityOf } from '../harness/verdict/fidelity.ts'
import { type Group, groupsOf } from '../harness/verdict/groups.ts'
import type { Reporter, ReportTarget } from '../harness/verdict/reporter.ts'
import { drawCheck } from './tables/checkterminal.ts'
import { comparisonOf } from './tables/comparison.ts'
import {
  FIDELITY_LEGEND,
  FIDELITY_TITLE,
  fidelityLines,
  fidelityLoad,
  fidelityTable,
  fidelityTitle,
} from './tables/fidelity.ts'
import { findingLines } from './tables/findings.ts'
import { loadOf, titleOf } from './tables/heading.ts'
import { legendOf } from './tables/legend.ts'
import { sharedTables } from './tables/observed.ts'
import { drawPlain } from './tables/plain.ts'
import { type Colors, drawComparison } from './tables/terminal.ts'
import { words } from './tables/wrap.ts'

const WIDTH_MAX = 120
const WIDTH_MIN = 60
/** Of one table of a scenario: more scroll the results away. */
const ROWS_MAX = 40

const reporter: Reporter = {
  name: 'table',
  summary: 'tables in the terminal: policies side by side, with ratios, best values and findings',
  async write(report, target) {
    const look = { colors: createColors(target.color), width: widthOf(target) }
    const print = (lines: readonly string[]) => target.stdout(harmless(`${lines.join('\n')}\n`))
    if (report.check !== undefined) {
      print(drawCheck(report.check, look))
      return []
    }
    for (const group of groupsOf(report)) print(drawGroup(group, look))
    const fidelities = fidelityOf(report)
    if (fidelities.length > 0) print(drawFidelity(fidelities, look))
    return []
  },
}

export default reporter

interface Look {
  readonly colors: Colors
  readonly width: number
}

function widthOf({ width }: ReportTarget): number {
  return Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, width))
}

function drawGroup(group: Group, look: Look): string[] {
  const { colors, width } = look
  const comparison = comparisonOf(group)
  const severalRounds = group.members.some((member) => member.rounds.length > 1)
  return [
    '',
    colors.bold(titleOf(group)),
    ...words(loadOf(group), width).map(colors.dim),
    '',
    drawComparison(comparison, width, colors),
    ...drawFindings(group, look),
    ...words(legendOf(comparison, severalRounds), width).map(colors.dim),
    ...drawTables(group, look),
    '',
  ]
}

function drawTables(group: Group, { colors, width }: Look): string[] {
  return sharedTables(group).flatMap(({ title, round, columns, rows, omitted }) => {
    const left = Math.max(0, rows.length - ROWS_MAX) + omitted
    return [
      '',
      ...words(`${title}, round ${round}`, width).map(colors.bold),
      drawPlain({ columns, rows: rows.slice(0, ROWS_MAX) }, width, colors),
      ...(left === 0 ? [] : [colors.dim(`${left} more rows in report.md, index.html and records.jsonl`)]),
    ]
  })
}

function drawFindings(group: Group, { colors, width }: Look): string[] {
  const lines = findingLines(group).flatMap(({ policy, kind, message, fatal }) => {
    const [first, ...rest] = words(`${policy}: ${kind}: ${message}`, width - 4)
    const paint = fatal ? colors.red : colors.yellow
    return [paint(`  ${fatal ? '✗' : '!'} ${first}`), ...rest.map((line) => paint(`    ${line}`))]
  })
  return lines.length === 0 ? [''] : ['', 'Findings', ...lines, '']
}

function drawFidelity(fidelities: readonly Fidelity[], { colors, width }: Look): string[] {
  return [
    '',
    colors.bold(FIDELITY_TITLE),
    ...fidelities.flatMap((fidelity) => drawOneFidelity(fidelity, { colors, width })),
    '',
    ...words(FIDELITY_LEGEND, width).map(colors.dim),
    '',
  ]
}

function drawOneFidelity(fidelity: Fidelity, { colors, width }: Look): string[] {
  const table = fidelityTable(fidelity)
  return [
    '',
    colors.bold(fidelityTitle(fidelity)),
    ...words(fidelityLoad(fidelity), width).map(colors.dim),
    '',
    ...(table.rows.length === 0 ? [] : [drawPlain(table, width, colors), '']),
    ...fidelityLines(fidelity).flatMap(({ policy, text, trouble }) => {
      const [first, ...rest] = words(`${policy}: ${text}`, width - 4)
      const lines = [`  ${trouble ? '✗ ' : ''}${first}`, ...rest.map((line) => `    ${line}`)]
      return trouble ? lines.map(colors.red) : lines
    }),
  ]
}

/** Names come from users and messages from policies: nothing of theirs moves the cursor or rings the bell. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed, but for line ends and colours
  return text.replace(/\u001b(?!\[[\d;]*m)|[\u0000-\u0009\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, '')
}
