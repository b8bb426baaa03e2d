import { describe, expect, it } from 'vitest'
import { InvalidStateError } from '../../harness/loop/future.ts'
import { Bench, errorOf, MS } from './bench.ts'

describe('a task', () => {
  it('runs its first step in the next turn', async () => {
    const bench = new Bench()
    bench.loop.spawn(async () => void bench.log.push('task'))
    bench.log.push('spawned')
    await bench.turns(1)
    expect(bench.log).toEqual(['spawned', 'task'])
  })

  it('may be an async function, a generator function or a plain function', async () => {
    const bench = new Bench()
    const { loop } = bench
    const results = await bench.run(() =>
      loop.gather<unknown>(
        [
          async () => 'async',
          function* () {
            yield
            return 'generator'
          },
          () => 'plain',
          () => {
            throw new Error('plain')
          },
        ],
        { returnExceptions: true },
      ),
    )
    expect(results).toEqual(['async', 'generator', 'plain', new Error('plain')])
  })

  it('gives way once with yieldNow and sleep(0), in either form', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    loop.spawn(async () => {
      for (const step of [1, 2, 3]) {
        log.push(`async ${step}`)
        await (step === 1 ? loop.yieldNow() : loop.sleep(0))
      }
    })
    loop.spawn(function* () {
      for (const step of [1, 2, 3]) {
        log.push(`generator ${step}`)
        yield step === 1 ? undefined : loop.sleep(0)
      }
    })
    await bench.settle()
    expect(log).toEqual(['async 1', 'generator 1', 'async 2', 'generator 2', 'async 3', 'generator 3'])
    expect(loop.nowNs()).toBe(0)
  })

  it('sleeps as long as it says', async () => {
    const bench = new Bench()
    const { loop } = bench
    await bench.run(async () => {
      await loop.sleep(3 * MS)
      expect(loop.nowNs()).toBe(3 * MS)
    })
  })

  it('knows itself as the current task after every await', async () => {
    const bench = new Bench()
    const { loop } = bench
    const seen = new Set<unknown>()
    const body = async () => {
      seen.add(loop.currentTask?.name)
      await loop.yieldNow()
      seen.add(loop.currentTask?.name)
      await loop.sleep(1)
      seen.add(loop.currentTask?.name)
    }
    await bench.run(() => loop.gather([body]))
    expect([...seen]).toEqual(['body'])
    expect(loop.currentTask).toBeUndefined()
  })

  it('that awaits a failed future or task gets its error', async () => {
    const bench = new Bench()
    const { loop } = bench
    const error = await errorOf(
      bench.run(async () => {
        await loop.spawn(async () => {
          await loop.sleep(1)
          throw new Error('inner')
        })
      }),
    )
    expect(error.message).toBe('inner')
  })

  it('cannot await itself', async () => {
    const bench = new Bench()
    const { loop } = bench
    expect((await errorOf(bench.run(async () => await loop.currentTask))).message).toContain('await itself')
    const generator = bench.run(function* () {
      yield loop.currentTask
    })
    expect((await errorOf(generator)).message).toContain('await itself')
  })

  it('sets its own result', () => {
    const task = new Bench().loop.spawn(async () => {})
    expect(() => task.setResult()).toThrow(InvalidStateError)
    expect(() => task.setError()).toThrow(InvalidStateError)
  })

  it('is listed until it ends, and forgets its neighbours', async () => {
    const bench = new Bench()
    const { loop } = bench
    const tasks = [3, 1, 2].map((ns) =>
      loop.spawn(async () => void (await loop.sleep(ns)), { name: `${ns}` }),
    )
    expect([...loop.tasks()].map((task) => task.name)).toEqual(['2', '1', '3'])
    await bench.turns(1)
    bench.host.clock.advanceTo(1)
    await bench.turns(2)
    expect([...loop.tasks()].map((task) => task.name)).toEqual(['2', '3'])
    await bench.settle()
    expect([loop.taskCount, ...loop.tasks()]).toEqual([0])
    expect(tasks.every((task) => task.newer === undefined && task.older === undefined)).toBe(true)
  })
})

describe('a generator coroutine', () => {
  it('gets values and errors of futures, of yield and of yield* alike', async () => {
    const bench = new Bench()
    const { loop } = bench
    const value = await bench.run(function* () {
      const future = loop.createFuture<number>()
      loop.callLater(1, () => future.setResult(20))
      const first: number = yield future
      const second = yield* loop.spawn(async () => 2)
      try {
        yield loop.spawn(() => Promise.reject(new Error('caught')))
      } catch (error) {
        return `${first + second} ${(error as Error).message}`
      }
    })
    expect(value).toBe('22 caught')
  })

  it('may await a promise of Node', async () => {
    const bench = new Bench()
    expect(
      await bench.run(function* () {
        return (yield Promise.resolve('value')) as string
      }),
    ).toBe('value')
  })

  it('does not give way for what is done, however often', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const done = loop.createFuture<number>()
    done.setResult(1)
    await bench.run(function* () {
      loop.callSoon(bench.note('other'))
      let sum = 0
      for (let i = 0; i < 50_000; i++) sum += yield* done
      log.push(sum)
    })
    expect(log[0]).toBe(50_000)
  })

  it('is told when it yields what is no future', async () => {
    const bench = new Bench()
    const wrong = (yielded: unknown) =>
      errorOf(
        bench.run(function* () {
          yield yielded
        }),
      )
    expect((await wrong(7)).message).toBe('A coroutine may yield futures, not number')
    expect((await wrong((function* () {})())).message).toContain('write yield*')
  })
})

describe('a task that awaits a promise the loop knows nothing of', () => {
  it('is reported once, with the remedy', async () => {
    const bench = new Bench()
    let resolve!: () => void
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    const task = bench.loop.spawn(
      async () => {
        await promise
        await Promise.resolve(promise)
        await new Promise(() => {})
      },
      { name: 'stray' },
    )
    await bench.turns(1)
    bench.loop.callSoon(resolve)
    await bench.turns(2)
    expect(task.done).toBe(false)
    expect(bench.complaints).toEqual([
      "Task stray awaits a promise that is not the loop's: what follows runs outside the policy and cannot be " +
        'cancelled; write await loop.fromPromise(promise)',
    ])
  })

  it('is not reported where it awaits async functions of its own', async () => {
    const bench = new Bench()
    const { loop } = bench
    const inner = async () => {
      await loop.sleep(1)
      await Promise.resolve()
      return loop.gather([async () => 1])
    }
    await bench.run(async () => {
      await Promise.all([inner(), inner()])
      for await (const _ of (async function* () {
        yield await loop.sleep(1)
      })());
    })
    expect(bench.complaints).toEqual([])
  })
})
