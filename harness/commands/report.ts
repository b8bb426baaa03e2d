import { prepareDirectory, readRecords } from '../measure/record-file.ts'
import { JUDGE_FLAGS } from './check-settings.ts'
import type { Command } from './command.ts'
import { endingOfReport, loadReporters, REPORT_FLAGS, writeReports } from './reporting.ts'

const { reporter, json } = REPORT_FLAGS as Required<typeof REPORT_FLAGS>

export const report: Command = {
  name: 'report',
  describe: 'Make the reports of a run again, from its records alone',
  positionals: { folder: { describe: 'The folder of the run', default: 'loopdyno-report' } },
  flags: { reporter, json, 'fail-on-inconclusive': JUDGE_FLAGS['fail-on-inconclusive']! },
  examples: [
    ['$0 report', 'table, pages and charts of the run in loopdyno-report'],
    ['$0 report results --reporter table', 'only the table'],
  ],
  async run(args, terminal) {
    const directory = String(args.folder)
    const records = readRecords(directory)
    const reporters = await loadReporters(args)
    if (records.truncated) terminal.err('The last record was cut off when the run was killed: left out\n')
    if (reporters.some(({ name }) => name !== 'table')) prepareDirectory(directory)
    return endingOfReport(await writeReports(records, reporters, directory, args, terminal), args)
  },
}
