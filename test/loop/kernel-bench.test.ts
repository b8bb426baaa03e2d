import { describe, expect, it } from 'vitest'
import { kernelTable, measureKernel } from '../../harness/measure/kernel-bench.ts'

describe('the benchmark of the kernel', () => {
  it('runs, tiny, and prints every load beside Node and its yardstick', async () => {
    const figures = await measureKernel({ rounds: 2, scale: 0.001 })
    expect(figures.loads.every((load) => load.perSecond > 0 && load.nodePerSecond > 0)).toBe(true)
    const table = kernelTable(figures)
    for (const words of [
      'callbacks',
      'setImmediate',
      'generator switches',
      'timing adds to generator switches',
      'at least 3.00 M ops/s',
    ]) {
      expect(table).toContain(words)
    }
  })
})
