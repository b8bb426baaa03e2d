import { describe, expect, it } from 'vitest'
import { Condition, Event, Lock, Semaphore } from '../../harness/loop/sync.ts'
import type { Task } from '../../harness/loop/task.ts'
import { Bench, errorOf, MS } from './bench.ts'

/** Starts a task that takes the lock, writes its name, and gives the lock back after a while. */
function taker(bench: Bench, lock: Lock | Semaphore, name: string, heldNs = 1): Task<void> {
  return bench.loop.spawn(
    () =>
      lock.with(async () => {
        bench.log.push(name)
        await bench.loop.sleep(heldNs)
      }),
    { name },
  )
}

describe.each([
  ['a lock', (bench: Bench) => new Lock(bench.loop)],
  ['a semaphore of one', (bench: Bench) => new Semaphore(bench.loop)],
])('%s', (_name, make) => {
  it('is taken in the order of asking', async () => {
    const bench = new Bench()
    const lock = make(bench)
    for (const name of ['a', 'b', 'c']) taker(bench, lock, name)
    await bench.settle()
    expect(bench.log).toEqual(['a', 'b', 'c'])
    expect(lock.locked).toBe(false)
  })

  it('is not taken by a newcomer while somebody was woken for it', async () => {
    const bench = new Bench()
    const lock = make(bench)
    await bench.run(async () => {
      await lock.acquire()
      taker(bench, lock, 'waiting')
      await bench.loop.yieldNow()
      lock.release()
      taker(bench, lock, 'newcomer')
      await lock.acquire()
      bench.log.push('late')
      lock.release()
    })
    await bench.settle()
    expect(bench.log).toEqual(['waiting', 'late', 'newcomer'])
  })

  it('goes to the next when the one it was given to is cancelled', async () => {
    const bench = new Bench()
    const lock = make(bench)
    await bench.run(async () => {
      await lock.acquire()
      const chosen = taker(bench, lock, 'chosen')
      taker(bench, lock, 'next')
      await bench.loop.yieldNow()
      lock.release()
      chosen.cancel()
    })
    await bench.settle()
    expect(bench.log).toEqual(['next'])
    expect(lock.locked).toBe(false)
  })

  it('passes over waiters that were cancelled', async () => {
    const bench = new Bench()
    const lock = make(bench)
    await bench.run(async () => {
      await lock.acquire()
      const given = [taker(bench, lock, 'a'), taker(bench, lock, 'b'), taker(bench, lock, 'c')]
      await bench.loop.yieldNow()
      given[0]!.cancel()
      given[1]!.cancel()
      lock.release()
    })
    await bench.settle()
    expect(bench.log).toEqual(['c'])
  })

  it('is given back when the body fails', async () => {
    const bench = new Bench()
    const lock = make(bench)
    const failing = bench.run(() => lock.with(() => Promise.reject(new Error('body'))))
    expect((await errorOf(failing)).message).toBe('body')
    expect(lock.locked).toBe(false)
  })
})

describe('a lock', () => {
  it('cannot be released when it is not held', () => {
    expect(() => new Lock(new Bench().loop).release()).toThrow('not acquired')
  })
})

describe('a semaphore', () => {
  it('lets as many in as it has permits', async () => {
    const bench = new Bench()
    const semaphore = new Semaphore(bench.loop, 2)
    for (const name of ['a', 'b', 'c', 'd']) taker(bench, semaphore, name, 10)
    bench.loop.callLater(5, bench.note('half'))
    await bench.settle()
    expect(bench.log).toEqual(['a', 'b', 'half', 'c', 'd'])
    expect(bench.loop.nowNs()).toBe(20)
  })

  it('wakes as many as it has permits, when several are released at once', async () => {
    const bench = new Bench()
    const semaphore = new Semaphore(bench.loop, 0)
    for (const name of ['a', 'b', 'c']) taker(bench, semaphore, name, MS)
    await bench.turns(1)
    for (let i = 0; i < 3; i++) semaphore.release()
    await bench.turns(1)
    expect(bench.log).toEqual(['a', 'b', 'c'])
  })

  it('keeps its permits when a waiter is cancelled after it was given one', async () => {
    const bench = new Bench()
    const semaphore = new Semaphore(bench.loop, 0)
    const [a, b] = [taker(bench, semaphore, 'a', MS), taker(bench, semaphore, 'b', MS)]
    await bench.turns(1)
    semaphore.release()
    a.cancel()
    semaphore.release()
    await bench.turns(2)
    expect(bench.log).toEqual(['b'])
    expect(semaphore.locked).toBe(false)
    b.cancel()
    await bench.settle()
  })

  it('refuses a negative number of permits', () => {
    expect(() => new Semaphore(new Bench().loop, -1)).toThrow(RangeError)
  })
})

describe('an event', () => {
  it('wakes all that wait, and lets newcomers pass until it is cleared', async () => {
    const bench = new Bench()
    const event = new Event(bench.loop)
    const waiter = (name: string) =>
      bench.loop.spawn(async () => {
        await event.wait()
        bench.log.push(name)
      })
    waiter('a')
    waiter('b').cancel()
    waiter('c')
    await bench.turns(1)
    event.set()
    event.set()
    await bench.turns(1)
    waiter('d')
    await bench.turns(1)
    event.clear()
    const left = waiter('e')
    await bench.settle()
    expect(bench.log).toEqual(['a', 'c', 'd'])
    expect([event.isSet, left.done]).toEqual([false, false])
  })
})

describe('a condition', () => {
  function waiter(bench: Bench, condition: Condition, name: string) {
    return bench.loop.spawn(async () => {
      await condition.acquire()
      try {
        await condition.wait()
        bench.log.push(name)
      } finally {
        condition.release()
      }
    })
  }

  async function notify(condition: Condition, count?: number) {
    await condition.acquire()
    if (count === undefined) condition.notifyAll()
    else condition.notify(count)
    condition.release()
  }

  it('wakes as many as are notified, in order', async () => {
    const bench = new Bench()
    const condition = new Condition(bench.loop)
    for (const name of ['a', 'b', 'c', 'd']) waiter(bench, condition, name)
    await bench.turns(5)
    await bench.run(() => notify(condition, 2))
    await bench.settle()
    expect(bench.log).toEqual(['a', 'b'])
    await bench.run(() => notify(condition))
    await bench.settle()
    expect(bench.log).toEqual(['a', 'b', 'c', 'd'])
  })

  it('holds the lock again after the wait, also when that was cancelled', async () => {
    const bench = new Bench()
    const condition = new Condition(bench.loop)
    const waiting = bench.loop.spawn(async () => {
      await condition.acquire()
      try {
        await condition.wait()
      } finally {
        bench.log.push(condition.lock.locked)
        condition.release()
      }
    })
    await bench.turns(1)
    waiting.cancel()
    await bench.settle()
    expect(bench.log).toEqual([true])
    expect([waiting.cancelled, condition.lock.locked]).toEqual([true, false])
  })

  it('gives the notification on when the one that got it is cancelled', async () => {
    const bench = new Bench()
    const condition = new Condition(bench.loop)
    const first = waiter(bench, condition, 'first')
    waiter(bench, condition, 'second')
    await bench.turns(3)
    await bench.run(async () => {
      await notify(condition, 1)
      first.cancel()
    })
    await bench.settle()
    expect(bench.log).toEqual(['second'])
  })

  it('waits until a predicate holds', async () => {
    const bench = new Bench()
    const condition = new Condition(bench.loop)
    let value = 0
    bench.loop.spawn(async () => {
      await condition.acquire()
      await condition.waitFor(() => value === 2)
      bench.log.push('two')
      condition.release()
    })
    for (let i = 0; i < 2; i++) {
      await bench.settle()
      expect(bench.log).toEqual([])
      value++
      await bench.run(() => notify(condition, 1))
    }
    await bench.settle()
    expect(bench.log).toEqual(['two'])
  })

  it('needs its lock', async () => {
    const condition = new Condition(new Bench().loop)
    expect((await errorOf(condition.wait())).message).toContain('not acquired')
    expect(() => condition.notify()).toThrow('not acquired')
  })
})
