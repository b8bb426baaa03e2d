import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import gather from '../../scenarios/gather.ts'
import { run, virtualLoop } from './bench-loop.ts'
import { testContext } from './context.ts'

async function measure(params: Record<string, unknown>, seed = 1) {
  const loop = virtualLoop(classesOf(gather, gather.params.parse({})))
  const { ctx, measured, failures } = testContext(gather, params, { seed })
  await run(loop, () => gather.main!(loop, ctx))
  expect(failures).toEqual([])
  return measured
}

describe('gather (virtual time)', () => {
  test('takes as long as the longest sleep, not as their sum', async () => {
    const { values, operations, durations } = await measure({})
    expect(values.get('gather.total')).toBe(values.get('gather.longest'))
    expect(values.get('gather.speedup')).toBeGreaterThan(2500)
    expect(operations).toBe(5000)
    expect(durations.get('timerLateness')).toHaveLength(5000)
    expect(Math.max(...durations.get('timerLateness')!)).toBe(0)
  })

  test("the articles' five tasks sleep for half a second to two", async () => {
    const { values } = await measure({ tasks: 5, minMs: 500, maxMs: 2000 })
    expect(values.get('gather.total')).toBeGreaterThan(500e6)
    expect(values.get('gather.total')).toBeLessThan(2000e6)
  })

  test.each([
    ['uniform', { minMs: 50, maxMs: 150 }],
    ['exponential', { meanMs: 20 }],
  ])(
    'the mean total of many runs comes near to what is expected of %s sleeps',
    async (distribution, more) => {
      const runs = 400
      let sum = 0
      let expected = 0
      for (let seed = 1; seed <= runs; seed++) {
        const { values } = await measure({ tasks: 50, distribution, ...more }, seed)
        sum += values.get('gather.total')!
        expected = values.get('gather.expected')!
      }
      // The longest of 50 exponential sleeps deviates by 28 % of its mean: 1.4 % for the mean of 400 runs.
      expect(Math.abs(sum / runs / expected - 1)).toBeLessThan(0.05)
    },
  )
})
