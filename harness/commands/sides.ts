/** From a matrix to the cells of two sides. */
import { loadPlugin } from '../catalog.ts'
import { UsageError } from '../errors.ts'
import type { Arm } from '../measure/arm.ts'
import type { PluginRef } from '../measure/loaded-code.ts'
import { type Matrix, type PlannedCell, planCells } from '../measure/plan.ts'
import { preparePolicy } from '../policy-parts.ts'
import { defaultSelector } from '../selectors/registry.ts'
import type { CheckSettings } from './check-settings.ts'
import type { Arguments, Flag } from './command.ts'
import type { ComparedCell } from './comparing.ts'
import { MATRIX_FLAGS, readMatrix, strings } from './matrix-flags.ts'

/** What a check compares when nothing is named: four policies on three scenarios. */
const CHECKED_POLICIES = ['fifo', 'priority', 'timing', 'custom-selector']
export const CHECKED_SCENARIOS = ['http-server', 'pipeline', 'user-interface']
/**
 * Their sizes where no scenario is named: two servers and what drives them have to fit on two cores beside other work,
 * a long report more or less in the window must not decide what a request costs, and a pipeline that mostly sleeps costs
 * too little to be compared. All three do declared work, which steadies the cost of an operation: that of a bare loop
 * swings by 10 % with where garbage collections fall.
 */
export const CHECKED_SETTINGS = [
  'http-server.load=0.4',
  'http-server.reportUs=1000',
  'http-server.durationMs=3000',
  'pipeline.scale=0.001',
]

const { policy, scenario, ...otherFlags } = MATRIX_FLAGS

/** As for `run`, but what is not given is not filled in: it may be the baseline's to say. */
export const CHECKED_MATRIX_FLAGS: Readonly<Record<string, Flag>> = {
  policy: {
    ...policy!,
    default: undefined,
    describe: `${policy!.describe} (default: those of the baseline, else ${CHECKED_POLICIES.join(', ')})`,
  },
  scenario: {
    ...scenario!,
    describe: `Scenarios: names or paths (default: those of the baseline, else ${CHECKED_SCENARIOS.join(', ')})`,
  },
  ...otherFlags,
}

/** The matrix of a check: what is not named is as above. Throws `UsageError`. */
export function readCheckedMatrix(args: Arguments): Promise<Matrix> {
  const policies = { policy: args.policy ?? CHECKED_POLICIES }
  if (args.scenario !== undefined) return readMatrix({ ...args, ...policies })
  const set = [...CHECKED_SETTINGS, ...strings(args.set)]
  return readMatrix({ ...args, ...policies, scenario: CHECKED_SCENARIOS, set })
}

/** Node's own loop: what no change of a policy can touch. */
const CONTROL_POLICY = 'node'
/** Busy from end to end and over at once; what runs beside it shows. */
const CONTROL_SCENARIO = 'pipeline'

/** Where the code of a side is. */
export interface SideCode {
  readonly arm: Arm
  /** A plug-in's text as this side's processes have to be told it. Absent: as it was given. */
  readonly textOf?: (plugin: PluginRef) => string
}

/** What a matrix loads. */
export function pluginsOf({ policies, scenarios }: Matrix): PluginRef[] {
  return [
    ...policies.map(({ label }): PluginRef => ({ kind: 'policy', text: label })),
    ...scenarios.map(({ text }): PluginRef => ({ kind: 'scenario', text })),
  ]
}

/** The cells of a matrix that can be run, and what is said of the others. */
export function runnable(matrix: Matrix): { cells: PlannedCell[]; notes: string[] } {
  const all = planCells(matrix)
  const notes = all.flatMap(({ cell, unsupported }) =>
    unsupported === undefined ? [] : [`Not compared: ${cell.scenario} · ${cell.policy}: ${unsupported}`],
  )
  return { cells: all.filter(({ unsupported }) => unsupported === undefined), notes: [...new Set(notes)] }
}

/** A cell on both sides, on the old one as `before` has it; without `old`, on the new one alone. */
export function bothSides(
  planned: PlannedCell,
  old: SideCode | undefined,
  now: SideCode,
  settings: Pick<CheckSettings, 'warmupMs' | 'windowMs'>,
  before = planned,
): ComparedCell {
  const { warmupMs, windowMs } = settings
  const sustain = planned.cell.time === 'real' ? { sustain: { warmupMs, windowMs } } : {}
  const on = (planned: PlannedCell, { arm, textOf = ({ text }) => text }: SideCode): PlannedCell => ({
    ...planned,
    ...sustain,
    arm,
    policy: { ...planned.policy, label: textOf({ kind: 'policy', text: planned.policy.label }) },
    scenario: { ...planned.scenario, text: textOf({ kind: 'scenario', text: planned.scenario.text }) },
  })
  return {
    ...(old === undefined ? {} : { old: on(before, old) }),
    new: on(planned, now),
    oldCell: before.cell,
  }
}

async function controlCell(): Promise<PlannedCell> {
  const [cell] = planCells({
    policies: [await preparePolicy(CONTROL_POLICY)],
    scenarios: [{ text: CONTROL_SCENARIO, scenario: await loadPlugin('scenario', CONTROL_SCENARIO) }],
    selectors: [defaultSelector()],
    times: ['real'],
    settings: CHECKED_SETTINGS.filter((each) => each.startsWith(`${CONTROL_SCENARIO}.`)),
  })
  return cell!
}

/** A slowdown is a busy-wait, which virtual time does not notice. Throws `UsageError`. */
export function refuseIdleInjection(cells: readonly PlannedCell[], { inject }: CheckSettings): void {
  if (inject === undefined || cells.some(({ cell }) => cell.time === 'real')) return
  throw new UsageError(
    '--inject keeps a real processor busy, and these cells are all in virtual time: add --time real',
  )
}

/** A cell in real time that no change of a policy can touch, where there is any real time at all. */
export async function controls(
  compared: readonly ComparedCell[],
  old: Arm | undefined,
  now: Arm,
  settings: CheckSettings,
): Promise<ComparedCell | undefined> {
  if (!settings.control || compared.every((each) => each.new.cell.time === 'virtual')) return undefined
  return bothSides(await controlCell(), old && { arm: old }, { arm: now }, settings)
}
