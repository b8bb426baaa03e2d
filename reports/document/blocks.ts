/** What Markdown documents are made of; everything that goes in is escaped here. */
import type { ChartSpec } from '../charts/spec.ts'
import { chartPath } from '../output/chartfiles.ts'
import { escapeMarkdown as text } from '../tables/escape.ts'
import type { PlainTable } from '../tables/plain.ts'

export function listOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([word, meaning]) => `- **${text(word)}**: ${text(meaning)}`).join('\n')
}

export function linkOf(chart: ChartSpec): string {
  return `![${text(chart.alt)}](${encodeURI(chartPath(chart))})`
}

/** Numbers to the right; everything is escaped here. */
export function tableOf(columns: PlainTable['columns'], rows: PlainTable['rows']): string {
  const line = (cells: readonly string[]) => `| ${cells.map(text).join(' | ')} |`
  const rule = `| ${columns.map(({ numeric }) => (numeric ? '--:' : ':--')).join(' | ')} |`
  return [line(columns.map(({ name }) => name)), rule, ...rows.map(line)].join('\n')
}
