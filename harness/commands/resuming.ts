/** Going on with a run that was cut short. */
import { UsageError } from '../errors.ts'
import { type ReadRecords, repairRecords } from '../measure/record-file.ts'
import { cellKey, type RoundRecord, type RunHeader } from '../records.ts'
import type { Terminal } from './command.ts'

/** What goes on with the run that has this header. */
export function resumeCommand({ command = 'npx loopdyno run' }: RunHeader): string {
  return command.includes('--resume') ? command : `${command} --resume`
}

/** The rounds of a run that was cut short. Throws `UsageError` where it was another run than `wanted`. */
export function resumable(
  directory: string,
  { header, rounds, truncated }: ReadRecords,
  wanted: RunHeader,
  terminal: Terminal,
): readonly RoundRecord[] {
  const difference = differenceOf(header, wanted)
  if (difference !== undefined) {
    throw new UsageError(
      `The run in '${directory}' had ${difference}: give the flags it had (${resumeCommand(header)}), or start anew in another --out`,
    )
  }
  if (truncated) {
    repairRecords(directory)
    terminal.err('The last record was cut off when the run was killed: that round is run again\n')
  }
  return rounds
}

function differenceOf(header: RunHeader, wanted: RunHeader): string | undefined {
  if (shardOf(header) !== shardOf(wanted)) return shardOf(header)
  if (!sameKeys(header.cells.map(cellKey), wanted.cells.map(cellKey))) return 'other cells'
  if (header.rounds !== wanted.rounds) return `${header.rounds} rounds`
  if (header.seed !== wanted.seed) return `the seed ${header.seed}`
  if (JSON.stringify(header.world) !== JSON.stringify(wanted.world)) return 'another world'
  if (header.fidelity !== wanted.fidelity) return header.fidelity ? '--fidelity' : 'no --fidelity'
  if (header.plan !== wanted.plan) return 'another version of loopdyno, or other plug-in files'
  return undefined
}

function shardOf({ shard }: RunHeader): string {
  return shard === undefined ? 'no --shard' : `--shard ${shard.index}/${shard.count}`
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key) => b.includes(key))
}
