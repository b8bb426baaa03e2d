import { existsSync } from 'node:fs'
import { readEnvironment } from '../environment.ts'
import { UsageError } from '../errors.ts'
import type { Arm } from '../measure/arm.ts'
import { hashFile, type PluginRef, pathsOf } from '../measure/loaded-code.ts'
import { prepareRef, type RefTree } from '../measure/ref-tree.ts'
import type { RoundRecord } from '../records.ts'
import { splitSpecs } from '../spec.ts'
import { type Baseline, environmentDifferences, labelOf, roundsOf } from '../verdict/baseline.ts'
import { BASELINE_FILE, readBaseline } from './baseline-file.ts'
import { asInBaseline, refuseOtherMaking, uncovered } from './baseline-plan.ts'
import { CHECK_FLAGS, type CheckSettings, readCheckSettings } from './check-settings.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { type ComparedCell, executeComparison, isOldSideOf } from './comparing.ts'
import { given } from './config-file.ts'
import { changedSettings, formerCells, readFormerConfig } from './former-config.ts'
import { type GitArm, type GitArms, prepareArms } from './git-arm.ts'
import { readMatrix, strings } from './matrix-flags.ts'
import {
  bothSides,
  CHECKED_MATRIX_FLAGS,
  controls,
  pluginsOf,
  readCheckedMatrix,
  refuseIdleInjection,
  runnable,
  type SideCode,
} from './sides.ts'
import { watchSignals } from './signals.ts'

export const check: Command = {
  name: 'check',
  config: 'check',
  describe: 'Compare what is here with a baseline or with a git ref: is anything worse?',
  flags: {
    baseline: {
      type: 'string',
      describe: `Compare with the figures of this file (default: ${BASELINE_FILE})`,
    },
    against: {
      type: 'string',
      describe: 'Compare with policies and scenarios as they are in a git ref, in one run',
    },
    ...CHECKED_MATRIX_FLAGS,
    ...CHECK_FLAGS,
  },
  examples: [
    ['$0 check', 'compare with loopdyno.baseline.json: exit code 1 where anything is worse'],
    ['$0 check --against origin/main -p ./my-policy.ts -s pipeline', 'your policy before and after'],
    ['$0 check --time virtual --max latency.item.p99=+5%', 'virtual time only; a tail may grow by 5 %'],
    ['$0 check --against HEAD -p fifo --inject 10%', 'shows that the check can fail'],
  ],
  async run(args, terminal) {
    if (args.against === undefined) return checkBaseline(args, terminal)
    // That of a config file is what is compared with otherwise.
    if (given(args).baseline !== undefined)
      throw new UsageError(
        'Compare with a baseline or with a git ref: give --baseline or --against, not both',
      )
    return checkAgainst(String(args.against), args, terminal)
  },
}

async function checkAgainst(ref: string, args: Arguments, terminal: Terminal): Promise<Ending> {
  const settings = readCheckSettings(args)
  await refuseMissing(ref, args)
  const matrix = await readCheckedMatrix(args)
  const { cells, notes } = runnable(matrix)
  refuseIdleInjection(cells, settings)
  const plugins = pluginsOf(matrix)
  const signal = watchSignals(terminal)
  let tree: RefTree | undefined
  try {
    const cwd = process.cwd()
    tree = await prepareRef({ ref, cwd, paths: plugins.flatMap(pathsOf) })
    const former = await readFormerConfig(tree, args)
    const request = { cwd, plugins: [...plugins, ...former.plugins], formerText: former.textOf }
    const arms = await prepareArms(tree, request)
    if (signal.ending !== undefined) return signal.ending
    const old: SideCode = { arm: arms.old, textOf: arms.oldText }
    const now: SideCode = { arm: slowed(arms.new, settings) }
    const before = await formerCells(former, matrix, tree)
    const compared = cells.map((planned, i) => bothSides(planned, old, now, settings, before[i]))
    const changes = changedSettings(
      compared.map((each) => ({ before: each.oldCell, now: each.new.cell })),
      tree,
    )
    const plan = {
      old: describeArm(arms.old),
      new: describeArm(arms.new),
      cells: compared,
      // Both sides of the control run the old side's code.
      control: await controls(compared, { ...arms.old }, { ...arms.old, name: 'new' }, settings),
      recorded: [],
      notes: [
        ...arms.notes,
        ...former.notes,
        ...changes,
        ...(changes.length > 0 ? [] : sameNote(arms, plugins)),
        ...notes,
      ],
      matrix,
    }
    return await executeComparison(plan, settings, args, terminal, signal)
  } catch (error) {
    // What was being built was ended with us.
    if (signal.ending !== undefined) return signal.ending
    throw error
  } finally {
    tree?.dispose()
    signal.stopWatching()
  }
}

/** A file that is not here may be in the ref: that is said where it is looked for in both. Throws `UsageError`. */
async function refuseMissing(ref: string, { policy, scenario }: Arguments): Promise<void> {
  const scenarios = strings(scenario).flatMap((text) => text.split(','))
  const named: PluginRef[] = [
    ...splitSpecs(strings(policy)).map((text) => ({ kind: 'policy' as const, text })),
    ...scenarios.map((text) => ({ kind: 'scenario' as const, text: text.trim() })),
  ]
  const plugins = named.filter((plugin) => pathsOf(plugin).some((path) => !existsSync(path)))
  if (plugins.length === 0) return
  const paths = plugins.flatMap(pathsOf)
  const tree = await prepareRef({ ref, cwd: process.cwd(), paths })
  tree.dispose()
}

function slowed<A extends Arm>(arm: A, { inject }: CheckSettings): A {
  return inject === undefined ? arm : { ...arm, slowdown: inject }
}

function describeArm({ label, commit, files }: GitArm) {
  return { label, ...(commit === undefined ? {} : { commit }), files: [...files] }
}

function sameNote(arms: GitArms, plugins: readonly PluginRef[]): string[] {
  if (!arms.isControl(plugins)) return []
  return [`Both sides run the same code: what differs between them is noise`]
}

async function checkBaseline(args: Arguments, terminal: Terminal): Promise<Ending> {
  const path = String(args.baseline ?? BASELINE_FILE)
  const baseline = readBaseline(path)
  refuseOtherMaking(baseline, args, path)
  const asked = asInBaseline(baseline, args)
  const settings = readCheckSettings(asked)
  const matrix = await readMatrix(asked)
  const { cells, notes } = runnable(matrix)
  refuseIdleInjection(cells, settings)
  const now: SideCode = { arm: slowed({ name: 'new' }, settings) }
  const compared = cells.map((planned) => bothSides(planned, undefined, now, settings))
  const recorded = roundsOf(baseline)
  refuseUnknown(compared, recorded, path)
  refuseFewer(compared, recorded, settings, path)
  refuseOtherMachine(compared, baseline, path)
  const { commit } = baseline
  const plan = {
    old: {
      label: path,
      ...(commit === undefined ? {} : { commit }),
      files: [{ path, sha256: hashFile(path) }],
    },
    new: { label: 'the working tree', files: [] },
    cells: compared,
    control: await controls(compared, undefined, { name: 'new' }, settings),
    recorded,
    notes: [...notes, ...uncovered(baseline, args)],
    matrix,
  }
  return executeComparison(plan, settings, asked, terminal)
}

/** The baseline does not hold what is asked for. Throws `UsageError`. */
function refuseUnknown(
  compared: readonly ComparedCell[],
  recorded: readonly RoundRecord[],
  path: string,
): void {
  const missing = compared.find((each) => !recorded.some((record) => isOldSideOf(record)(each)))
  if (missing === undefined) return
  const { scenario, policy, params } = missing.oldCell
  const others = recorded.find(({ cell }) => cell.scenario === scenario && cell.policy === policy)
  const what = `${scenario} · ${policy}`
  const remedy = 'compare what it has (loopdyno baseline show), or make it anew with loopdyno baseline update'
  if (others === undefined) throw new UsageError(`The baseline '${path}' has no ${what}: ${remedy}`)
  const differing = Object.keys({ ...params, ...others.cell.params }).filter(
    (name) => JSON.stringify(params[name]) !== JSON.stringify(others.cell.params[name]),
  )
  const how = differing.length === 0 ? 'in another time or selector' : `with another ${differing.join(', ')}`
  throw new UsageError(`The baseline '${path}' has ${what} ${how}: ${remedy}`)
}

/** Rounds that were taken out by hand would look like a check that was stopped. Throws `UsageError`. */
function refuseFewer(
  compared: readonly ComparedCell[],
  recorded: readonly RoundRecord[],
  { rounds, virtualRounds }: CheckSettings,
  path: string,
): void {
  for (const each of compared) {
    const wanted = each.oldCell.time === 'virtual' ? virtualRounds : rounds
    const { length } = recorded.filter((record) => isOldSideOf(record)(each))
    if (length < wanted)
      throw new UsageError(
        `The baseline '${path}' has ${length} of ${wanted} rounds of ${labelOf(each.oldCell)}: take back what was changed by hand, or make it anew with loopdyno baseline update`,
      )
  }
}

/** Figures in real time are those of one machine. Throws `UsageError`. */
function refuseOtherMachine(compared: readonly ComparedCell[], baseline: Baseline, path: string): void {
  if (compared.every((each) => each.new.cell.time === 'virtual')) return
  const differences = environmentDifferences(baseline.environment, readEnvironment())
  if (differences.length === 0) return
  throw new UsageError(
    `The real-time figures of '${path}' are another machine's (${differences.join('; ')}): check virtual time with --time virtual, compare two versions here with --against REF, or make the baseline here with loopdyno baseline update`,
  )
}
