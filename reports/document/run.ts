/** `report.md`: the whole report of a run. */
import type { Group } from '../../harness/verdict/groups.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import type { ChartedGroup } from '../charts/charts.ts'
import type { ChartedFidelity } from '../charts/fidelity.ts'
import { type Comparison, comparisonOf, type Entry } from '../tables/comparison.ts'
import { commandOf, environmentOf, GLOSSARY, REPRODUCE } from '../tables/environment.ts'
import { escapeMarkdown as text } from '../tables/escape.ts'
import {
  FIDELITY_LEGEND,
  FIDELITY_TITLE,
  fidelityLines,
  fidelityLoad,
  fidelityTable,
  fidelityTitle,
} from '../tables/fidelity.ts'
import { findingLines } from '../tables/findings.ts'
import { loadOf, titleOf } from '../tables/heading.ts'
import { arrowOf, BEST, legendOf } from '../tables/legend.ts'
import { observedTables } from '../tables/observed.ts'
import { linkOf, listOf, tableOf } from './blocks.ts'

export function documentOf(
  report: Report,
  groups: readonly ChartedGroup[],
  fidelities: readonly ChartedFidelity[],
): string {
  const sections = [
    '# loopdyno report',
    ...reproduction(report),
    ...groups.flatMap(sectionOf),
    ...fidelitySection(fidelities),
    '## Environment',
    listOf(environmentOf(report.records.header)),
    '## Words',
    listOf(GLOSSARY),
  ]
  return `${sections.join('\n\n')}\n`
}

function reproduction({ records }: Report): string[] {
  const command = commandOf(records.header)
  // Indented, not fenced: whatever the command contains, it cannot end the block.
  return [
    ...(command === undefined ? [] : ['Made with', `    ${command.replace(/\s+/g, ' ')}`]),
    text(REPRODUCE),
  ]
}

function sectionOf({ group, charts }: ChartedGroup): string[] {
  const comparison = comparisonOf(group)
  const legend = legendOf(
    comparison,
    group.members.some((member) => member.rounds.length > 1),
  )
  return [
    `## ${text(titleOf(group))}`,
    text(loadOf(group)),
    ...(comparison.columns.length === 0 ? [] : [comparisonTable(comparison, group)]),
    ...(legend === '' ? [] : [text(legend)]),
    ...troubles(comparison),
    ...findings(group),
    ...charts.map(linkOf),
    ...observed(group),
  ]
}

function fidelitySection(fidelities: readonly ChartedFidelity[]): string[] {
  if (fidelities.length === 0) return []
  return [
    `## ${text(FIDELITY_TITLE)}`,
    ...fidelities.flatMap(({ fidelity, charts }) => {
      const { columns, rows } = fidelityTable(fidelity)
      const load = fidelityLoad(fidelity)
      return [
        `### ${text(fidelityTitle(fidelity))}`,
        ...(load === '' ? [] : [text(load)]),
        fidelityLines(fidelity)
          .map((line) => `- **${text(line.policy)}**: ${text(line.text)}`)
          .join('\n'),
        ...(rows.length === 0 ? [] : [tableOf(columns, rows)]),
        ...charts.map(linkOf),
      ]
    }),
    text(FIDELITY_LEGEND),
  ]
}

/** Metrics below one another, policies side by side: pages are narrow, and policies fewer than metrics. */
function comparisonTable({ columns, rows }: Comparison, group: Group): string {
  const sound = rows.filter((row) => row.trouble === undefined)
  const lines = columns.map(({ metric, better }, index) => [
    `${metric} ${arrowOf(better)}`.trimEnd(),
    ...sound.map((row) => entryText(row.entries[index]!)),
  ])
  const digests = digestLine(group)
  const heads = sound.map(({ policy }) => ({ name: policy, numeric: true }))
  return tableOf([{ name: 'metric', numeric: false }, ...heads], [...lines, ...digests])
}

function entryText({ text, ratio, best }: Entry): string {
  return `${text}${best ? ` ${BEST}` : ''} ${ratio}`.trimEnd()
}

/** Enough of it to see whether two runs are the same; `summary.json` has all. */
function digestLine({ members }: Group): string[][] {
  const sound = members.filter(({ cell }) => cell.status === 'ok')
  if (!sound.some(({ cell }) => cell.digest !== undefined)) return []
  return [['digest', ...sound.map(({ cell }) => cell.digest?.slice(0, 12) ?? '')]]
}

function troubles({ rows }: Comparison): string[] {
  const lines = rows.flatMap(({ policy, trouble }) =>
    trouble === undefined ? [] : [`- **${text(policy)}** ${text(trouble)}`],
  )
  return lines.length === 0 ? [] : ['Without result:', lines.join('\n')]
}

function findings(group: Group): string[] {
  const lines = findingLines(group).map(
    ({ policy, kind, message, fatal }) =>
      `- **${text(policy)}**: ${fatal ? '**broken**, ' : ''}${text(kind)}: ${text(message)}`,
  )
  return lines.length === 0 ? [] : ['Findings:', lines.join('\n')]
}

function observed(group: Group): string[] {
  return observedTables(group).flatMap(({ title, policy, round, columns, rows, omitted }) => [
    `**${text(title)}**: ${text(policy)}, round ${round}${omitted > 0 ? ` (${omitted} more rows in records.jsonl)` : ''}`,
    tableOf(columns, rows),
  ])
}
