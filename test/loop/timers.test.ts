import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { type Timer, Timers } from '../../harness/loop/timers.ts'
import { Bench, Fifo, MS } from './bench.ts'

describe('timers', () => {
  it('fire in order of time, equals in order of creation', async () => {
    const bench = new Bench()
    bench.loop.callLater(2 * MS, bench.note('c'))
    bench.loop.callLater(1 * MS, bench.note('a'))
    bench.loop.callAt(1 * MS, bench.note('b'))
    bench.loop.callAt(2 * MS, bench.note('d'))
    await bench.settle()
    expect(bench.log).toEqual(['a', 'b', 'c', 'd'])
    expect(bench.loop.nowNs()).toBe(2 * MS)
  })

  it('that are due already fire in the next turn', async () => {
    const bench = new Bench()
    bench.loop.callLater(-1, bench.note('past'))
    await bench.turns(1)
    expect(bench.log).toEqual(['past'])
  })

  it('do not fire when cancelled, neither before they are due nor when they are ready', async () => {
    const bench = new Bench()
    bench.loop.callLater(1, bench.note('early')).cancel()
    const late = bench.loop.callLater(2, bench.note('late'))
    bench.loop.callAt(2, bench.note('live'))
    bench.host.clock.advanceTo(1)
    bench.deliverAt(2, 'io')
    bench.host.selector.deliverAt(2, () => ({ ...bench.ioEvent('x'), run: () => late.cancel() }))
    await bench.settle()
    expect(bench.log).toEqual(['io', 'live'])
    expect(late.cancelled).toBe(true)
  })

  it('can be cancelled after they have run, and twice', async () => {
    const bench = new Bench()
    const timer = bench.loop.callLater(1, bench.note('ran'))
    await bench.settle()
    timer.cancel()
    timer.cancel()
    expect(bench.log).toEqual(['ran'])
  })

  it('refuse a time that is not a number', () => {
    const { loop } = new Bench()
    expect(() => loop.callAt(Number.NaN, () => {})).toThrow('A timer needs a time: got NaN')
    expect(() => loop.sleep(Number.NaN)).toThrow('A timer needs a time: got NaN')
  })

  it('at infinity never fire and do not keep the loop awake', async () => {
    const bench = new Bench()
    bench.loop.callLater(Number.POSITIVE_INFINITY, bench.note('never'))
    expect(bench.loop.timeoutNs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('that were cancelled are purged also while the loop is never idle', async () => {
    const bench = new Bench({ queue: new Fifo() })
    const { loop } = bench
    let most = 0
    await bench.run(async () => {
      for (let i = 0; i < 2000; i++) {
        loop.callLater(1000 * MS, () => {}).cancel()
        await loop.yieldNow()
        most = Math.max(most, loop.timerCount)
      }
    })
    expect(most).toBeLessThan(150)
  })
})

describe('the heap of timers', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 60 }) }) },
    { weight: 3, arbitrary: fc.record({ cancel: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 20 }) }) },
  )

  it('gives what a sorted array gives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
        const timers = new Timers()
        let model: Timer[] = []
        let nowNs = 0
        for (const each of steps) {
          if ('add' in each) model.push(add(timers, nowNs + each.add))
          else if ('cancel' in each) {
            const [timer] = model.splice(each.cancel % Math.max(1, model.length), 1)
            timer?.cancel()
          } else {
            nowNs += each.advance
            const due = model.filter((timer) => timer.whenNs <= nowNs).sort(inOrder)
            model = model.filter((timer) => timer.whenNs > nowNs)
            expect(takeAll(timers, nowNs)).toEqual(due)
          }
          expect(timers.nextNs()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.map((t) => t.whenNs)))
          expect(timers.size).toBeLessThanOrEqual(Math.max(100, 2 * model.length + 1))
        }
      }),
      { numRuns: 60 },
    )
  })
})

function add(timers: Timers, whenNs: number): Timer {
  return timers.add<unknown>(whenNs, () => {}, undefined, DEFAULT_ATTRIBUTES)
}

function inOrder(a: Timer, b: Timer): number {
  return a.whenNs - b.whenNs || a.order - b.order
}

function takeAll(timers: Timers, nowNs: number): Timer[] {
  const taken: Timer[] = []
  for (let timer = timers.takeDue(nowNs); timer !== undefined; timer = timers.takeDue(nowNs))
    taken.push(timer)
  return taken
}
