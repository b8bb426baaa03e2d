/** The flags that say what simulated worlds are like, shared by every command that runs rounds in virtual time. */
import { UsageError } from '../errors.ts'
import { measureCosts } from '../measure/machine-costs.ts'
import type { PlannedCell } from '../measure/plan.ts'
import { parseSettings } from '../settings.ts'
import { type WorldModel, worldModel } from '../world/model.ts'
import type { Arguments, Flag, Terminal } from './command.ts'
import { configured } from './config-file.ts'
import { strings } from './matrix-flags.ts'

export const WORLD_FLAGS: Readonly<Record<string, Flag>> = {
  world: {
    type: 'string',
    array: true,
    describe: "Links, threads and files in virtual time: latency=200us, jitter=20us ('list world' has all)",
  },
  'dispatch-ns': {
    type: 'string',
    describe:
      "Virtual time: what running a handle costs the loop, ns, or 'measured' on this machine (default: 0)",
  },
  'poll-ns': {
    type: 'string',
    describe:
      "Virtual time: what looking at I/O costs the loop, ns, or 'measured' on this machine (default: 0)",
  },
}

const MEASURED = 'measured'

export interface AskedWorld {
  readonly model: WorldModel
  /** What was asked for, with what was measured; empty: the default. */
  readonly text: string
}

/**
 * Throws `UsageError`. Costs that are to be measured are so here, once, so that all cells have the same; a run that goes
 * on has those of `earlier`. With `--fidelity` they are measured unless given.
 */
export async function readWorld(
  args: Arguments,
  cells: readonly PlannedCell[],
  terminal: Terminal,
  earlier?: WorldModel,
): Promise<AskedWorld> {
  const flags = readSettings(args)
  const isVirtual = cells.some(({ cell }) => cell.time === 'virtual')
  if (Object.keys(flags).length > 0 && !isVirtual)
    throw new UsageError(
      '--world and costs are about virtual time, and this run has none: add --time virtual',
    )
  const given = isVirtual ? { ...readPairs(configured(args).world), ...flags } : {}
  const open = COSTS.filter(([name]) => (given[name] ?? (args.fidelity ? MEASURED : '0')) === MEASURED)
  if (open.length > 0) {
    const measured = earlier ?? (await measureCosts())
    for (const [name] of open) given[name] = String(measured[name])
    const said = open.map(([name, what]) => `${given[name]} ns ${what}`)
    terminal.err(`Costs in virtual time, as measured here: ${said.join(', ')}\n`)
  }
  const text = Object.entries(given).map(([name, value]) => `${name}=${value}`)
  return { model: parseSettings(worldModel, given, '--world') as WorldModel, text: text.join(' ') }
}

const COSTS = [
  ['dispatchNs', 'a handle'],
  ['pollNs', 'a look at I/O'],
] as const

function readPairs(settings: readonly string[]): Record<string, string> {
  const given: Record<string, string> = {}
  for (const setting of settings) {
    const at = setting.indexOf('=')
    if (at < 1) throw new UsageError(`--world takes key=value, as in latency=200us, not '${setting}'`)
    given[setting.slice(0, at)] = setting.slice(at + 1)
  }
  return given
}

function readSettings(args: Arguments): Record<string, string> {
  const given = readPairs(strings(args.world))
  for (const [name, flag] of [
    ['dispatchNs', 'dispatch-ns'],
    ['pollNs', 'poll-ns'],
  ] as const) {
    const cost = costOf(args, flag)
    if (cost !== undefined) given[name] = cost
  }
  return given
}

function costOf(args: Arguments, flag: string): string | undefined {
  const value = args[flag]
  if (value === undefined) return undefined
  const text = String(value)
  if (text === MEASURED || /^\d+(\.\d+)?$/.test(text)) return text
  throw new UsageError(`--${flag} takes a number of ns from 0 on, or '${MEASURED}', not '${text}'`)
}
