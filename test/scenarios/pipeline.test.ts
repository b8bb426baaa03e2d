import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import pipeline from '../../scenarios/pipeline.ts'
import { run, virtualLoop } from './bench-loop.ts'
import { testContext } from './context.ts'

async function measure(params: Record<string, unknown>, seed?: number) {
  const loop = virtualLoop(classesOf(pipeline, pipeline.params.parse({})))
  const { ctx, measured, failures } = testContext(pipeline, params, seed === undefined ? {} : { seed })
  await run(loop, () => pipeline.main!(loop, ctx))
  return { measured, failures, endNs: loop.nowNs() }
}

describe('pipeline (virtual time)', () => {
  test("the articles' pipeline produces, processes and consumes thirty items", async () => {
    const { measured, failures, endNs } = await measure({ items: 15, scale: 1, workUs: 0 })
    expect(failures).toEqual([])
    expect(Object.fromEntries(measured.counts)).toEqual({ produced: 30, processed: 30, consumed: 30 })
    expect(measured.operations).toBe(30)
    // Three processors at half a second an item: about five seconds.
    expect(endNs / 1e9).toBeGreaterThan(4)
    expect(endNs / 1e9).toBeLessThan(8)
  })

  test('the defaults measure every item and end in less than a second', async () => {
    const { measured, failures, endNs } = await measure({})
    expect(failures).toEqual([])
    expect(measured.latencies.get('item')).toHaveLength(800)
    expect(measured.durations.get('stage.process')).toHaveLength(800)
    expect(endNs / 1e9).toBeLessThan(1)
  })

  test.each([
    ['a queue of one', { queueSize: 1 }],
    ['one worker a stage', { producers: 1, processors: 1, consumers: 1 }],
    ['more workers than items', { items: 1, processors: 10, consumers: 10 }],
    ['no delays at all', { scale: 1e-9, workUs: 0 }],
    ['a minimum above the maximum', { processMinMs: 500, processMaxMs: 100 }],
  ])('holds its promises with %s', async (_name, params) => {
    const { measured, failures } = await measure({ items: 20, ...params })
    expect(failures).toEqual([])
    expect(measured.counts.get('consumed')).toBe(measured.operations)
  })

  test('the same seed gives the same run, another seed another', async () => {
    const runs = [await measure({}, 1), await measure({}, 1), await measure({}, 2)]
    const [a, b, c] = runs.map(({ measured }) => measured.latencies.get('item'))
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
  })
})
