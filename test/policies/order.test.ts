/** Policies whose whole idea is an order: what runs when everything is ready at once. */
import { describe, expect, test } from 'vitest'
import { simulate } from '../world/simulate.ts'

/** Callbacks made ready at once, named by their declared cost in µs (`undefined`: none declared). */
async function orderUnder(policy: string, costsUs: readonly (number | undefined)[]): Promise<unknown[]> {
  const ran: unknown[] = []
  await simulate(policy, async (loop) => {
    for (const cost of costsUs) {
      const expectedNs = cost === undefined ? undefined : cost * 1e3
      loop.callSoon(() => ran.push(cost), undefined, { expectedNs })
    }
    await loop.sleep(1e6)
  })
  return ran
}

test('lifo runs what became ready last', async () => {
  expect(await orderUnder('lifo', [1, 2, 3])).toEqual([3, 2, 1])
})

describe('sjf', () => {
  test('runs the shortest first, and equals in the order they became ready', async () => {
    expect(await orderUnder('sjf', [5, 1, 3, 1, 2])).toEqual([1, 1, 2, 3, 5])
  })

  test('runs what declares no cost before all else', async () => {
    expect(await orderUnder('sjf', [5, undefined, 1])).toEqual([undefined, 1, 5])
  })

  test('over slices it is shortest remaining first: a short arrival overtakes what is left of a long job', async () => {
    const ended: string[] = []
    await simulate('sjf', async (loop) => {
      const job = (name: string, slices: number) =>
        loop.spawn(
          async () => {
            for (let left = slices; left > 0; left--) {
              loop.currentTask!.setAttributes({ expectedNs: left * 1e6 })
              await loop.yieldNow()
              loop.work(1e6)
            }
            ended.push(`${name} at ${loop.nowNs() / 1e6}`)
          },
          { name, expectedNs: slices * 1e6 },
        )
      job('long', 10)
      loop.callAt(2.5e6, () => job('short', 2), { expectedNs: 0 })
      await loop.sleep(20e6)
    })
    expect(ended).toEqual(['short at 5', 'long at 12'])
  })
})
