/** How a baseline is made again: what it says of itself, where the command line says nothing. */
import type { Baseline } from '../verdict/baseline.ts'
import type { CheckSettings } from './check-settings.ts'
import type { Arguments } from './command.ts'
import { strings } from './matrix-flags.ts'

/** What the command line does not say is as it was when the baseline was made. */
export function asInBaseline({ run }: Baseline, args: Arguments): Arguments {
  const { policies, scenarios, selectors, times, settings } = run
  return {
    ...args,
    policy: args.policy ?? policies,
    scenario: args.scenario ?? scenarios,
    selector: args.selector ?? selectors,
    time: args.time ?? times,
    set: [...settings, ...strings(args.set)],
  }
}

/** Rounds are comparable where they were made in the same way: in that the baseline has the last word. */
export function asMade({ run }: Baseline, settings: CheckSettings): CheckSettings {
  const { seed, rounds, virtualRounds, warmupMs, windowMs } = run
  return {
    ...settings,
    seed,
    rounds,
    ...(virtualRounds === undefined ? {} : { virtualRounds }),
    ...(warmupMs === undefined ? {} : { warmupMs }),
    ...(windowMs === undefined ? {} : { windowMs }),
  }
}
