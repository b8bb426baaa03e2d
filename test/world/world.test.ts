import { describe, expect, test } from 'vitest'
import type { Loop } from '../../harness/loop/loop.ts'
import { World } from '../../harness/world/world.ts'
import { CANARIES } from '../policies/canaries.ts'
import { addHost, LATENCY_NS, NS_PER_BYTE, runUntilNs, simulate, tell } from './simulate.ts'

async function twoHosts(policies: [string, string] = ['fifo', 'fifo']) {
  const world = new World()
  return { world, a: await addHost(world, 0, policies[0]), b: await addHost(world, 1, policies[1]) }
}

describe('a world', () => {
  test('runs what is earliest, whoever it belongs to', async () => {
    const { world, a, b } = await twoHosts()
    const ran: string[] = []
    for (const [host, loop] of [a, b].entries()) {
      for (const atNs of [300, 100, 200]) {
        const whenNs = atNs + host * 50
        loop.callAt(whenNs, () => ran.push(`${whenNs} on ${host}`))
      }
    }
    await runUntilNs(world, [a, b], 1000)
    expect(ran).toEqual(['100 on 0', '150 on 1', '200 on 0', '250 on 1', '300 on 0', '350 on 1'])
  })

  test('gives each host a processor of its own', async () => {
    const { world, a, b } = await twoHosts()
    const ends: number[] = []
    for (const loop of [a, b]) {
      loop.callAt(0, () => {
        loop.work(1000)
        ends.push(loop.nowNs())
      })
    }
    await runUntilNs(world, [a, b], 500)
    expect(ends).toEqual([1000, 1000])
  })

  test('makes a host that is busy see what came meanwhile when it is free', async () => {
    const { world, a, b } = await twoHosts()
    let seenNs = 0
    b.callAt(0, () => b.work(5000))
    a.callAt(1000, () =>
      tell(b, 1000, () => {
        seenNs = b.nowNs()
      }),
    )
    await runUntilNs(world, [a, b], 10_000)
    expect(seenNs).toBe(5000)
  })

  test('lets nobody act before news from an earlier time, however busy it was', async () => {
    const { world, a, b } = await twoHosts(['fifo', 'priority'])
    const ran: string[] = []
    b.callAt(0, () => b.work(5000))
    b.callAt(100, () => ran.push('bulk'), { priority: 5 })
    a.callAt(2000, () => tell(b, 2000, () => ran.push('urgent')))
    await runUntilNs(world, [a, b], 10_000)
    expect(ran).toEqual(['urgent', 'bulk'])
  })

  test('joins its hosts by the network: a reply takes there, back and its bytes', async () => {
    const { world, a, b } = await twoHosts()
    const listener = b.listen({ host: '127.0.0.1', port: 0 }, async (stream) => {
      stream.write((await stream.readExactly(10))!)
    })
    const asking = a.spawn(async () => {
      const stream = await a.connect(listener.address)
      const startNs = a.nowNs()
      stream.write(new Uint8Array(10))
      await stream.readExactly(10)
      return [startNs, a.nowNs() - startNs]
    })
    await world.run([asking])
    expect(asking.result()).toEqual([2 * LATENCY_NS, 2 * (LATENCY_NS + 10 * NS_PER_BYTE)])
  })
})

/** Three bulk handles of 1000 ns on the host under test; urgent news reaches it as the first one ends. */
async function arrivalAtTheChoice(driverFirst: boolean, sentNs: number): Promise<string[]> {
  const world = new World()
  const first = await addHost(world, 0, 'priority')
  const second = await addHost(world, 1, 'priority')
  const [driver, tested] = driverFirst ? [first, second] : [second, first]
  const ran: string[] = []
  const bulk = (n: number) => {
    ran.push(`bulk ${n}`)
    tested.work(1000)
  }
  for (const n of [1, 2, 3]) tested.callAt(0, () => bulk(n), { priority: 5 })
  driver.callAt(sentNs, () => tell(tested, 1000, () => ran.push('urgent')))
  await runUntilNs(world, [tested, driver], 10_000)
  return ran
}

describe('an arrival at t', () => {
  test('is seen before the handle that is chosen at t', async () => {
    expect(await arrivalAtTheChoice(true, 500)).toEqual(['bulk 1', 'urgent', 'bulk 2', 'bulk 3'])
  })

  test('is so even when it was sent at t, by a driver attached first', async () => {
    expect(await arrivalAtTheChoice(true, 1000)).toEqual(['bulk 1', 'urgent', 'bulk 2', 'bulk 3'])
  })

  test('would come too late from a driver attached last (the canary of the rule)', async () => {
    expect(await arrivalAtTheChoice(false, 1000)).toEqual(['bulk 1', 'bulk 2', 'urgent', 'bulk 3'])
  })
})

describe('a run that cannot go on', () => {
  test('is a deadlock that names who waits', async () => {
    const world = new World()
    const loop = await addHost(world, 0, 'fifo')
    const never = loop.createFuture()
    loop.spawn(async () => await never, { name: 'waits for Godot' })
    await expect(world.run([never])).rejects.toThrow(
      'Deadlock: every task waits for something that cannot happen: waits for Godot',
    )
  })

  test('says so where there are no tasks at all', async () => {
    const world = new World()
    const loop = await addHost(world, 0, 'fifo')
    await expect(world.run([loop.createFuture()])).rejects.toThrow(/Deadlock.*no tasks/)
  })

  test('is over at once when there is nothing to wait for', async () => {
    await expect(new World().run([])).resolves.toBeUndefined()
  })

  test('ends with the fault of a policy that breaks its contract, whatever the program catches', async () => {
    const program = async (loop: Loop) => {
      try {
        for (let i = 0; i < 100; i++) await loop.sleep(1)
      } catch {}
    }
    await expect(simulate(CANARIES.losesEveryFifth, program)).rejects.toMatchObject({
      name: 'PolicyFault',
      kind: 'lost',
    })
  })
})
