import { UsageError } from '../errors.ts'
import { CHECK_FLAGS, readCheckSettings } from './check-settings.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { executeComparison } from './comparing.ts'
import { compareFolders, keyButPolicy } from './comparing-folders.ts'
import { given } from './config-file.ts'
import { readMatrix } from './matrix-flags.ts'
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
    if (given(args).policy !== undefined)
      throw new UsageError('Give two folders or two policies with -p, not both')
    return compareFolders([String(args.old), String(args.new)], compare.flags, args, terminal)
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
    return same === undefined ? [] : [bothSides(planned, armOld, armNew, settings, same)]
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
    matrix,
  }
  return executeComparison(plan, settings, args, terminal)
}
