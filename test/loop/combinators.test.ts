import { describe, expect, it } from 'vitest'
import { TimeoutError } from '../../harness/loop/combinators.ts'
import { CancelledError } from '../../harness/loop/future.ts'
import { Bench, errorOf, MS } from './bench.ts'

/** Sleeps and gives its delay; says so when it is cancelled. */
function sleeper(bench: Bench, delayNs: number, fails = false) {
  return async () => {
    try {
      await bench.loop.sleep(delayNs)
    } catch (error) {
      bench.log.push(`cancelled ${delayNs}`)
      throw error
    }
    if (fails) throw new Error(`failed ${delayNs}`)
    return delayNs
  }
}

describe('gather', () => {
  it('gives the results in the order of its arguments', async () => {
    const bench = new Bench()
    const results = await bench.run(() => bench.loop.gather([30, 10, 20].map((ns) => sleeper(bench, ns))))
    expect(results).toEqual([30, 10, 20])
  })

  it('of nothing is done at once', async () => {
    const bench = new Bench()
    expect(bench.loop.gather([]).result()).toEqual([])
  })

  it('takes one future several times', async () => {
    const bench = new Bench()
    const task = bench.loop.spawn(sleeper(bench, 1))
    expect(await bench.run(() => bench.loop.gather([task, task, task]))).toEqual([1, 1, 1])
  })

  it('of what is done already is done at once', () => {
    const { loop } = new Bench()
    const done = loop.createFuture<number>()
    done.setResult(4)
    expect(loop.gather([done, done]).result()).toEqual([4, 4])
  })

  it('fails at the first error, and the others run on', async () => {
    const bench = new Bench()
    const { loop } = bench
    const slow = loop.spawn(sleeper(bench, 20))
    const gathering = bench.run(() => loop.gather([slow, sleeper(bench, 10, true), sleeper(bench, 15, true)]))
    expect((await errorOf(gathering)).message).toBe('failed 10')
    expect(loop.nowNs()).toBe(10)
    await bench.settle()
    expect(slow.result()).toBe(20)
    loop.reportUnretrieved()
    expect(bench.complaints).toEqual([])
  })

  it('gives errors and cancellations as results where it is asked to', async () => {
    const bench = new Bench()
    const { loop } = bench
    const cancelled = loop.spawn(sleeper(bench, 5))
    loop.callLater(1, () => cancelled.cancel('why'))
    const results = await bench.run(() =>
      loop.gather([sleeper(bench, 2, true), cancelled, sleeper(bench, 3)], { returnExceptions: true }),
    )
    expect(results).toEqual([new Error('failed 2'), new CancelledError('why'), 3])
  })

  it('cancels every child when it is cancelled, and ends when they have', async () => {
    const bench = new Bench()
    const { loop } = bench
    const gathering = loop.gather([10, 20].map((ns) => sleeper(bench, ns)))
    await bench.turns(1)
    expect(gathering.cancel()).toBe(true)
    expect(gathering.done).toBe(false)
    await bench.settle()
    expect(bench.log).toEqual(['cancelled 10', 'cancelled 20'])
    expect(() => gathering.result()).toThrow(CancelledError)
    expect(gathering.cancel()).toBe(false)
  })

  it('passes a cancellation on even where the children suppress it', async () => {
    const bench = new Bench()
    const { loop } = bench
    const stubborn = () => sleeper(bench, 10)().catch(() => 'suppressed')
    const gathering = loop.gather<unknown>([stubborn, stubborn], { returnExceptions: true })
    await bench.turns(1)
    gathering.cancel()
    await bench.settle()
    expect(() => gathering.result()).toThrow(CancelledError)
  })

  it('fails when a child is cancelled, and leaves the others alone', async () => {
    const bench = new Bench()
    const { loop } = bench
    const [one, two] = [loop.spawn(sleeper(bench, 10)), loop.spawn(sleeper(bench, 20))]
    loop.callLater(1, () => one.cancel())
    expect(await errorOf(bench.run(() => loop.gather([one, two])))).toBeInstanceOf(CancelledError)
    await bench.settle()
    expect(two.result()).toBe(20)
  })
})

describe('wait', () => {
  const names = (futures: Iterable<unknown>) =>
    [...futures].map((future) => (future as { name: string }).name)
  const three = (bench: Bench) =>
    [1, 2, 3].map((ns) => bench.loop.spawn(sleeper(bench, ns, ns === 2), { name: `${ns}` }))

  it('waits for all and fails for none', async () => {
    const bench = new Bench()
    const { done, pending } = await bench.run(() => bench.loop.wait(three(bench)))
    expect([names(done), names(pending)]).toEqual([['1', '2', '3'], []])
  })

  it('waits for the first', async () => {
    const bench = new Bench()
    const { done, pending } = await bench.run(() => bench.loop.wait(three(bench), { returnWhen: 'first' }))
    expect([names(done), names(pending)]).toEqual([['1'], ['2', '3']])
  })

  it('waits for the first that fails', async () => {
    const bench = new Bench()
    const { done, pending } = await bench.run(() =>
      bench.loop.wait(three(bench), { returnWhen: 'exception' }),
    )
    expect([names(done), names(pending)]).toEqual([['1', '2'], ['3']])
  })

  it('gives up after a while, cancels nothing and leaves no callback behind', async () => {
    const bench = new Bench()
    const never = bench.loop.createFuture()
    const { done, pending } = await bench.run(() => bench.loop.wait([never], { timeoutNs: 5 }))
    expect([done.size, pending.size, bench.loop.nowNs()]).toEqual([0, 1, 5])
    expect(never.done).toBe(false)
    never.setResult()
    expect(bench.host.nextNs()).toBe(Number.POSITIVE_INFINITY)
  })

  it('does not keep the loop awake with the timer of a time-out that was not needed', async () => {
    const bench = new Bench()
    await bench.run(() => bench.loop.wait([bench.loop.spawn(async () => {})], { timeoutNs: MS }))
    await bench.settle()
    expect(bench.loop.nowNs()).toBe(0)
  })

  it('needs something to wait for', async () => {
    const bench = new Bench()
    expect((await errorOf(bench.loop.wait([]))).message).toBe('wait needs at least one future')
  })
})

describe('shield', () => {
  it('keeps a cancellation of its waiter from the task', async () => {
    const bench = new Bench()
    const { loop } = bench
    const inner = loop.spawn(sleeper(bench, 10))
    const outer = loop.spawn(async () => await loop.shield(inner))
    await bench.turns(1)
    outer.cancel()
    await bench.settle()
    expect([outer.cancelled, inner.result()]).toEqual([true, 10])
  })

  it('follows result, error and cancellation of the task', async () => {
    const bench = new Bench()
    const { loop } = bench
    const cancelled = loop.spawn(sleeper(bench, 9))
    loop.callLater(1, () => cancelled.cancel())
    const results = await bench.run(() =>
      loop.gather(
        [
          loop.shield(loop.spawn(sleeper(bench, 1))),
          loop.shield(loop.spawn(sleeper(bench, 2, true))),
          loop.shield(cancelled),
        ],
        { returnExceptions: true },
      ),
    )
    expect(results).toEqual([1, new Error('failed 2'), new CancelledError()])
  })

  it('returns what is done already as it is', () => {
    const { loop } = new Bench()
    const done = loop.createFuture()
    done.setResult()
    expect(loop.shield(done)).toBe(done)
  })
})

describe('timeout', () => {
  it('turns its own cancellation into a TimeoutError', async () => {
    const bench = new Bench()
    const { loop } = bench
    const error = await errorOf(bench.run(() => loop.timeout(2 * MS, sleeper(bench, 9 * MS))))
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toBe('Timed out after 2 ms')
    expect(error.cause).toBeInstanceOf(CancelledError)
    expect(loop.nowNs()).toBe(2 * MS)
  })

  it('gives the value where there is time, and takes its timer away', async () => {
    const bench = new Bench()
    expect(await bench.run(() => bench.loop.timeout(MS, sleeper(bench, 1)))).toBe(1)
    await bench.settle()
    expect(bench.loop.nowNs()).toBe(1)
  })

  it('of zero lets the body come to its first wait', async () => {
    const bench = new Bench()
    const body = async () => {
      bench.log.push('started')
      await bench.loop.sleep(MS)
    }
    expect(await errorOf(bench.run(() => bench.loop.timeout(0, body)))).toBeInstanceOf(TimeoutError)
    expect(bench.log).toEqual(['started'])
    expect(bench.loop.nowNs()).toBe(0)
  })

  it.each([
    ['inner', 1, 5],
    ['outer', 5, 1],
  ])('nested: only the %s one expires', async (which, innerNs, outerNs) => {
    const bench = new Bench()
    const { loop, log } = bench
    await bench.run(async () => {
      try {
        await loop.timeout(outerNs, async () => {
          try {
            await loop.timeout(innerNs, sleeper(bench, 9))
          } catch (error) {
            if (error instanceof TimeoutError) log.push('inner')
            else throw error
          }
        })
      } catch (error) {
        if (error instanceof TimeoutError) log.push('outer')
      }
      expect(loop.currentTask!.cancelling).toBe(0)
      await loop.sleep(1)
    })
    expect(log).toEqual(['cancelled 9', which])
  })

  it('lets a cancellation from outside through, even at the moment it expires', async () => {
    for (const cancelAtNs of [1, 2]) {
      const bench = new Bench()
      const { loop } = bench
      const task = loop.spawn(() => loop.timeout(2, sleeper(bench, 9)))
      loop.callAt(cancelAtNs, () => task.cancel())
      await bench.settle()
      expect(task.cancelled).toBe(true)
    }
  })

  it('lets errors of the body through', async () => {
    const bench = new Bench()
    const error = await errorOf(bench.run(() => bench.loop.timeout(MS, sleeper(bench, 1, true))))
    expect(error.message).toBe('failed 1')
  })

  it('is for tasks only', async () => {
    const { loop } = new Bench()
    expect((await errorOf(loop.timeout(1, async () => {}))).message).toContain('inside a task')
  })
})
