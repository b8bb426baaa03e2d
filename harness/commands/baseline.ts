import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { formatValue } from '../format.ts'
import { findRepository, workingState } from '../measure/git.ts'
import { allFiles, describeCode, isUnder, pathsOf } from '../measure/loaded-code.ts'
import type { Matrix } from '../measure/plan.ts'
import type { RunRecords } from '../records.ts'
import { type Baseline, type BaselineOrigin, baselineOf, labelOf } from '../verdict/baseline.ts'
import { BASELINE_FILE, readBaseline, writeBaseline } from './baseline-file.ts'
import { asInBaseline, latestSettings } from './baseline-plan.ts'
import { CHECK_FLAGS, readCheckSettings } from './check-settings.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { recordSides } from './comparing.ts'
import { bothSides, CHECKED_MATRIX_FLAGS, controls, pluginsOf, readCheckedMatrix, runnable } from './sides.ts'

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
    const replace = args.action === 'update'
    if (replace) return save(asInBaseline(readBaseline(path), args), terminal, { replace })
    if (existsSync(path))
      throw new UsageError(
        `There is a baseline '${path}' already: replace it with loopdyno baseline update, or choose another file with --baseline`,
      )
    return save(args, terminal, { replace })
  },
}

async function save(args: Arguments, terminal: Terminal, how: { replace: boolean }): Promise<Ending> {
  const settings = { ...readCheckSettings(args), confirm: false }
  const matrix = await readCheckedMatrix(args)
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
    matrix,
  }
  for (const note of notes) terminal.err(`${note}\n`)
  const path = String(args.baseline)
  const commit = await commitOf(matrix)
  return recordSides(plan, settings, args, terminal, async (records, folder, stopped) => {
    const trouble = stopped === undefined ? brokenCell(records) : 'it was stopped'
    if (trouble !== undefined) {
      terminal.err(`No baseline was written: ${trouble}. The records are in ${folder}\n`)
      return stopped ?? 'failed'
    }
    const made = baselineOf(records, originOf(matrix, commit))
    writeBaseline(path, made, how)
    terminal.err(`Wrote ${path}: ${count(cells.length, 'cell')}. Commit it beside the code it is of\n`)
    if (args.json) terminal.out(jsonOf(made))
    return 'fine'
  })
}

function originOf(
  { policies, scenarios, selectors, times, settings }: Matrix,
  commit: string | undefined,
): BaselineOrigin {
  return {
    ...(commit === undefined ? {} : { commit }),
    policies: policies.map(({ label }) => label),
    scenarios: scenarios.map(({ text }) => text),
    selectors,
    times,
    settings: Object.entries(latestSettings(settings)).map((setting) => setting.join('=')),
  }
}

/** A cell that breaks down has no figures to compare with. */
function brokenCell({ rounds }: RunRecords): string | undefined {
  const broken = rounds.find(({ status }) => status !== 'ok')
  return (
    broken &&
    `${labelOf(broken.cell)} broke down (${broken.status}): ${broken.reason ?? 'no reason is known'}`
  )
}

/** The commit whose code it is, marked where the files of its plug-ins are not what that commit has. */
async function commitOf(matrix: Matrix): Promise<string | undefined> {
  const directory = realpathSync(process.cwd())
  const { commit } = await workingState(directory, [])
  if (commit === undefined) return undefined // a baseline may be kept without git
  const { root } = await findRepository(directory)
  const plugins = pluginsOf(matrix)
  const paths = plugins.flatMap(pathsOf).map((path) => realpathSync(resolve(path)))
  if (!paths.every((path) => isUnder(root, path))) return `${commit}-dirty`
  const code = await describeCode({ label: 'the working tree', directory, root, foreign: [] }, plugins)
  const files = allFiles(code.map((each) => each.files)).map(({ path }) => path)
  const { dirty } = await workingState(directory, files)
  return dirty.length === 0 ? commit : `${commit}-dirty`
}

function show(known: Baseline, args: Arguments, terminal: Terminal): Ending {
  if (args.json) {
    terminal.out(jsonOf(known))
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

function jsonOf(baseline: Baseline): string {
  return `${JSON.stringify(baseline, null, 2)}\n`
}

function digestText({ rounds }: Baseline['cells'][number]): string {
  const digest = rounds[0]?.digest
  return digest === undefined ? '' : ` · ${digest.slice(0, 12)}`
}

function count(number: number, what: string): string {
  return `${formatValue(number, 'count')} ${number === 1 ? what : `${what}s`}`
}
