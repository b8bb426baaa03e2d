import type { z } from 'zod'
import type { Meter, Scenario, ScenarioContext } from '../../harness/contracts.ts'
import { createRandom } from '../../harness/random.ts'

/** Everything a scenario measured, by name. */
export interface Measured {
  readonly latencies: Map<string, number[]>
  readonly durations: Map<string, number[]>
  readonly counts: Map<string, number>
  readonly values: Map<string, number>
  operations: number
}

type Given = Partial<Omit<ScenarioContext, 'params' | 'meter' | 'random' | 'check'>> & {
  readonly seed?: number
}

/** A context that records what a scenario measures and which of its checks failed. */
export function testContext<Schema extends z.ZodType>(
  scenario: Scenario<Schema>,
  params: Readonly<Record<string, unknown>>,
  { seed = 1, ...given }: Given = {},
): { ctx: ScenarioContext<z.output<Schema>>; measured: Measured; failures: string[] } {
  const measured = emptyMeasured()
  const failures: string[] = []
  const ctx: ScenarioContext<z.output<Schema>> = {
    address: { host: '127.0.0.1', port: 0 },
    ready: () => {},
    loadFinished: Promise.resolve(),
    ...given,
    params: scenario.params.parse(params),
    random: createRandom(seed),
    meter: meterInto(measured),
    check: (condition, message) => {
      if (!condition) failures.push(message)
    },
  }
  return { ctx, measured, failures }
}

function emptyMeasured(): Measured {
  return { latencies: new Map(), durations: new Map(), counts: new Map(), values: new Map(), operations: 0 }
}

function meterInto(measured: Measured): Meter {
  return {
    latency: (className, ns) => append(measured.latencies, className, ns),
    duration: (quantity, ns) => append(measured.durations, quantity, ns),
    operations: (count = 1) => {
      measured.operations += count
    },
    count: (name, by = 1) => measured.counts.set(name, (measured.counts.get(name) ?? 0) + by),
    value: (name, value) => measured.values.set(name, value),
    table: () => {},
    timeSeries: () => {},
    timeline: () => {},
    start: () => {},
    stop: () => {},
  }
}

function append(into: Map<string, number[]>, name: string, ns: number): void {
  const values = into.get(name)
  if (values === undefined) into.set(name, [ns])
  else values.push(ns)
}
