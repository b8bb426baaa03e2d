/** From records to reports: shared by every command that ends in a report. */
import { builtinNames, loadPlugin } from '../catalog.ts'
import type { RunRecords } from '../records.ts'
import type { CheckReport } from '../verdict/check-report.ts'
import { judge } from '../verdict/judge.ts'
import type { Report, Reporter } from '../verdict/reporter.ts'
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
  return reporters.filter(({ onRequest }) => named.length > 0 || !onRequest)
}

export async function writeReports(
  records: RunRecords,
  reporters: readonly Reporter[],
  directory: string,
  args: Arguments,
  terminal: Terminal,
): Promise<Report> {
  const { comparison } = records.header
  const report = {
    records,
    summary: summarize(records),
    ...(comparison === undefined ? {} : { check: judge(records) }),
  }
  const { color, width } = terminal
  const { GITHUB_STEP_SUMMARY: summaryPath } = process.env
  // With --json nothing else may stand on stdout.
  const stdout = (text: string) => (args.json ? terminal.err(text) : terminal.out(text))
  const target = { directory, stdout, color, width, ...(summaryPath ? { summaryPath } : {}) }
  const files: string[] = []
  for (const reporter of reporters) files.push(...(await reporter.write(report, target)))
  if (args.json) terminal.out(`${JSON.stringify(report.check ?? report.summary, null, 2)}\n`)
  if (files.length > 0) {
    // Markdown and PNG share their charts.
    const { size } = new Set(files)
    const count = size === 1 ? '1 file' : `${size} files`
    terminal.err(`Wrote ${count} to ${directory}${pagesAmong(files)}\n`)
  }
  return report
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

/** How what is in a folder ends, a run or a check. */
export function endingOfReport({ summary, check }: Report, args: Arguments): Ending {
  return check === undefined ? endingOf(summary) : endingOfCheck(check, args)
}

/**
 * A check ends as its verdict says; what could not be compared is worse than what was found to be worse. One that was
 * stopped early has passed nothing.
 */
export function endingOfCheck({ verdict, complete }: CheckReport, args: Arguments): Ending {
  if (verdict === 'failed' || verdict === 'regression') return verdict
  if (!complete) return 'failed'
  return verdict === 'inconclusive' && args['fail-on-inconclusive'] ? 'inconclusive' : 'fine'
}
