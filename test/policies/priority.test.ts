import { describe, expect, test } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { simulate } from '../world/simulate.ts'
import { QueueBench } from './queue-bench.ts'

const CLASSES = { interactive: { priority: 0 }, batch: { priority: 10 } }

/** The priorities in the order in which callbacks run that are all ready at once. */
async function orderOf(policy: string, priorities: readonly number[]): Promise<string[]> {
  const ran: string[] = []
  await simulate(policy, async (loop) => {
    for (const [i, priority] of priorities.entries()) {
      loop.callSoon((name: string) => ran.push(name), `${priority}/${i}`, { priority })
    }
    await loop.sleep(1e6)
  })
  return ran
}

describe('priority', () => {
  test('runs the lowest number first', async () => {
    expect(await orderOf('priority', [3, 1, 2, -1, 0])).toEqual(['-1/3', '0/4', '1/1', '2/2', '3/0'])
  })

  test('runs equals in the order they became ready', async () => {
    expect(await orderOf('priority', [1, 0, 1, 0, 1])).toEqual(['0/1', '0/3', '1/0', '1/2', '1/4'])
  })

  test('lets an urgent arrival overtake what was ready before it', async () => {
    expect(await overtaking('priority')).toEqual(['bulk 0', 'urgent', 'bulk 1', 'bulk 2'])
  })

  test('looks at I/O and timers only between batches', async () => {
    expect(await overtaking('priority:batch=3')).toEqual(['bulk 0', 'bulk 1', 'bulk 2', 'urgent'])
    expect(await overtaking('priority:batch=snapshot')).toEqual(['bulk 0', 'bulk 1', 'bulk 2', 'urgent'])
  })

  test('sees an arrival at t before it chooses at t', async () => {
    // The urgent timer is due at the very moment at which the first bulk handle ends.
    expect(await overtaking('priority', 1000)).toEqual(['bulk 0', 'urgent', 'bulk 1', 'bulk 2'])
  })
})

/** Three bulk handles of 1000 ns, all ready at 0, and an urgent one that becomes ready while the first runs. */
async function overtaking(policy: string, urgentNs = 500): Promise<string[]> {
  const ran: string[] = []
  await simulate(policy, async (loop) => {
    for (let i = 0; i < 3; i++) loop.callAt(0, () => bulk(loop, `bulk ${i}`, ran), { priority: 5 })
    loop.callAt(urgentNs, () => ran.push('urgent'), { priority: 0 })
    await loop.sleep(1e6)
  })
  return ran
}

function bulk(loop: Loop, name: string, ran: string[]): void {
  ran.push(name)
  loop.work(1000)
}

const OVERLOAD_NS = 200e6
const SERVICE_NS = 1e6

/** Interactive work comes faster than it can be served; one batch handle waits. When it runs, ns. */
async function batchServedAtNs(policy: string): Promise<number> {
  let servedNs = Number.POSITIVE_INFINITY
  const overload = async (loop: Loop) => {
    for (let atNs = 0; atNs < OVERLOAD_NS; atNs += SERVICE_NS * 0.9) {
      loop.callAt(atNs, () => loop.work(SERVICE_NS), { className: 'interactive' })
    }
    loop.callAt(
      SERVICE_NS,
      () => {
        servedNs = loop.nowNs()
      },
      { className: 'batch' },
    )
    await loop.sleep(2 * OVERLOAD_NS)
  }
  await simulate(policy, overload, { classes: CLASSES })
  return servedNs
}

describe('aging', () => {
  test('without it, overload starves the low class for as long as it lasts', async () => {
    expect(await batchServedAtNs('priority')).toBeGreaterThan(OVERLOAD_NS)
  })

  test('with it, the low class is served within steps × aging, however long the overload', async () => {
    const servedNs = await batchServedAtNs('priority:aging=2ms')
    // Ten steps of 2 ms from the moment it became ready, and what is then still in line: a tenth more than that.
    expect(servedNs).toBeGreaterThan(20e6)
    expect(servedNs).toBeLessThan(26e6)
  })

  test('a tie of aged keys goes to whoever became ready first', async () => {
    const bench = new QueueBench(await preparePolicy('priority:aging=1us'))
    const push = (priority: number) => bench.push({ ...DEFAULT_ATTRIBUTES, priority }).sequence
    const waited = push(10)
    bench.run([{ kind: 'wait', ns: 5000 }])
    const [urgent, first] = [push(5), push(4)] // 5 + 5000 ns / 1 us is 10, too
    expect(bench.drain().order).toEqual([first, waited, urgent])
  })
})
