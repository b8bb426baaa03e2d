import { describe, expect, it } from 'vitest'
import { Queue, QueueEmpty, QueueFull } from '../../harness/loop/queue.ts'
import { Bench } from './bench.ts'

function getter(bench: Bench, queue: Queue<number>, name: string) {
  return bench.loop.spawn(async () => void bench.log.push(`${name}${await queue.get()}`))
}

describe('a queue', () => {
  it('gives items in order, and to getters in order', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop)
    for (const name of ['a', 'b', 'c']) getter(bench, queue, name)
    await bench.turns(1)
    for (const item of [1, 2, 3]) queue.putNowait(item)
    await bench.settle()
    expect(bench.log).toEqual(['a1', 'b2', 'c3'])
  })

  it('makes producers wait when it is full, and wakes them in order', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop, 1)
    for (const item of [1, 2, 3]) {
      bench.loop.spawn(async () => {
        await queue.put(item)
        bench.log.push(`put ${item}`)
      })
    }
    await bench.turns(3)
    expect(bench.log).toEqual(['put 1'])
    expect(queue.isFull).toBe(true)
    for (const item of [1, 2, 3]) {
      expect(queue.getNowait()).toBe(item)
      await bench.settle()
    }
    expect(bench.log).toEqual(['put 1', 'put 2', 'put 3'])
  })

  it('does not wait with putNowait and getNowait', () => {
    const queue = new Queue<number>(new Bench().loop, 1)
    expect(() => queue.getNowait()).toThrow(QueueEmpty)
    queue.putNowait(1)
    expect(() => queue.putNowait(2)).toThrow(QueueFull)
  })

  it('wakes the next getter when the one it woke is cancelled', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop)
    const woken = getter(bench, queue, 'woken')
    getter(bench, queue, 'next')
    await bench.turns(1)
    queue.putNowait(1)
    woken.cancel()
    await bench.settle()
    expect(bench.log).toEqual(['next1'])
  })

  it('wakes the next putter when the one it woke is cancelled', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop, 1)
    queue.putNowait(0)
    const [woken] = [1, 2].map((item) => bench.loop.spawn(() => queue.put(item)))
    await bench.turns(1)
    queue.getNowait()
    woken!.cancel()
    await bench.settle()
    expect(queue.getNowait()).toBe(2)
    expect(bench.loop.taskCount).toBe(0)
  })

  it('loses nothing when a waiting getter is cancelled', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop)
    const cancelled = getter(bench, queue, 'cancelled')
    await bench.turns(1)
    cancelled.cancel()
    queue.putNowait(1)
    await bench.settle()
    expect(queue.size).toBe(1)
  })

  it('makes a woken getter wait again where a newcomer took the item', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop)
    getter(bench, queue, 'a')
    await bench.turns(1)
    queue.putNowait(1)
    expect(queue.getNowait()).toBe(1)
    await bench.settle()
    expect(bench.log).toEqual([])
    queue.putNowait(2)
    await bench.settle()
    expect(bench.log).toEqual(['a2'])
  })

  it('can be joined until every item has been dealt with', async () => {
    const bench = new Bench()
    const queue = new Queue<number>(bench.loop)
    await bench.run(() => queue.join())
    for (const item of [1, 2]) queue.putNowait(item)
    const joined = bench.loop.spawn(() => queue.join())
    await bench.settle()
    queue.taskDone()
    await bench.settle()
    expect(joined.done).toBe(false)
    queue.taskDone()
    await bench.settle()
    expect(joined.done).toBe(true)
    expect(() => queue.taskDone()).toThrow('more often')
  })
})
