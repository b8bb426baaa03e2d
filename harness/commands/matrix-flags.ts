/** The flags that name a matrix, shared by every command that runs one. */
import { loadPlugin } from '../catalog.ts'
import type { SelectorName, TimeKind } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import type { Matrix, PreparedScenario } from '../measure/plan.ts'
import { type PreparedPolicy, preparePolicy } from '../policy-parts.ts'
import { defaultSelector, REAL_SELECTORS } from '../selectors/registry.ts'
import { settingNames } from '../settings.ts'
import { splitSpecs } from '../spec.ts'
import { didYouMean } from '../suggest.ts'
import type { Arguments, Flag } from './command.ts'
import { configured } from './config-file.ts'

/** What `run` compares when nothing is named. */
const DEFAULT_POLICIES = ['fifo', 'priority', 'timing', 'custom-selector', 'node']
/** What `run` runs when nothing is named: a minute of real I/O. */
const DEFAULT_SCENARIOS = ['http-server', 'pipeline', 'gather']

export const MATRIX_FLAGS: Readonly<Record<string, Flag>> = {
  policy: {
    type: 'string',
    array: true,
    alias: 'p',
    describe: 'Policies: names or paths, with options: fifo,priority:aging=50ms,./mine.ts',
    default: DEFAULT_POLICIES,
  },
  scenario: {
    type: 'string',
    array: true,
    alias: 's',
    describe: `Scenarios: names or paths (default: ${DEFAULT_SCENARIOS.join(', ')}; 'list scenarios' has all)`,
  },
  selector: {
    type: 'string',
    array: true,
    describe: `How loops wait: ${REAL_SELECTORS.join(', ')} (default: ${defaultSelector()})`,
  },
  time: {
    type: 'string',
    array: true,
    describe: 'real, virtual or both (default: real where a scenario has it, else virtual)',
  },
  set: { type: 'string', array: true, describe: 'A scenario parameter: load=0.9 or http-server.load=0.9' },
}

/** Loads and validates all that the flags name. Throws `UsageError`. */
export async function readMatrix(args: Arguments): Promise<Matrix> {
  const named = unique(splitCommas(strings(args.scenario)))
  const policies = await readPolicies(args)
  const scenarios = await inOrder(named.length > 0 ? named : DEFAULT_SCENARIOS, async (text) => ({
    text,
    scenario: await loadPlugin('scenario', text),
  }))
  return {
    policies,
    scenarios,
    selectors: chosen(args.selector, REAL_SELECTORS, 'selector', [defaultSelector()]),
    times: chosen<TimeKind>(args.time, ['real', 'virtual'], 'time', []),
    // A later setting goes before an earlier one.
    settings: [...configuredSettings(args, scenarios), ...strings(args.set)],
  }
}

/** Those of a config file; where the scenarios are not the config's, those that fit them. */
function configuredSettings(args: Arguments, scenarios: readonly PreparedScenario[]): string[] {
  const config = configured(args)
  const isForThese = JSON.stringify(args.scenario) === JSON.stringify(config.scenarios)
  const fits = (name: string) => {
    const [key, owner] = name.split('.').reverse()
    return scenarios.some(
      ({ scenario }) =>
        [undefined, scenario.name].includes(owner) && settingNames(scenario.params).includes(key!),
    )
  }
  const kept = Object.entries(config.set).filter(([name]) => isForThese || fits(name))
  return kept.map(([name, value]) => `${name}=${value}`)
}

/** Throws `UsageError`. */
export async function readPolicies(args: Arguments): Promise<PreparedPolicy[]> {
  const policies = unique(splitSpecs(strings(args.policy)))
  if (policies.length === 0) throw new UsageError('Give at least one policy: --policy fifo')
  return inOrder(policies, preparePolicy)
}

/** One after another, so that the first mistake is the one that is reported. */
async function inOrder<T>(texts: readonly string[], load: (text: string) => Promise<T>): Promise<T[]> {
  const loaded: T[] = []
  for (const text of texts) loaded.push(await load(text))
  return loaded
}

function chosen<T extends SelectorName | TimeKind>(
  given: unknown,
  known: readonly T[],
  what: string,
  fallback: T[],
): T[] {
  const names = unique(splitCommas(strings(given)))
  for (const name of names) {
    if ((known as readonly string[]).includes(name)) continue
    throw new UsageError(`Unknown ${what} '${name}'${didYouMean(name, known)}: there are ${known.join(', ')}`)
  }
  return names.length > 0 ? (names as T[]) : fallback
}

export function strings(value: unknown): string[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value.map(String) : [String(value)]
}

function splitCommas(values: readonly string[]): string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
