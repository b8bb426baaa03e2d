import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../harness/loop/future.ts'
import type { TaskGroup } from '../../harness/loop/task-group.ts'
import { Bench, errorOf, MS } from './bench.ts'

function sleeper(bench: Bench, name: string, delayNs: number, fails = false) {
  return async () => {
    try {
      await bench.loop.sleep(delayNs)
    } catch (error) {
      bench.log.push(`${name} cancelled`)
      throw error
    }
    if (fails) throw new Error(name)
    bench.log.push(`${name} done`)
    return name
  }
}

const messages = (error: unknown) => (error as AggregateError).errors.map((each: Error) => each.message)

describe('a task group', () => {
  it('returns the value of its body when all its tasks have ended', async () => {
    const bench = new Bench()
    const value = await bench.run(() =>
      bench.loop.taskGroup(async (group) => {
        group.spawn(sleeper(bench, 'a', 2))
        group.spawn(sleeper(bench, 'b', 1))
        return 'value'
      }),
    )
    expect(value).toBe('value')
    expect(bench.log).toEqual(['b done', 'a done'])
  })

  it('cancels siblings and body when a task fails, and collects the errors', async () => {
    const bench = new Bench()
    const error = await errorOf(
      bench.run(() =>
        bench.loop.taskGroup(async (group) => {
          group.spawn(sleeper(bench, 'fails', 1, true))
          group.spawn(sleeper(bench, 'sibling', MS))
          group.spawn(async () => {
            await sleeper(bench, 'second', MS)().catch(() => {
              throw new Error('while cancelled')
            })
          })
          await sleeper(bench, 'body', MS)()
        }),
      ),
    )
    expect(messages(error)).toEqual(['fails', 'while cancelled'])
    expect(bench.log.sort()).toEqual(['body cancelled', 'second cancelled', 'sibling cancelled'])
    expect(bench.loop.nowNs()).toBe(1)
  })

  it('leaves the parent uncancelled after its own abort', async () => {
    const bench = new Bench()
    const { loop } = bench
    await bench.run(async () => {
      const group = loop.taskGroup(async (each) => {
        each.spawn(sleeper(bench, 'fails', 1, true))
      })
      await errorOf(group)
      expect(loop.currentTask!.cancelling).toBe(0)
      await loop.sleep(1)
    })
  })

  it('cancels its tasks when the body fails, whatever was thrown', async () => {
    for (const thrown of [new Error('body'), undefined]) {
      const bench = new Bench()
      const error = await errorOf(
        bench.run(() =>
          bench.loop.taskGroup(async (group) => {
            group.spawn(sleeper(bench, 'child', MS))
            await bench.loop.yieldNow()
            throw thrown
          }),
        ),
      )
      expect((error as unknown as AggregateError).errors).toEqual([thrown])
      expect(bench.log).toEqual(['child cancelled'])
    }
  })

  it('cancels its tasks when the parent is cancelled, and passes that on', async () => {
    for (const inBody of [true, false]) {
      const bench = new Bench()
      const parent = bench.loop.spawn(() =>
        bench.loop.taskGroup(async (group) => {
          group.spawn(sleeper(bench, 'child', MS))
          if (inBody) await bench.loop.sleep(MS)
        }),
      )
      await bench.turns(2)
      parent.cancel()
      await bench.settle()
      expect(parent.cancelled).toBe(true)
      expect(bench.log).toEqual(['child cancelled'])
    }
  })

  it('prefers errors to a cancellation, which stays pending', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    const parent = loop.spawn(async () => {
      const group = loop.taskGroup(async (each) => {
        each.spawn(async () => {
          await Promise.resolve(loop.sleep(MS)).catch(() => {})
        })
        each.spawn(async () => {
          await Promise.resolve(loop.sleep(MS)).catch(() => {
            throw new Error('on the way out')
          })
        })
        await loop.sleep(MS)
      })
      log.push(messages(await errorOf(group)), loop.currentTask!.cancelling)
      await loop.sleep(1)
      log.push('never')
    })
    await bench.turns(2)
    parent.cancel()
    await bench.settle()
    expect(log).toEqual([['on the way out'], 1])
    expect(parent.cancelled).toBe(true)
  })

  it('ignores tasks that were cancelled on their own', async () => {
    const bench = new Bench()
    await bench.run(() =>
      bench.loop.taskGroup(async (group) => {
        const task = group.spawn(sleeper(bench, 'alone', MS))
        await bench.loop.yieldNow()
        task.cancel()
      }),
    )
    expect(bench.log).toEqual(['alone cancelled'])
  })

  it('nests: an inner failure comes out of both', async () => {
    const bench = new Bench()
    const error = await errorOf(
      bench.run(() =>
        bench.loop.taskGroup(async (outer) => {
          outer.spawn(sleeper(bench, 'outer child', MS))
          await bench.loop.taskGroup(async (inner) => {
            inner.spawn(sleeper(bench, 'inner', 1, true))
          })
        }),
      ),
    )
    const [inner] = (error as unknown as AggregateError).errors
    expect(messages(inner)).toEqual(['inner'])
    expect(bench.log).toEqual(['outer child cancelled'])
  })

  it('takes tasks from its tasks, but none once it shuts down or has ended', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    let kept: TaskGroup | undefined
    await errorOf(
      bench.run(() =>
        loop.taskGroup(async (group) => {
          kept = group
          group.spawn(async () => void group.spawn(sleeper(bench, 'grandchild', 1)))
          group.spawn(async () => {
            await Promise.resolve(loop.sleep(5)).catch(() => {})
          })
          await loop.sleep(2)
          group.spawn(() => Promise.reject(new Error('abort')))
          await Promise.resolve(loop.sleep(9)).catch(() => {
            log.push(errorNow(() => group.spawn(async () => {})))
          })
        }),
      ),
    )
    expect(log).toEqual(['grandchild done', 'The task group is shutting down: it takes no more tasks'])
    expect(errorNow(() => kept!.spawn(async () => {}))).toBe('The task group has ended')
  })

  it('is for tasks only', async () => {
    const error = await errorOf(new Bench().loop.taskGroup(async () => {}))
    expect(error.message).toContain('inside a task')
  })

  it('lets a timeout around it expire as a timeout', async () => {
    const bench = new Bench()
    const error = await errorOf(
      bench.run(() =>
        bench.loop.timeout(5, () =>
          bench.loop.taskGroup(async (group) => {
            group.spawn(sleeper(bench, 'child', MS))
          }),
        ),
      ),
    )
    expect(error.name).toBe('TimeoutError')
    expect(error.cause).toBeInstanceOf(CancelledError)
    expect(bench.log).toEqual(['child cancelled'])
  })
})

function errorNow(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}
