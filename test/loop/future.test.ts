import { describe, expect, it } from 'vitest'
import { CancelledError, type Future, InvalidStateError } from '../../harness/loop/future.ts'
import { Bench, errorOf } from './bench.ts'

describe('a future', () => {
  it('schedules its done-callbacks in order of registration and never calls them at once', async () => {
    const bench = new Bench()
    const future = bench.loop.createFuture<number>()
    for (const name of ['a', 'b', 'c']) future.addDoneCallback(bench.note(name))
    future.setResult(1)
    expect(bench.log).toEqual([])
    future.addDoneCallback((done) => bench.log.push(done.result()))
    expect(bench.log).toEqual([])
    await bench.turns(1)
    expect(bench.log).toEqual(['a', 'b', 'c', 1])
  })

  it('schedules callbacks and awaiting tasks together, in order of registration', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    await bench.run(async () => {
      const future = loop.createFuture()
      future.addDoneCallback(bench.note('callback 1'))
      const task = loop.spawn(async () => {
        await future
        log.push('task')
      })
      await loop.yieldNow()
      future.addDoneCallback(bench.note('callback 2'))
      future.setResult()
      await task
    })
    expect(log).toEqual(['callback 1', 'task', 'callback 2'])
  })

  it('removes every registration of a callback and says how many', async () => {
    const bench = new Bench()
    const future = bench.loop.createFuture()
    const callback = bench.note('removed')
    future.addDoneCallback(callback)
    future.addDoneCallback(bench.note('kept'))
    future.addDoneCallback(callback)
    expect(future.removeDoneCallback(callback)).toBe(2)
    expect(future.removeDoneCallback(callback)).toBe(0)
    future.setResult()
    await bench.settle()
    expect(bench.log).toEqual(['kept'])
  })

  it('knows what it came to', () => {
    const { loop } = new Bench()
    const [pending, resolved, failed, cancelled] = Array.from({ length: 4 }, () =>
      loop.createFuture<number>(),
    )
    resolved!.setResult(1)
    failed!.setError(new Error('no'))
    cancelled!.cancel('why')
    expect(() => pending!.result()).toThrow(InvalidStateError)
    expect(() => pending!.error()).toThrow(InvalidStateError)
    expect([resolved!.result(), resolved!.error()]).toEqual([1, undefined])
    expect(() => failed!.result()).toThrow('no')
    expect(failed!.error()).toBeInstanceOf(Error)
    expect(() => cancelled!.result()).toThrow(new CancelledError('why'))
    expect(() => cancelled!.error()).toThrow(CancelledError)
  })

  it('cannot be completed twice, and a refused error is not reported as unseen', () => {
    const bench = new Bench()
    const future = bench.loop.createFuture<number>()
    future.setResult(1)
    expect(() => future.setResult(2)).toThrow(InvalidStateError)
    expect(() => future.setError(new Error('late'))).toThrow(InvalidStateError)
    expect(future.cancel()).toBe(false)
    bench.loop.reportUnretrieved()
    expect(bench.reports).toEqual([])
  })

  it('fails with an error even where undefined was thrown', () => {
    const { loop } = new Bench()
    const future = loop.createFuture()
    future.setError(undefined)
    expect(future.error()).toEqual(new Error('undefined was thrown'))
  })

  it('that is awaited while done does not give way', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    await bench.run(async () => {
      const done = loop.createFuture<string>()
      done.setResult('value')
      loop.callSoon(bench.note('other'))
      log.push(await done)
    })
    await bench.settle()
    expect(log).toEqual(['value', 'other'])
  })

  it('can be awaited outside any task', async () => {
    const bench = new Bench()
    const future = bench.loop.createFuture<number>()
    const awaiting = (async () => bench.log.push(await future))()
    await Promise.resolve()
    future.setResult(7)
    await bench.turns(1)
    await awaiting
    expect(bench.log).toEqual([7])
  })

  it('serves Promise.all and then with one argument', async () => {
    const bench = new Bench()
    const future = bench.loop.createFuture<number>()
    bench.loop.callLater(5, () => future.setResult(3))
    expect(await bench.run(() => Promise.all([future, future, 1]))).toEqual([3, 3, 1])
    const failing = bench.loop.createFuture()
    failing.then(() => {})
    failing.setError(new Error('ignored'))
    await bench.settle()
    expect(bench.reports).toEqual([])
  })
})

describe('fromPromise', () => {
  it('follows a promise and carries the class of whoever waits', async () => {
    const bench = new Bench({ classes: { urgent: { priority: -5 } } })
    const { loop, log } = bench
    let resolve!: (value: string) => void
    const promise = new Promise<string>((done) => {
      resolve = done
    })
    const task = loop.spawn(
      async () => {
        log.push(await loop.fromPromise(promise), loop.currentAttributes.className)
      },
      { className: 'urgent' },
    )
    await bench.turns(1)
    resolve('value')
    await promise
    await bench.turns(1)
    expect(log).toEqual(['value', 'urgent'])
    expect(task.done).toBe(true)
  })

  it('follows a failure', async () => {
    const bench = new Bench()
    const error = await errorOf(bench.run(() => bench.loop.fromPromise(Promise.reject(new Error('no')))))
    expect(error.message).toBe('no')
  })

  it('returns a future as it is', () => {
    const { loop } = new Bench()
    const future: Future<number> = loop.createFuture<number>()
    expect(loop.fromPromise(future)).toBe(future)
  })
})
