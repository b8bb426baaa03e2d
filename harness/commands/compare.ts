import { UsageError } from '../errors.ts'
import { lockDirectory } from '../measure/directory-lock.ts'
import {
  appendRecord,
  prepareDirectory,
  type ReadRecords,
  readRecords,
  startRecords,
} from '../measure/record-file.ts'
import { type Cell, type Comparison, cellKey, type RoundRecord, type RunHeader } from '../records.ts'
import { environmentDifferences } from '../verdict/baseline.ts'
import { CHECK_FLAGS, readCheckSettings, readJudgeSettings } from './check-settings.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { executeComparison } from './comparing.ts'
import { commandLine } from './executing.ts'
import { readMatrix } from './matrix-flags.ts'
import { endingOfReport, loadReporters, writeReports } from './reporting.ts'
import { bothSides, CHECKED_MATRIX_FLAGS, controls, refuseIdleInjection, runnable } from './sides.ts'

export const compare: Command = {
  name: 'compare',
  config: 'check',
  describe: 'Compare the folders of two runs, or two policies in one run: is the second worse?',
  positionals: {
    old: { describe: 'The folder of the run to compare with' },
    new: { describe: 'The folder of the run that may be worse' },
  },
  flags: { ...CHECKED_MATRIX_FLAGS, ...CHECK_FLAGS },
  examples: [
    ['$0 compare before after', 'two runs, by their records'],
    ['$0 compare -p old.ts -p new.ts -s pipeline', 'two policies, round by round beside one another'],
    ['$0 compare -p fifo,priority -s http-server --time virtual', 'what changes, exactly'],
  ],
  async run(args, terminal) {
    if (args.old === undefined) return comparePolicies(args, terminal)
    if (args.new === undefined)
      throw new UsageError(`Give two folders to compare, '${args.old}' and another, or two policies with -p`)
    if (args.policy !== undefined) throw new UsageError('Give two folders or two policies with -p, not both')
    return compareFolders(String(args.old), String(args.new), args, terminal)
  },
}

async function comparePolicies(args: Arguments, terminal: Terminal): Promise<Ending> {
  if (args.policy === undefined)
    throw new UsageError('Give two folders, or two policies: -p old.ts -p new.ts')
  const matrix = await readMatrix(args)
  const [old, now, ...others] = matrix.policies
  if (old === undefined || now === undefined || others.length > 0)
    throw new UsageError(
      `compare takes two policies, not ${matrix.policies.length}: -p old.ts -p new.ts ('run' compares any number)`,
    )
  const settings = readCheckSettings(args)
  const before = runnable({ ...matrix, policies: [old] })
  const after = runnable({ ...matrix, policies: [now] })
  refuseIdleInjection(after.cells, settings)
  const armOld = { arm: { name: 'old' as const } }
  const { inject } = settings
  const armNew = { arm: { name: 'new' as const, ...(inject === undefined ? {} : { slowdown: inject }) } }
  const cells = after.cells.flatMap((planned) => {
    const same = before.cells.find((each) => keyButPolicy(each.cell) === keyButPolicy(planned.cell))
    if (same === undefined) return []
    const { old: side } = bothSides(same, armOld, armNew, settings)
    return [{ ...bothSides(planned, armOld, armNew, settings), old: side!, oldCell: same.cell }]
  })
  if (cells.length === 0) throw new UsageError(`${old.label} and ${now.label} have no cell in common`)
  const control = await controls(cells, armOld.arm, { name: 'new' }, settings)
  const plan = {
    old: { label: old.label, files: [] },
    new: { label: now.label, files: [] },
    cells,
    control,
    recorded: [],
    notes: [...new Set([...before.notes, ...after.notes])],
  }
  return executeComparison(plan, settings, args, terminal)
}

/** Selectors may be the policies' own. */
function keyButPolicy(cell: Cell): string {
  return cellKey({ ...cell, policy: '', selector: cell.time === 'virtual' ? '' : cell.selector })
}

async function compareFolders(
  oldFolder: string,
  newFolder: string,
  args: Arguments,
  terminal: Terminal,
): Promise<Ending> {
  const [old, now] = [readRecords(oldFolder), readRecords(newFolder)]
  const settings = readJudgeSettings(args)
  const reporters = await loadReporters(args)
  const pairs = pairsOf(old, now, [oldFolder, newFolder])
  refuseOtherMachine(pairs, old.header, now.header, [oldFolder, newFolder])
  const directory = String(args.out)
  if ([oldFolder, newFolder].includes(directory))
    throw new UsageError(`The run in '${directory}' would be replaced: choose another folder with --out`)
  const { plan: _, shard: __, ...header } = now.header
  const rounds = [...sideOf(old, 'old'), ...sideOf(now, 'new')]
  const comparison: Comparison = {
    old: { label: oldFolder, files: [] },
    new: { label: newFolder, files: [] },
    pairs,
    ...settings,
    confirm: false,
    virtualRounds: now.header.comparison?.virtualRounds ?? now.header.rounds,
    warmupMs: now.header.comparison?.warmupMs ?? 0,
    windowMs: now.header.comparison?.windowMs ?? 0,
  }
  prepareDirectory(directory)
  const unlock = lockDirectory(directory)
  try {
    startRecords(directory, {
      ...header,
      command: commandLine(),
      comparison,
      cells: pairs.map((pair) => pair.new),
    })
    for (const round of rounds) appendRecord(directory, round)
    const report = await writeReports(readRecords(directory), reporters, directory, args, terminal)
    return endingOfReport(report, args)
  } finally {
    unlock()
  }
}

/** The rounds of a run; of one that compared two sides itself, those of its new side. */
function sideOf({ rounds }: ReadRecords, arm: 'old' | 'new'): RoundRecord[] {
  return rounds
    .filter((round) => round.arm !== 'old' && round.stage === undefined && round.control === undefined)
    .map((round) => ({ ...round, arm }))
}

/** The same cell in both runs; where each has one policy, its cells are held against those of the other. */
function pairsOf(
  { header: old }: ReadRecords,
  { header: now }: ReadRecords,
  [oldFolder, newFolder]: readonly [string, string],
): Comparison['pairs'] {
  const bySelf = now.cells.flatMap((cell) => {
    const same = old.cells.find((each) => cellKey(each) === cellKey(cell))
    return same === undefined ? [] : [{ old: same, new: cell }]
  })
  if (bySelf.length > 0) return bySelf
  const single = [old, now].every(({ cells }) => new Set(cells.map(({ policy }) => policy)).size === 1)
  const acrossPolicies = single
    ? now.cells.flatMap((cell) => {
        const same = old.cells.find((each) => keyButPolicy(each) === keyButPolicy(cell))
        return same === undefined ? [] : [{ old: same, new: cell }]
      })
    : []
  if (acrossPolicies.length > 0) return acrossPolicies
  throw new UsageError(
    `'${oldFolder}' and '${newFolder}' have no cell in common: the same scenario with the same parameters, time and selector`,
  )
}

function refuseOtherMachine(
  pairs: Comparison['pairs'],
  old: RunHeader,
  now: RunHeader,
  [oldFolder, newFolder]: readonly [string, string],
): void {
  if (pairs.every((pair) => pair.new.time === 'virtual')) return
  const differences = environmentDifferences(old.environment, now.environment)
  if (differences.length === 0) return
  throw new UsageError(
    `'${oldFolder}' and '${newFolder}' are of different machines (${differences.join('; ')}): figures in real time cannot be compared; run both on one, or compare runs in virtual time`,
  )
}
