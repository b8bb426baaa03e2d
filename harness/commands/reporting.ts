/** From records to reports: shared by every command that ends in a report. */
import { builtinNames, loadPlugin } from '../catalog.ts'
import type { RunRecords } from '../records.ts'
import type { Reporter } from '../verdict/reporter.ts'
import { type Summary, summarize } from '../verdict/summary.ts'
import type { Arguments, Ending, Flag, Terminal } from './command.ts'
import { strings } from './matrix-flags.ts'

export const REPORT_FLAGS: Readonly<Record<string, Flag>> = {
  out: {
    type: 'string',
    alias: 'o',
    describe: 'The folder for records, report and charts',
    default: 'loopdyno-report',
  },
  reporter: {
    type: 'string',
    array: true,
    describe: `Reports to make: ${builtinNames('reporter').join(', ')}, or a path (default: all)`,
  },
  json: { type: 'boolean', describe: 'Print summary.json on stdout instead of the table', default: false },
}

/** Throws `UsageError`. */
export async function loadReporters(args: Arguments): Promise<Reporter[]> {
  const named = strings(args.reporter).flatMap((text) => text.split(','))
  const names = named.length > 0 ? named : builtinNames('reporter')
  const shown = args.json ? names.filter((name) => name !== 'table') : names
  const reporters: Reporter[] = []
  for (const name of shown) reporters.push(await loadPlugin('reporter', name))
  return reporters
}

export async function writeReports(
  records: RunRecords,
  reporters: readonly Reporter[],
  directory: string,
  args: Arguments,
  terminal: Terminal,
): Promise<Summary> {
  const report = { records, summary: summarize(records) }
  const { color, width } = terminal
  const target = { directory, stdout: (text: string) => terminal.out(text), color, width }
  const files: string[] = []
  for (const reporter of reporters) files.push(...(await reporter.write(report, target)))
  if (args.json) terminal.out(`${JSON.stringify(report.summary, null, 2)}\n`)
  if (files.length > 0) {
    // Markdown and PNG share their charts.
    const { size } = new Set(files)
    const count = size === 1 ? '1 file' : `${size} files`
    terminal.err(`Wrote ${count} to ${directory}${pagesAmong(files)}\n`)
  }
  return report.summary
}

/** Names the pages a person would open, not every chart. */
function pagesAmong(files: readonly string[]): string {
  const pages = files.map((file) => file.split('/').at(-1)!).filter((name) => !name.endsWith('.png'))
  return pages.length > 0 ? `: ${pages.join(', ')}` : ''
}

/** A run that measured nothing has failed as well: a check that passes on nothing would hide it. */
export function endingOf({ cells }: Summary): Ending {
  const broken = cells.some(({ status }) => status === 'failed' || status === 'timeout')
  return broken || !cells.some(({ status }) => status === 'ok') ? 'failed' : 'fine'
}
