import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../harness/loop/future.ts'
import { Bench, MS } from './bench.ts'

describe('cancelling a task', () => {
  it('before its first step: the body never runs', async () => {
    const bench = new Bench()
    const task = bench.loop.spawn(async () => void bench.log.push('body'))
    expect(task.cancel('early')).toBe(true)
    await bench.settle()
    expect(bench.log).toEqual([])
    expect(task.cancelled).toBe(true)
    expect(task.cancel()).toBe(false)
    expect(() => task.result()).toThrow(new CancelledError('early'))
  })

  it.each(['async', 'generator'])(
    'throws at the await of an %s task and cancels what it waits for',
    async (form) => {
      const bench = new Bench()
      const { loop } = bench
      const future = loop.createFuture()
      const task =
        form === 'async' ? loop.spawn(async () => await future) : loop.spawn(() => future[Symbol.iterator]())
      await bench.turns(1)
      task.cancel()
      expect(task.cancelled).toBe(false)
      expect(future.cancelled).toBe(true)
      await bench.turns(1)
      expect(task.cancelled).toBe(true)
    },
  )

  it('throws at the next await where it does not wait now', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const task = loop.spawn(async () => {
      loop.currentTask!.cancel()
      log.push('goes on')
      await loop.sleep(1)
      log.push('never')
    })
    await bench.settle()
    expect(log).toEqual(['goes on'])
    expect(task.cancelled).toBe(true)
  })

  it('throws when its turn comes, where it has only given way', async () => {
    const bench = new Bench()
    const { loop } = bench
    const tasks = [
      loop.spawn(async () => await loop.yieldNow()),
      loop.spawn(function* () {
        yield
      }),
    ]
    await bench.turns(1)
    for (const task of tasks) task.cancel()
    await bench.turns(1)
    expect(tasks.map((task) => task.cancelled)).toEqual([true, true])
  })

  it('throws instead of giving the value that had come', async () => {
    const bench = new Bench()
    const { loop } = bench
    const future = loop.createFuture()
    const task = loop.spawn(async () => await future)
    await bench.turns(1)
    future.setError(new Error('lost, but seen'))
    task.cancel()
    await bench.turns(1)
    expect(task.cancelled).toBe(true)
    loop.reportUnretrieved()
    expect(bench.complaints).toEqual([])
  })

  it('counts, and may be caught, taken back or suppressed', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const task = loop.spawn(async () => {
      try {
        await loop.sleep(MS)
      } catch {
        log.push(loop.currentTask!.cancelling, loop.currentTask!.uncancel(), loop.currentTask!.uncancel())
        log.push(loop.currentTask!.uncancel())
      }
      await loop.sleep(1)
      return 'suppressed'
    })
    await bench.turns(1)
    task.cancel()
    task.cancel()
    await bench.settle()
    expect(log).toEqual([2, 1, 0, 0])
    expect(task.result()).toBe('suppressed')
  })

  it('is dropped when it is taken back before it was thrown', async () => {
    const bench = new Bench()
    const { loop } = bench
    const task = loop.spawn(async () => {
      const self = loop.currentTask!
      self.cancel()
      self.uncancel()
      await loop.sleep(1)
      return 'not cancelled'
    })
    await bench.settle()
    expect(task.result()).toBe('not cancelled')
  })

  it('that is pending when the body ends makes it cancelled', async () => {
    const bench = new Bench()
    const { loop } = bench
    const task = loop.spawn(async () => void loop.currentTask!.cancel('at the end'))
    await bench.settle()
    expect(() => task.result()).toThrow(new CancelledError('at the end'))
  })

  it('reaches the task that it waits for, and comes back from there', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const inner = loop.spawn(async () => {
      try {
        await loop.sleep(MS)
      } finally {
        await loop.sleep(5)
        log.push('inner cleaned up')
      }
    })
    const outer = loop.spawn(async () => {
      try {
        await inner
      } catch (error) {
        log.push((error as Error).message)
        throw error
      }
    })
    await bench.turns(2)
    outer.cancel('message')
    await bench.settle()
    expect(log).toEqual(['inner cleaned up', 'message'])
    expect([inner.cancelled, outer.cancelled]).toEqual([true, true])
  })

  it('reaches every await of a Promise.all', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const branch = async (name: string) => {
      try {
        await loop.sleep(MS)
      } catch (error) {
        log.push(name)
        throw error
      }
    }
    const task = loop.spawn(() => Promise.all([branch('a'), branch('b'), branch('c')]))
    await bench.turns(1)
    task.cancel()
    await bench.settle()
    expect(log).toEqual(['a', 'b', 'c'])
    expect(task.cancelled).toBe(true)
    expect(loop.nowNs()).toBe(0)
  })

  it('reaches the present await although a race has left an older one behind', async () => {
    const bench = new Bench()
    const { loop } = bench
    const loser = loop.createFuture()
    const task = loop.spawn(async () => {
      await Promise.race([loser, loop.sleep(1)])
      loser.setResult()
      await loop.sleep(1)
      await loop.sleep(MS)
    })
    await bench.turns(1)
    bench.host.clock.advanceTo(5)
    await bench.turns(6)
    task.cancel()
    await bench.turns(1)
    expect(task.cancelled).toBe(true)
    expect(loop.nowNs()).toBeLessThan(MS)
  })

  it('of itself is not lost because a race has left an await behind', async () => {
    const bench = new Bench()
    const { loop } = bench
    const task = loop.spawn(async () => {
      await Promise.race([loop.createFuture(), loop.sleep(1)])
      loop.currentTask!.cancel()
      await loop.yieldNow()
      await loop.yieldNow()
      return 'not cancelled'
    })
    await bench.settle()
    expect(task.cancelled).toBe(true)
  })

  it('cancels the timer of a sleep', async () => {
    const bench = new Bench()
    const task = bench.loop.spawn(async () => await bench.loop.sleep(MS))
    await bench.turns(1)
    task.cancel()
    await bench.settle()
    expect(bench.loop.nowNs()).toBe(0)
  })
})
