import net from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { RealClock } from '../../harness/loop/clock.ts'
import { runHosted } from '../../harness/loop/drivers/hosted.ts'
import { runOwned } from '../../harness/loop/drivers/owned.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { Loop as RealLoop } from '../../harness/loop/loop.ts'
import { canDrainMicrotasks } from '../../harness/loop/microtasks.ts'
import { RealServices } from '../../harness/loop/real-services.ts'
import { epoll } from '../../harness/selectors/epoll.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { errorOf, Fifo, inMacrotask, MS } from './bench.ts'
import { type Ground, OWNED, REAL_GROUNDS } from './grounds.ts'

/** Something of Node's own that ends by itself. */
const GUESTS: Record<string, () => Promise<unknown>> = {
  'a timer': () => new Promise((resolve) => setTimeout(resolve, 5)),
  'an immediate': () => new Promise((resolve) => setImmediate(resolve)),
  'a signal': () => {
    const heard = new Promise((resolve) => process.once('SIGUSR2', resolve))
    process.kill(process.pid, 'SIGUSR2')
    return heard
  },
  'a worker': () => {
    const worker = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true })
    return new Promise((resolve) => worker.once('message', resolve))
  },
  'a socket of node:net': netRoundTrip,
}

function netRoundTrip(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.end('answer'))
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
      client.on('error', reject)
      client.on('data', () => {
        server.close()
        client.destroy()
        resolve('answer')
      })
    })
  })
}

/** Keeps the loop busy, with never a moment of idleness, until the future is done. */
function keepBusy(loop: Loop, until: AnyFuture): void {
  const again = () => {
    if (!until.done) loop.callSoon(again)
  }
  loop.callSoon(again)
}

function cpuMs(usage: NodeJS.CpuUsage): number {
  return (usage.user + usage.system) / 1e3
}

describe.each(REAL_GROUNDS)('driven on $name', (ground: Ground) => {
  it.each(Object.keys(GUESTS))('%s of Node goes on beside an idle loop', async (guest) => {
    await ground.run((loop) => loop.timeout(5000 * MS, () => loop.fromPromise(GUESTS[guest]!())))
    expect(ground.complaints).toEqual([])
  })

  it.each(Object.keys(GUESTS))('%s of Node goes on beside a busy loop', async (guest) => {
    await ground.run(async (loop) => {
      const done = loop.fromPromise(GUESTS[guest]!())
      keepBusy(loop, done as AnyFuture)
      await loop.timeout(5000 * MS, async () => await done)
    })
    expect(ground.complaints).toEqual([])
  })

  it('timers come when they should', async () => {
    const lateNs = await ground.run(async (loop) => {
      const dueNs = loop.nowNs() + 20 * MS
      await loop.sleep(20 * MS)
      return loop.nowNs() - dueNs
    })
    expect(lateNs).toBeGreaterThanOrEqual(-MS)
    expect(lateNs).toBeLessThan(50 * MS)
  })

  it('a timer of Node that is set right after a long sleep does not come early', async () => {
    const tookNs = await ground.run(async (loop) => {
      const fired = loop.createFuture()
      let setNs = 0
      loop.callLater(60 * MS, () => {
        setNs = loop.nowNs()
        setTimeout(() => fired.setResult(), 20)
      })
      await fired
      return loop.nowNs() - setNs
    })
    expect(tookNs).toBeGreaterThan(18 * MS)
  })

  it('a timer at infinity never comes', async () => {
    const fired = await ground.run(async (loop) => {
      let count = 0
      loop.callLater(Number.POSITIVE_INFINITY, () => count++)
      await loop.sleep(5 * MS)
      return count
    })
    expect(fired).toBe(0)
  })

  it('an idle loop uses no processor', async () => {
    const before = process.cpuUsage()
    await ground.run((loop) => loop.spawn(async () => void (await loop.sleep(300 * MS))))
    expect(cpuMs(process.cpuUsage(before))).toBeLessThan(60)
  })

  it('is woken by callSoonThreadsafe and by a future that Node completes', async () => {
    const order = await ground.run(async (loop) => {
      const log: string[] = []
      const future = loop.createFuture()
      setTimeout(() => loop.callSoonThreadsafe(() => log.push('called')), 5)
      setTimeout(() => future.setResult(), 10)
      await loop.timeout(5000 * MS, async () => await future)
      return [...log, 'completed']
    })
    expect(order).toEqual(['called', 'completed'])
  })

  it('a task goes on after a promise of Node that it should not have awaited, and is told', async () => {
    await ground.run(async (loop) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      await loop.sleep(MS)
    })
    expect(ground.complaints.map((each) => each.message)).toEqual([
      "Task main awaits a promise that is not the loop's",
    ])
  })
})

const DRIVERS = [
  ['owned', runOwned, () => realLoop((clock) => epoll(clock))],
  ['hosted', runHosted, () => realLoop(() => new LibuvSelector())],
] as const

function realLoop(selector: (clock: RealClock) => ReturnType<typeof epoll>, queue = new Fifo()): RealLoop {
  const clock = new RealClock()
  return new RealLoop({
    policy: { queue, observers: [] },
    clock,
    selector: selector(clock),
    services: new RealServices(),
  })
}

describe.each(DRIVERS)('the %s driver', (_name, drive, make) => {
  it('returns when the future is done, also where it is done already', async () => {
    const loop = make()
    const future = loop.createFuture()
    setTimeout(() => future.setResult(), 2)
    await drive(loop, future as AnyFuture)
    await drive(loop, future as AnyFuture)
    loop.close()
  })

  it('fails with the fault of the policy', async () => {
    const loop = make()
    const broken = loop as unknown as { turn(): void }
    broken.turn = () => {
      throw new Error('fault')
    }
    expect((await errorOf(drive(loop, loop.createFuture() as AnyFuture))).message).toBe('fault')
    loop.close()
  })

  it('takes no turn once it has returned', async () => {
    const loop = make()
    const task = loop.spawn(async () => void loop.callSoonThreadsafe(() => {}))
    await drive(loop, task as AnyFuture)
    const { turns } = loop
    await inMacrotask(() => {})
    await inMacrotask(() => {})
    expect(loop.turns).toBe(turns)
    loop.close()
  })
})

describe('microtasks', () => {
  it('can be drained inside a macrotask and not inside a microtask', async () => {
    expect(await inMacrotask(canDrainMicrotasks)).toBe(true)
    await Promise.resolve()
    expect(canDrainMicrotasks()).toBe(false)
  })
})

describe.runIf(process.platform === 'linux')('two loops', () => {
  it('can run one after the other in one process', async () => {
    for (let i = 0; i < 3; i++) await OWNED.run(async (loop) => void (await loop.sleep(MS)))
  })
})
