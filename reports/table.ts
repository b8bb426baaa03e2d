/** Tables for the terminal: one a scenario, time and selector; policies below one another. */
import { createColors } from 'picocolors'
import { type Group, groupsOf } from '../harness/verdict/groups.ts'
import type { Reporter, ReportTarget } from '../harness/verdict/reporter.ts'
import { comparisonOf } from './tables/comparison.ts'
import { findingLines } from './tables/findings.ts'
import { loadOf, titleOf } from './tables/heading.ts'
import { legendOf } from './tables/legend.ts'
import { type Colors, drawComparison, words } from './tables/terminal.ts'

const WIDTH_MAX = 120
const WIDTH_MIN = 60

const reporter: Reporter = {
  name: 'table',
  summary: 'tables in the terminal: policies side by side, with ratios, best values and findings',
  async write(report, target) {
    for (const group of groupsOf(report)) target.stdout(harmless(`${drawGroup(group, target)}\n`))
    return []
  },
}

export default reporter

function drawGroup(group: Group, target: ReportTarget): string {
  const colors = createColors(target.color)
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, target.width))
  const comparison = comparisonOf(group)
  const severalRounds = group.members.some((member) => member.rounds.length > 1)
  return [
    '',
    colors.bold(titleOf(group)),
    ...words(loadOf(group), width).map(colors.dim),
    '',
    drawComparison(comparison, width, colors),
    ...drawFindings(group, width, colors),
    ...words(legendOf(comparison, severalRounds), width).map(colors.dim),
    '',
  ].join('\n')
}

function drawFindings(group: Group, width: number, colors: Colors): string[] {
  const lines = findingLines(group).flatMap(({ policy, kind, message, fatal }) => {
    const [first, ...rest] = words(`${policy}: ${kind}: ${message}`, width - 4)
    const paint = fatal ? colors.red : colors.yellow
    return [paint(`  ${fatal ? '✗' : '!'} ${first}`), ...rest.map((line) => paint(`    ${line}`))]
  })
  return lines.length === 0 ? [''] : ['', 'Findings', ...lines, '']
}

/** Names come from users and messages from policies: nothing of theirs moves the cursor or rings the bell. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed, but for line ends and colours
  return text.replace(/\u001b(?!\[[\d;]*m)|[\u0000-\u0009\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, '')
}
