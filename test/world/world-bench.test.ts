import { expect, test } from 'vitest'

import { measureWorld, worldTable } from '../../harness/measure/world-bench.ts'

test('the benchmark of the world runs, tiny, and prints customers beside their floor', async () => {
  // The replay needs a thread that only compiled code has: e2e tests run it.
  const figures = await measureWorld({ scale: 0.002, rounds: 1, loads: ['tasks', 'mm1', 'floor'] })
  expect(figures.every(({ units, medianNs }) => units > 0 && medianNs > 0)).toBe(true)
  expect(worldTable(figures)).toContain('M/M/1 customers, an async task each')
})
