import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { formatValue } from '../format.ts'
import { workingState } from '../measure/git.ts'
import type { Matrix } from '../measure/plan.ts'
import type { RunRecords } from '../records.ts'
import { isPath, parseSpec } from '../spec.ts'
import { type Baseline, baselineOf, labelOf } from '../verdict/baseline.ts'
import { BASELINE_FILE, readBaseline, writeBaseline } from './baseline-file.ts'
import { asInBaseline, asMade } from './baseline-plan.ts'
import { CHECK_FLAGS, type CheckSettings, readCheckSettings } from './check-settings.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { recordSides } from './comparing.ts'
import { readMatrix } from './matrix-flags.ts'
import { bothSides, CHECKED_MATRIX_FLAGS, CHECKED_POLICIES, controls, runnable } from './sides.ts'

export const baseline: Command = {
  name: 'baseline',
  config: 'check',
  describe: 'Keep the figures of this version in a file, for check to hold later versions against',
  positionals: {
    action: {
      describe: 'save a new one, show what is in one, or update one with the flags it was made with',
      required: true,
      choices: ['save', 'show', 'update'],
    },
  },
  flags: {
    baseline: { type: 'string', describe: 'The file', default: BASELINE_FILE },
    ...CHECKED_MATRIX_FLAGS,
    ...CHECK_FLAGS,
  },
  examples: [
    ['$0 baseline save -p ./mine.ts -s pipeline --time virtual', 'to be committed beside the code'],
    ['$0 baseline show', 'what is in it, and how it was made'],
    ['$0 baseline update', 'run it again and replace it, after a change that was meant'],
  ],
  async run(args, terminal) {
    const path = String(args.baseline)
    if (args.action === 'show') return show(readBaseline(path), args, terminal)
    if (args.inject !== undefined)
      throw new UsageError('A baseline must not be slowed down: leave --inject out')
    if (args.shard !== undefined) throw new UsageError('A baseline is made in one piece: leave --shard out')
    if (args.action === 'update') {
      const known = readBaseline(path)
      return save(asInBaseline(known, args), asMade(known, readCheckSettings(args)), terminal, known)
    }
    if (existsSync(path))
      throw new UsageError(`There is a baseline '${path}' already: replace it with loopdyno baseline update`)
    return save(args, readCheckSettings(args), terminal)
  },
}

async function save(
  args: Arguments,
  settings: CheckSettings,
  terminal: Terminal,
  replaced?: Baseline,
): Promise<Ending> {
  const matrix = await readMatrix(args.policy === undefined ? { ...args, policy: CHECKED_POLICIES } : args)
  const { cells, notes } = runnable(matrix)
  const now = { arm: { name: 'new' as const } }
  const compared = cells.map((planned) => bothSides(planned, undefined, now, settings))
  const plan = {
    old: { label: 'nothing', files: [] },
    new: { label: 'the working tree', files: [] },
    cells: compared,
    control: await controls(compared, undefined, now.arm, settings),
    recorded: [],
    notes,
    world: replaced?.run.world,
  }
  for (const note of notes) terminal.err(`${note}\n`)
  const path = String(args.baseline)
  const commit = await commitOf(matrix)
  return recordSides(
    plan,
    { ...settings, confirm: false },
    args,
    terminal,
    async (records, folder, stopped) => {
      const trouble = stopped === undefined ? brokenCell(records) : 'it was stopped'
      if (trouble !== undefined) {
        terminal.err(`No baseline was written: ${trouble}. The records are in ${folder}\n`)
        return stopped ?? 'failed'
      }
      const { selectors, times, settings: asked } = matrix
      const made = baselineOf(records, {
        ...(commit === undefined ? {} : { commit }),
        policies: matrix.policies.map(({ label }) => label),
        scenarios: matrix.scenarios.map(({ text }) => text),
        selectors,
        times,
        settings: asked,
      })
      writeBaseline(path, made, { replace: replaced !== undefined })
      terminal.out(`Wrote ${path}: ${count(cells.length, 'cell')}. Commit it beside the code it is of\n`)
      return 'fine'
    },
  )
}

/** A cell that breaks down has no figures to compare with. */
function brokenCell({ rounds }: RunRecords): string | undefined {
  const broken = rounds.find(({ status }) => status !== 'ok')
  return (
    broken &&
    `${labelOf(broken.cell)} broke down (${broken.status}): ${broken.reason ?? 'no reason is known'}`
  )
}

/** The commit whose code it is, marked where that code was changed meanwhile. */
async function commitOf({ policies, scenarios }: Matrix): Promise<string | undefined> {
  const paths = [...policies.map(({ label }) => parseSpec(label).name), ...scenarios.map(({ text }) => text)]
  const files = paths.filter(isPath).map((path) => relative(process.cwd(), resolve(path)))
  const { commit, dirty } = await workingState(process.cwd(), files)
  return commit === undefined || dirty.length === 0 ? commit : `${commit}-dirty`
}

function show(known: Baseline, args: Arguments, terminal: Terminal): Ending {
  if (args.json) {
    terminal.out(`${JSON.stringify(known, null, 2)}\n`)
    return 'fine'
  }
  const { createdAt, commit, environment, command, cells } = known
  const lines = [
    `Made ${createdAt}${commit === undefined ? '' : ` at ${commit.slice(0, 12)}`} with loopdyno ${environment.loopdyno}, Node ${environment.node}, ${environment.cpu}`,
    ...(command === undefined ? [] : [command]),
    '',
    ...cells.map(
      (each) => `${labelOf(each.cell)} · ${count(each.rounds.length, 'round')}${digestText(each)}`,
    ),
  ]
  terminal.out(`${lines.join('\n')}\n`)
  return 'fine'
}

function digestText({ rounds }: Baseline['cells'][number]): string {
  const digest = rounds[0]?.digest
  return digest === undefined ? '' : ` · ${digest.slice(0, 12)}`
}

function count(number: number, what: string): string {
  return `${formatValue(number, 'count')} ${number === 1 ? what : `${what}s`}`
}
