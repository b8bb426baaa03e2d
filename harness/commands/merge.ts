import { resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { lockDirectory } from '../measure/directory-lock.ts'
import { appendRecord, prepareDirectory, readRecords, startRecords } from '../measure/record-file.ts'
import type { RunRecords } from '../records.ts'
import { machineDifferences, mergeShards } from '../verdict/merging.ts'
import { JUDGE_FLAGS } from './check-settings.ts'
import type { Command, Terminal } from './command.ts'
import { strings } from './matrix-flags.ts'
import { endingOfReport, loadReporters, REPORT_FLAGS, writeReports } from './reporting.ts'

export const merge: Command = {
  name: 'merge',
  describe: 'Put the shards of a run or a check together: records and reports as of one',
  positionals: { folder: { describe: 'The folders of all shards', required: true, array: true } },
  flags: { ...REPORT_FLAGS, 'fail-on-inconclusive': JUDGE_FLAGS['fail-on-inconclusive']! },
  examples: [
    ['$0 run -s mm1,gather --time virtual --shard 1/2 --out one', 'half of the cells, here'],
    ['$0 run -s mm1,gather --time virtual --shard 2/2 --out two', 'the others, on another machine perhaps'],
    ['$0 merge one two --out whole', 'reports as if all had run at one place'],
  ],
  async run(args, terminal) {
    const folders = strings(args.folder)
    const directory = String(args.out)
    if (folders.some((folder) => resolve(folder) === resolve(directory)))
      throw new UsageError(`The shard in '${directory}' would be replaced: choose another folder with --out`)
    const reporters = await loadReporters(args)
    const shards = folders.map((name) => ({ name, ...readRecords(name) }))
    const merged = mergeShards(shards)
    for (const difference of machineDifferences(shards))
      terminal.err(`Real rounds ran on different machines (${difference}): do not compare their figures\n`)
    prepareDirectory(directory)
    const unlock = lockDirectory(directory)
    try {
      writeRecords(directory, merged, terminal)
      return endingOfReport(await writeReports(merged, reporters, directory, args, terminal), args)
    } finally {
      unlock()
    }
  },
}

function writeRecords(directory: string, { header, rounds }: RunRecords, terminal: Terminal): void {
  const kept = startRecords(directory, header)
  if (kept !== undefined) terminal.err(`The records of the run before are kept as ${kept}\n`)
  for (const round of rounds) appendRecord(directory, round)
}
