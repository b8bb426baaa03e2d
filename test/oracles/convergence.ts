/**
 * How sliced policies approach the ideal orders on real traces: `npx jiti test/oracles/convergence.ts`. One row a slice,
 * with the figure (of all classes: mean, p50, p99, max) that is farthest off, how far the means are at most, and how far figures that
 * should be 0. A trace's name as an argument: only that one.
 */
import { type Deviation, deviation, type Figures, isThere, readOracles, replayTrace } from './trace-oracle.ts'

const ORDERS = [
  ['fifo:batch=1', 'processor_sharing_ideal'],
  ['sjf', 'srpt_preemptive_ideal'],
] as const

/** Slices in µs. The last of facebook's are 150 million: minutes. */
const SLICES_US: Record<string, readonly number[]> = {
  'azure-llm-mixed': [1000, 100, 10],
  'chrome-network': [100, 10, 1],
  'facebook-2009-jobs': [100, 10, 1, 0.5],
}

function meansOnly(figures: Readonly<Record<string, Figures>>): Record<string, Figures> {
  return Object.fromEntries(Object.entries(figures).map(([name, { mean }]) => [name, { mean } as Figures]))
}

function percent({ ratio, worst }: Deviation): string {
  return `${(ratio * 100).toFixed(2).padStart(8)} %  ${worst.padEnd(14)}`
}

if (!isThere) console.log('skipped: ../shared is not here')
console.log(
  'trace                policy         slice µs   worst figure                means, at most           from 0, at most',
)
const only = process.argv[2]
for (const [trace, oracle] of Object.entries(readOracles())) {
  if (only !== undefined && trace !== only) continue
  for (const [policy, order] of ORDERS) {
    for (const sliceUs of SLICES_US[trace]!) {
      const got = await replayTrace(trace, oracle, policy, sliceUs * 1e3)
      const ideal = oracle.results[order]!
      const means = deviation(meansOnly(got), meansOnly(ideal))
      const what = `${trace.padEnd(20)} ${policy.padEnd(14)} ${String(sliceUs).padStart(8)}`
      const all = deviation(got, ideal)
      console.log(`${what} ${percent(all)} ${percent(means)} ${all.fromZeroUs} µs`)
    }
  }
}
