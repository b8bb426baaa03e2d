/** `--jobs` and `--shard`: how a run is spread over cores and over machines. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import type { Matrix } from '../measure/plan.ts'
import type { PreparedPolicy } from '../policy-parts.ts'
import { cellKey, type RunHeader } from '../records.ts'
import { isPath, parseSpec } from '../spec.ts'
import { cellsOfShard, type ShardNumber } from '../verdict/merging.ts'
import type { Summary } from '../verdict/summary.ts'
import type { Arguments, Ending, Flag } from './command.ts'
import { strings } from './matrix-flags.ts'
import { endingOf } from './reporting.ts'
import { wholeNumber } from './whole-number.ts'

const MOST_JOBS = 1024

export const SPREAD_FLAGS: Readonly<Record<string, Flag>> = {
  jobs: {
    type: 'number',
    alias: 'j',
    describe: 'Virtual rounds at once; real ones run alone (default: as many as there are cores)',
  },
  shard: {
    type: 'string',
    describe: "Run one part of the cells only: 2/3 is the second of three ('merge' puts them together)",
  },
}

/** Throws `UsageError`. */
export function readJobs({ jobs }: Arguments): number {
  return wholeNumber(jobs ?? availableParallelism(), 'jobs', 1, MOST_JOBS)
}

/** Which part of so many cells is to be run. Throws `UsageError`, also for what a part cannot do. */
export function readShard(args: Arguments, cellCount: number): ShardNumber | undefined {
  if (args.shard === undefined) return undefined
  const text = String(args.shard)
  const [index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(text)?.slice(1).map(Number) ?? [0, 0]
  if (!(index! >= 1 && index! <= count!))
    throw new UsageError(`--shard takes the part and how many there are, 1/3 to 3/3 for three, not '${text}'`)
  if (count! > cellCount)
    throw new UsageError(`--shard ${text} is more parts than cells, of which there are ${cellCount}`)
  if (args.fidelity)
    throw new UsageError('--fidelity needs real and virtual rounds side by side: leave --shard out')
  if (
    [args['dispatch-ns'], args['poll-ns'], ...strings(args.world)].some((each) =>
      /measured$/.test(String(each)),
    )
  )
    throw new UsageError(`Each shard would measure other costs: give numbers of ns in place of 'measured'`)
  return { index: index!, count: count! }
}

/** The header of a part of a run. */
export function shardHeader(whole: RunHeader, matrix: Matrix, shard: ShardNumber): RunHeader {
  const { cells } = whole
  return {
    ...whole,
    cells: cellsOfShard(cells, shard),
    shard: { ...shard, cells },
    plan: planOf(whole, matrix),
  }
}

/** SHA-256 of what makes two runs the same, whichever machine they are on. */
export function planOf(
  { cells, rounds, seed, world, environment, comparison }: RunHeader,
  matrix: Matrix,
): string {
  const files = [...new Set([...matrix.policies.flatMap(specs), ...matrix.scenarios.map(({ text }) => text)])]
    .filter(isPath)
    .map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(resolve(path)))
        .digest('hex'),
    ])
  const compared = comparison && { ...comparison, pairs: undefined }
  const plan = [cells.map(cellKey), rounds, seed, world, environment.loopdyno, compared, files]
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex')
}

/** The names or paths of a policy and of those that it wraps. */
function specs({ label, inner }: PreparedPolicy): string[] {
  return [parseSpec(label).name, ...[...inner.values()].flatMap(specs)]
}

/** A part that has nothing to measure is fine: another one may have. */
export function endingOfShard(summary: Summary): Ending {
  return summary.cells.every(({ status }) => status === 'unsupported') ? 'fine' : endingOf(summary)
}
