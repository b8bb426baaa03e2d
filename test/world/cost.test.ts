/** What handles and looks at I/O cost a host, where its world says that they cost something. */
import { describe, expect, test } from 'vitest'
import type { Handle, ReadyQueue } from '../../harness/contracts.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import { Deque } from '../../harness/loop/deque.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { Host } from '../../harness/world/host.ts'
import { CANARIES } from '../policies/canaries.ts'
import { CLASSES, mixedProgram } from '../policies/mixed-program.ts'
import {
  addHost,
  LATENCY_NS,
  runUntilNs,
  simulate,
  tell,
  twoHosts,
  type WorldSettings,
  worldOf,
} from './simulate.ts'

function queueWith(extras: Partial<ReadyQueue>): ReadyQueue {
  const ready = new Deque<Handle>()
  return {
    get size() {
      return ready.size
    },
    push: (handle) => ready.push(handle),
    shift: () => ready.shift(),
    ...extras,
  }
}

/** The time after so many handles of that class; each of them only becomes ready and runs. */
async function timeAfter(settings: WorldSettings, count: number, className = 'default'): Promise<number> {
  const world = worldOf(settings)
  const loop = await addHost(world, 0, 'fifo', { classes: { [className]: {} } })
  const done = loop.createFuture()
  let left = count
  const each = () => {
    if (--left === 0) done.setResult()
  }
  for (let i = 0; i < count; i++) loop.callSoon(each, undefined, { className })
  await world.run([done])
  return loop.nowNs()
}

describe('dispatch', () => {
  test.each([1, 7, 1000])('of %i handles costs so many times its price', async (count) => {
    expect(await timeAfter({ dispatchNs: '250' }, count)).toBe(count * 250)
  })

  test('costs more for a class that is said to', async () => {
    const settings = { dispatchNs: '100', classNs: 'dear:2us' }
    expect(await timeAfter(settings, 10, 'dear')).toBe(10 * 2100)
    expect(await timeAfter(settings, 10, 'cheap')).toBe(10 * 100)
    expect(await timeAfter({ classNs: 'dear:2us' }, 10, 'dear')).toBe(10 * 2000)
    // A name that every object has.
    expect(await timeAfter(settings, 10, 'constructor')).toBe(10 * 100)
  })

  test('of a cancelled handle costs nothing', async () => {
    const { value } = await simulate(
      'fifo',
      async (loop) => {
        const startNs = loop.nowNs()
        for (let i = 0; i < 10; i++) loop.callSoon(() => {}).cancel()
        await loop.yieldNow()
        return loop.nowNs() - startNs
      },
      { world: { dispatchNs: '1000' } },
    )
    expect(value).toBe(1000)
  })

  test('counts as waiting, not as run time', async () => {
    const seen: number[][] = []
    const observer = {
      name: 'spy',
      handleFinished: (handle: { name: string; readyAtNs: number }, startNs: number, endNs: number) => {
        if (handle.name === 'spied') seen.push([startNs - handle.readyAtNs, endNs - startNs])
      },
    }
    const program = async (loop: Loop) => {
      const spied = () => loop.work(300)
      loop.callSoon(spied)
      loop.callSoon(spied)
      await loop.sleep(10_000)
    }
    await simulate('fifo', program, { world: { dispatchNs: '50' }, observers: [observer] })
    expect(seen).toEqual([
      [50, 300],
      [50 + 300 + 50, 300],
    ])
  })

  test.each(['losesEveryFifth', 'returnsTwice', 'withholds'] as const)(
    'leaves it to the guard what is wrong with a policy (%s)',
    async (canary) => {
      const fault = async (world: WorldSettings) => {
        const run = simulate(CANARIES[canary], mixedProgram, { world, classes: CLASSES })
        return await run.then(String, (error: Error & { kind: string }) => `${error.kind}: ${error.message}`)
      }
      expect(await fault({ dispatchNs: '10' })).toMatch(/^(lost|twice|withheld): /)
      expect((await fault({ dispatchNs: '10' })).split(':')[0]).toBe((await fault({})).split(':')[0])
    },
  )

  test('hands on what a queue has: its batch, and what it is told of run times', async () => {
    const runs: number[] = []
    const batches = {
      turnLimit: () => 1,
      ran: (_: Handle, runNs: number) => runs.push(runNs),
    }
    const world = worldOf({ dispatchNs: '1' })
    const { loop } = new Host(world, 0, {
      clock: new VirtualClock(),
      policy: { queue: queueWith(batches), observers: [] },
    })
    for (let i = 0; i < 3; i++) loop.callSoon(() => loop.work(40))
    await runUntilNs(world, [loop], 1000)
    // One handle a turn, that of the timer among them.
    expect([loop.turns, runs]).toEqual([4, [40, 40, 40, 0]])
  })

  test('makes up nothing that a queue has not: one turn takes all', async () => {
    const world = worldOf({ dispatchNs: '1' })
    const { loop } = new Host(world, 0, {
      clock: new VirtualClock(),
      policy: { queue: queueWith({}), observers: [] },
    })
    for (let i = 0; i < 3; i++) loop.callSoon(() => {})
    await runUntilNs(world, [loop], 1000)
    expect(loop.turns).toBe(2)
  })
})

describe('a look at I/O', () => {
  test('costs its price in every turn', async () => {
    const world = worldOf({ pollNs: '700' })
    const loop = await addHost(world, 0, 'fifo')
    // A chain of handles, each ready in the turn after: a turn each.
    const program = loop.spawn(async () => {
      for (let i = 0; i < 9; i++) await loop.yieldNow()
    })
    await world.run([program])
    expect([loop.turns, loop.nowNs()]).toEqual([10, 10 * 700])
  })

  test('sees what is there when it begins, and what comes meanwhile at the next', async () => {
    const { world, client, server } = await twoHosts({ pollNs: '1000' })
    const seenNs: number[] = []
    for (const atNs of [5000, 5999, 6001]) tell(server, atNs, () => seenNs.push(server.nowNs()))
    await runUntilNs(world, [client, server], 50_000)
    expect(seenNs).toEqual([6000, 7000, 8000])
  })

  test('and a dispatch add up', async () => {
    const { world, client, server } = await twoHosts({ pollNs: '700', dispatchNs: '50' })
    const listener = server.listen({ host: '127.0.0.1', port: 0 }, async () => {})
    const connecting = client.connect(listener.address)
    await world.run([connecting])
    // There and back on the wire, then one look and one handle.
    expect(client.nowNs()).toBe(2 * LATENCY_NS + 700 + 50)
  })

  test('changes the digest, and repeats exactly', async () => {
    const digest = async (world: WorldSettings) =>
      (await simulate('priority', mixedProgram, { world, classes: CLASSES })).digest
    const [free, dear] = [await digest({}), await digest({ pollNs: '100', dispatchNs: '100' })]
    expect(dear).not.toBe(free)
    expect(await digest({ pollNs: '100', dispatchNs: '100' })).toBe(dear)
    expect(await digest({ pollNs: '0', dispatchNs: '0' })).toBe(free)
  })
})
