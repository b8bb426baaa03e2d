/** The matrix: which cells a command line comes to, and in which order their rounds run. */
import type { Scenario, SelectorName, TimeKind } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { RealClock } from '../loop/clock.ts'
import { makeParts, type PreparedPolicy } from '../policy-parts.ts'
import { createRandom } from '../random.ts'
import { type Cell, cellKey } from '../records.ts'
import { parseSettings, settingNames } from '../settings.ts'
import { didYouMean } from '../suggest.ts'
import type { Arm } from './arm.ts'
import type { Sustain } from './sustain.ts'

export interface PreparedScenario {
  /** Built-in name or path, as given. */
  readonly text: string
  readonly scenario: Scenario
}

export interface Matrix {
  readonly policies: readonly PreparedPolicy[]
  readonly scenarios: readonly PreparedScenario[]
  readonly selectors: readonly SelectorName[]
  /** Empty: real where the scenario has it, else virtual. */
  readonly times: readonly TimeKind[]
  /** `key=value` and `scenario.key=value`, as given. */
  readonly settings: readonly string[]
}

/** A cell and what a child process needs to run it. */
export interface PlannedCell {
  readonly cell: Cell
  readonly policy: PreparedPolicy
  readonly scenario: PreparedScenario
  /** Of a comparison: whose code it runs. */
  readonly arm?: Arm
  /** How long a real round goes on, where the scenario leaves that open. Absent: it is run once. */
  readonly sustain?: Sustain
  /** Why it cannot run at all, known before it is tried. */
  readonly unsupported?: string
}

/** Throws `UsageError` for settings that no scenario takes. */
export function planCells(matrix: Matrix): PlannedCell[] {
  const settings = splitSettings(matrix)
  const cells = new Map<string, PlannedCell>()
  for (const scenario of matrix.scenarios) {
    const params = parseSettings(
      scenario.scenario.params,
      settings.get(scenario) ?? {},
      `Scenario '${scenario.scenario.name}'`,
    )
    for (const time of matrix.times.length > 0
      ? matrix.times
      : ([scenario.scenario.time.includes('real') ? 'real' : 'virtual'] as const)) {
      for (const policy of matrix.policies) {
        for (const asked of time === 'virtual' ? (['simulated'] as const) : matrix.selectors) {
          const cell = {
            policy: policy.label,
            selector: selectorOf(policy, asked),
            time,
            scenario: scenario.scenario.name,
            params,
          }
          const planned = {
            cell,
            policy,
            scenario,
            unsupported: whyUnsupported(policy, scenario.scenario, time),
          }
          // A policy that names its own selector is one cell, however many selectors were asked for.
          if (!cells.has(cellKey(cell))) cells.set(cellKey(cell), planned)
        }
      }
    }
  }
  return [...cells.values()]
}

function selectorOf(policy: PreparedPolicy, asked: SelectorName): string {
  if (asked === 'simulated') return asked
  try {
    const env = { clock: new RealClock(), random: createRandom(0), selector: asked }
    const { selector } = makeParts(policy, env)
    return (typeof selector === 'function' ? selector.selectorName : selector) ?? asked
  } catch {
    return asked // a policy that cannot be set up breaks its own cell, when that cell runs
  }
}

function whyUnsupported(policy: PreparedPolicy, scenario: Scenario, time: TimeKind): string | undefined {
  if (!scenario.time.includes(time)) return `${scenario.name} has no ${time} time`
  if (policy.policy.unmanaged && time === 'virtual')
    return `${policy.label} runs on Node's own loop, which has no virtual time`
  return undefined
}

/** Which scenario takes which `--set`. A setting that nobody takes is a mistake. */
function splitSettings(matrix: Matrix): Map<PreparedScenario, Record<string, string>> {
  const split = new Map<PreparedScenario, Record<string, string>>(matrix.scenarios.map((each) => [each, {}]))
  for (const setting of matrix.settings) {
    const match = /^(?:([^.=]+)\.)?([^=.]+)=(.*)$/.exec(setting)
    if (match === null) throw new UsageError(`--set takes key=value or scenario.key=value, not '${setting}'`)
    const [, owner, key, value] = match as unknown as [string, string | undefined, string, string]
    const takers = matrix.scenarios.filter((each) => takes(each.scenario, owner, key))
    if (takers.length === 0) throw new UsageError(nobodyTakes(matrix, owner, key))
    for (const taker of takers) split.get(taker)![key] = value
  }
  return split
}

function takes(scenario: Scenario, owner: string | undefined, key: string): boolean {
  return (owner === undefined || owner === scenario.name) && settingNames(scenario.params).includes(key)
}

function nobodyTakes(matrix: Matrix, owner: string | undefined, key: string): string {
  const chosen = matrix.scenarios
    .map((each) => each.scenario)
    .filter((each) => owner === undefined || each.name === owner)
  if (chosen.length === 0) return `--set ${owner}.${key}: '${owner}' is not among the scenarios of this run`
  const known = [...new Set(chosen.flatMap((each) => settingNames(each.params)))]
  const names = chosen.map((each) => each.name).join(', ')
  return `No parameter '${key}' in ${names}${didYouMean(key, known)}: there are ${known.join(', ')}`
}

/**
 * The order of one round's cells: a seeded shuffle laid out as a Williams square, so that over as many rounds as
 * there are cells each cell has every place once, and follows every other equally often. (Williams 1949, designs
 * balanced for residual effects.) An odd number of cells needs twice as many rounds: every second square runs
 * backwards.
 */
export function roundOrder<T>(cells: readonly T[], round: number, seed: number): T[] {
  const base = createRandom(seed)
    .fork('order')
    .shuffle([...cells])
  const count = cells.length
  const row = base.map((_, place) => base[(zigzag(place, count) + round) % count]!)
  return count % 2 === 1 && Math.floor(round / count) % 2 === 1 ? row.reverse() : row
}

/** 0, 1, n−1, 2, n−2 ...: the first row of a Williams square. */
function zigzag(place: number, count: number): number {
  return place % 2 === 1 ? (place + 1) / 2 : (count - place / 2) % count
}
