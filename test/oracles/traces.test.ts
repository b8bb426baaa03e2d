/** Real workloads, held against independent simulators' results on the same files, to the last digit. */
import { describe, expect, test } from 'vitest'
import { deviation, isThere, readOracles, replayTrace } from './trace-oracle.ts'

const oracles = Object.entries(readOracles())
const title = isThere ? 'real traces' : 'real traces (skipped: ../shared is not here)'

/** Policies under which nothing is interrupted, by the oracle's name of their order. */
const EXACT = [
  ['fifo:batch=1', 'fifo'],
  ['lifo:batch=1', 'lifo_nonpreemptive'],
  ['sjf', 'sjf_nonpreemptive'],
  ['priority', 'priority_nonpreemptive'],
] as const

describe.skipIf(!isThere)(title, () => {
  test.each(oracles.flatMap(([trace, oracle]) => EXACT.map((each) => [trace, ...each, oracle] as const)))(
    '%s under %s: mean, p50, p99 and max of every class are exact',
    async (trace, policy, order, oracle) => {
      expect(await replayTrace(trace, oracle, policy)).toEqual(oracle.results[order])
    },
  )

  test.each([
    ['fifo:batch=1', 'processor_sharing_ideal'],
    ['sjf', 'srpt_preemptive_ideal'],
  ] as const)('chrome-network under %s comes to %s as the slice shrinks', async (policy, order) => {
    const [trace, oracle] = oracles.find(([name]) => name === 'chrome-network')!
    const ratios: number[] = []
    for (const sliceNs of [100e3, 20e3, 2e3]) {
      const got = await replayTrace(trace, oracle, policy, sliceNs)
      ratios.push(deviation(got, oracle.results[order]!).ratio)
    }
    expect(ratios).toEqual(ratios.toSorted((a, b) => b - a))
    expect(ratios.at(-1)).toBeLessThan(0.02)
  })

  test('an order that is not the oracle’s is found out', async () => {
    const [trace, oracle] = oracles.find(([name]) => name === 'chrome-network')!
    const got = await replayTrace(trace, oracle, 'fifo:batch=1')
    expect(got).not.toEqual(oracle.results.priority_nonpreemptive)
  })
})
