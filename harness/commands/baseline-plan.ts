/** How a baseline was made: what it says of itself goes for whatever the command line leaves open. */
import { UsageError } from '../errors.ts'
import { splitSpecs } from '../spec.ts'
import type { Baseline } from '../verdict/baseline.ts'
import type { Arguments } from './command.ts'
import { configured, given } from './config-file.ts'
import { strings } from './matrix-flags.ts'

/** Flags by which rounds are made, in the words of a baseline. Rounds made in another way cannot be compared. */
const MADE_WITH = {
  seed: 'seed',
  rounds: 'rounds',
  virtualRounds: 'virtual-rounds',
  warmupMs: 'warmup-ms',
  windowMs: 'window-ms',
} as const
const WORLD_COSTS = { dispatchNs: 'dispatch-ns', pollNs: 'poll-ns' } as const

/** The command line goes before the baseline, and that before a config file, which may have changed since. */
export function asInBaseline(baseline: Baseline, args: Arguments): Arguments {
  const { run } = baseline
  const { policies: policy, scenarios: scenario, selectors: selector, times: time, settings } = run
  const made = Object.entries(MADE_WITH).flatMap(([field, flag]) => {
    const value = run[field as keyof typeof MADE_WITH]
    return value === undefined ? [] : [[flag, value]]
  })
  return {
    ...args,
    ...{ policy, scenario, selector, time, control: hasControl(baseline) },
    ...Object.fromEntries(made),
    ...given(args),
    configured: {
      ...configured(args),
      scenarios: undefined,
      set: latestSettings(settings),
      world: worldPairs(run.worldText),
    },
  }
}

/** Where there are cells in real time and no control among them, none was wanted. */
function hasControl({ cells }: Baseline): boolean {
  return cells.some(({ control }) => control) || cells.every(({ cell }) => cell.time === 'virtual')
}

/** What a config file has come to name since then is not in the baseline, and so not checked: that has to be said. */
export function uncovered({ run }: Baseline, args: Arguments): string[] {
  const isOpen = (flag: string) => given(args)[flag] === undefined
  const policies = isOpen('policy') ? splitSpecs(strings(args.policy)) : []
  const scenarios = isOpen('scenario') ? strings(args.scenario) : []
  return [
    ...policies.filter((name) => !run.policies.includes(name)),
    ...scenarios.filter((name) => !run.scenarios.includes(name)),
  ].map((name) => `Not compared: ${name} is in the config file, but not in the baseline`)
}

/** `key=value` as an object, in which a later one takes the place of an earlier one. */
export function latestSettings(settings: readonly string[]): Record<string, string> {
  const latest = new Map<string, string>()
  for (const setting of settings) {
    const at = setting.indexOf('=')
    latest.delete(setting.slice(0, at))
    latest.set(setting.slice(0, at), setting.slice(at + 1))
  }
  return Object.fromEntries(latest)
}

function worldPairs(worldText = ''): string[] {
  return worldText.split(' ').filter((pair) => pair !== '')
}

/** In how rounds are made the baseline has the last word. Throws `UsageError` for a flag that says otherwise. */
export function refuseOtherMaking({ run }: Baseline, args: Arguments, path: string): void {
  const said = given(args)
  const other = Object.entries(MADE_WITH).find(([field, flag]) => {
    const made = run[field as keyof typeof MADE_WITH]
    return said[flag] !== undefined && made !== undefined && Number(said[flag]) !== made
  })
  if (other !== undefined) {
    const [field, flag] = other
    refuse(`--${flag} ${said[flag]}`, `--${flag} ${run[field as keyof typeof MADE_WITH]}`, path)
  }
  const known = worldPairs(run.worldText)
  const costs = Object.entries(WORLD_COSTS).filter(([, flag]) => said[flag] !== undefined)
  const asked = [
    ...strings(said.world).map((pair) => [pair, `--world ${pair}`]),
    ...costs.map(([name, flag]) => [`${name}=${said[flag]}`, `--${flag} ${said[flag]}`]),
  ]
  const unknown = asked.find(([pair]) => !known.includes(pair!))
  if (unknown !== undefined)
    refuse(unknown[1]!, known.length === 0 ? 'the default world' : `the world ${known.join(' ')}`, path)
}

function refuse(flag: string, made: string, path: string): never {
  throw new UsageError(
    `${flag} does not go with the baseline '${path}', which was made with ${made}: leave it out, or make the baseline anew with loopdyno baseline update ${flag}`,
  )
}
