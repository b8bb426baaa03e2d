/** Runs of a queueing scenario in a virtual world, pooled over several seeds. */
import type { Meter, ObserverTable, Scenario, ScenarioContext } from '../../../harness/contracts.ts'
import { classesOf } from '../../../harness/define.ts'
import type { PreparedPolicy } from '../../../harness/policy-parts.ts'
import { createRandom } from '../../../harness/random.ts'
import { parseSettings } from '../../../harness/settings.ts'
import { simulate } from '../../world/simulate.ts'

export interface Run {
  readonly scenario: Scenario
  readonly policy: string | PreparedPolicy
  /** As on a command line. */
  readonly params: Readonly<Record<string, string>>
}

export interface RunResult {
  readonly values: ReadonlyMap<string, number>
  readonly tables: readonly ObserverTable[]
  /** Checks of the scenario's own that failed. */
  readonly failures: readonly string[]
}

/** For what is measured otherwise. */
export const NO_METER = {
  duration() {},
  operations() {},
  value() {},
  timeSeries() {},
} as unknown as Meter

/** One run to its end. Single durations are dropped: the figures are means that the scenario reports. */
export async function runOnce(
  { scenario, policy, params: settings }: Run,
  customers: number,
  seed: number,
): Promise<RunResult> {
  const params = parseSettings(scenario.params, { ...settings, customers: String(customers) }, scenario.name)
  const values = new Map<string, number>()
  const tables: ObserverTable[] = []
  const failures: string[] = []
  const context = {
    params,
    random: createRandom(seed),
    meter: {
      ...NO_METER,
      count: (name: string, by = 1) => values.set(name, (values.get(name) ?? 0) + by),
      value: (name: string, value: number) => values.set(name, value),
      table: (table: ObserverTable) => tables.push(table),
    },
    check: (condition: boolean, message: string) => {
      if (!condition) failures.push(message)
    },
  } as unknown as ScenarioContext<unknown>
  await simulate(policy, (loop) => scenario.main!(loop, context), {
    classes: classesOf(scenario, params),
    seed,
  })
  return { values, tables, failures }
}

/** Which metrics of the scenario tell of one closed form. */
export interface Names {
  readonly ci99: string
  readonly theory: string
  readonly error: string
}

/** The mean over all seeds, with the half-width of its 99 % confidence interval. */
export interface Pooled {
  /** What the scenario holds it against. */
  readonly theory: number
  readonly mean: number
  readonly halfWidth: number
}

/**
 * Pools runs of equal length: their errors are independent, so that half-widths add as squares do. (A little wide, as
 * each has Student's t of its own few batches.)
 */
export function pool(results: readonly RunResult[], { ci99, theory, error }: Names): Pooled {
  const means = results.map((result) => metricOf(result, theory) * (1 + metricOf(result, error)))
  const squares = results.map((result, i) => (metricOf(result, ci99) * means[i]!) ** 2)
  return {
    theory: metricOf(results[0]!, theory),
    mean: sum(means) / results.length,
    halfWidth: Math.sqrt(sum(squares)) / results.length,
  }
}

/** A metric that the scenario must have reported. */
export function metricOf({ values }: RunResult, name: string): number {
  const value = values.get(name)
  if (value === undefined) throw new Error(`The scenario did not report ${name}`)
  return value
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
