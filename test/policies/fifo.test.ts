import { expect, test } from 'vitest'
import { simulate } from '../world/simulate.ts'

/** What runs when three callbacks are ready and the first makes a fourth, which is due like a timer. */
async function orderUnder(policy: string): Promise<string[]> {
  const ran: string[] = []
  await simulate(policy, async (loop) => {
    loop.callAt(1000, () => {
      ran.push('first')
      loop.callSoon(() => ran.push('made by first'))
      loop.callAt(1500, () => ran.push('timer'))
      loop.work(1000)
    })
    loop.callAt(1000, () => ran.push('second'))
    loop.callAt(1000, () => ran.push('third'))
    await loop.sleep(1e6)
  })
  return ran
}

test('fifo runs handles in the order they became ready', async () => {
  expect(await orderUnder('fifo')).toEqual(['first', 'second', 'third', 'made by first', 'timer'])
})

test('batch=1 changes when fifo looks at timers, not who came first', async () => {
  expect(await orderUnder('fifo:batch=1')).toEqual(['first', 'second', 'third', 'made by first', 'timer'])
})

test('fifo ignores priorities', async () => {
  const ran: number[] = []
  await simulate('fifo', async (loop) => {
    for (const priority of [3, 1, 2]) loop.callSoon(() => ran.push(priority), undefined, { priority })
    await loop.sleep(1e6)
  })
  expect(ran).toEqual([3, 1, 2])
})

/** How many looks at I/O it takes to run a hundred handles that are ready at once. */
async function selectsFor(policy: string): Promise<number> {
  const { loop } = await simulate(policy, async (loop) => {
    for (let i = 0; i < 100; i++) loop.callSoon(() => {})
    await loop.sleep(1e6)
  })
  return loop.selects
}

test('by default fifo looks at I/O once for all that is ready: the snapshot of asyncio', async () => {
  const [snapshot, ten, one] = await Promise.all(
    ['snapshot', 10, 1].map((n) => selectsFor(`fifo:batch=${n}`)),
  )
  expect(await selectsFor('fifo')).toBe(snapshot)
  expect(snapshot).toBeLessThan(6)
  expect(ten).toBeGreaterThanOrEqual(10)
  expect(ten).toBeLessThan(16)
  expect(one).toBeGreaterThanOrEqual(100)
})
