/** The flags that name a matrix, shared by every command that runs one. */
import { builtinNames, loadPlugin } from '../catalog.ts'
import type { SelectorName, TimeKind } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import type { Matrix } from '../measure/plan.ts'
import { preparePolicy } from '../policy-parts.ts'
import { defaultSelector, REAL_SELECTORS } from '../selectors/registry.ts'
import { splitSpecs } from '../spec.ts'
import { didYouMean } from '../suggest.ts'
import type { Arguments, Flag } from './command.ts'

/** What `run` compares when nothing is named. */
const DEFAULT_POLICIES = ['fifo', 'priority', 'timing', 'custom-selector', 'node']

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
    describe: 'Scenarios: names or paths (default: all built-in)',
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
  const policies = unique(splitSpecs(strings(args.policy)))
  const scenarios = unique(splitCommas(strings(args.scenario)))
  if (policies.length === 0) throw new UsageError('Give at least one policy: --policy fifo')
  return {
    policies: await inOrder(policies, preparePolicy),
    scenarios: await inOrder(scenarios.length > 0 ? scenarios : builtinNames('scenario'), async (text) => ({
      text,
      scenario: await loadPlugin('scenario', text),
    })),
    selectors: chosen(args.selector, REAL_SELECTORS, 'selector', [defaultSelector()]),
    times: chosen<TimeKind>(args.time, ['real', 'virtual'], 'time', []),
    settings: strings(args.set),
  }
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
