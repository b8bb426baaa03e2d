import { describe, expect, it } from 'vitest'
import type { Loop } from '../../harness/loop/loop.ts'
import { Semaphore } from '../../harness/loop/sync.ts'
import type {
  ThreadBody,
  ThreadGate,
  ThreadMistake,
  WrongThreadError,
} from '../../harness/loop/thread-gate.ts'
import { Bench, errorOf } from './bench.ts'
import { OWNED, REAL_GROUNDS } from './grounds.ts'

const double = { className: 'default', run: async (_: unknown, value: number) => value * 2 }

/** What a thread's function comes to behind a gate that offers `double` and what else is given. */
function inThread<R>(loop: Loop, body: ThreadBody<[], R>, offers = {}) {
  const gate = loop.openGate({ double, ...offers })
  return { gate, result: gate.startThread(body) }
}

function mistakeOf(error: Error): ThreadMistake | undefined {
  return (error as WrongThreadError).mistake
}

describe.each(REAL_GROUNDS)('a thread gate on $name', (ground) => {
  it('runs what several threads submit as tasks, and gives each thread its answers', async () => {
    const { results, threads, left } = await ground.run(async (loop) => {
      const seen = new Set<number>()
      const gate = loop.openGate({
        double: {
          run: async ({ thread }, value: number) => {
            seen.add(thread)
            await loop.sleep(1e6)
            return value * 2
          },
        },
      })
      const started = [1, 2, 3].map((number) =>
        gate.startThread(
          (port, n) => Promise.all([n, n + 10].map((v) => port.submit<number>('double', [v]))),
          number,
        ),
      )
      const all = await loop.gather(started)
      return {
        results: all,
        threads: [...seen].sort(),
        left: [gate.pendingCount, gate.threadCount, loop.taskCount],
      }
    })
    expect(results).toEqual([
      [2, 22],
      [4, 24],
      [6, 26],
    ])
    expect(threads).toEqual([0, 1, 2])
    expect(left).toEqual([0, 0, 1])
    expect(ground.complaints).toEqual([])
  })

  it('wakes a loop that sleeps, and tells when it was submitted, heard of and run, in this order', async () => {
    const { times, answeredNs } = await ground.run(async (loop) => {
      const note = {
        run: ({ submittedNs, heardNs }: { submittedNs: number; heardNs: number }) => [
          submittedNs,
          heardNs,
          loop.nowNs(),
        ],
      }
      const body: ThreadBody<[], Promise<[number[], number]>> = async (port) => {
        const beforeNs = port.nowNs()
        return [[beforeNs, ...(await port.submit<number[]>('note'))], port.nowNs()]
      }
      const [all, endNs] = await inThread(loop, body, { note }).result
      return { times: all, answeredNs: endNs }
    })
    expect([...times, answeredNs]).toEqual([...times, answeredNs].toSorted((a, b) => a - b))
    expect(times).toHaveLength(4)
  })

  it('brings back what a task throws, by name', async () => {
    const fail = {
      run: async () => {
        throw new RangeError('out of range')
      },
    }
    const body: ThreadBody<[], Promise<string>> = (port) =>
      port.submit('fail').then(String, ({ name, message }) => `${name} ${message}`)
    expect(await ground.run((loop) => inThread(loop, body, { fail }).result)).toBe('RangeError out of range')
    expect(ground.complaints).toEqual([])
  })

  it('gives up after the time-out, cancels the task, and goes on', async () => {
    const { answers, ended } = await ground.run(async (loop) => {
      let how = 'not cancelled'
      const hang = {
        run: async () => {
          try {
            await loop.sleep(60e9)
          } catch (error) {
            how = (error as Error).name
            throw error
          }
        },
      }
      const body: ThreadBody<[], Promise<unknown[]>> = async (port) => [
        await port.submit('hang', [], 5e6).catch(({ name, message }) => [name, message]),
        await port.submit('double', [4], 60e9),
      ]
      const { gate, result } = inThread(loop, body, { hang })
      return { answers: await result, ended: [how, gate.pendingCount, loop.taskCount] }
    })
    expect(answers).toEqual([['TimeoutError', 'hang was not answered within 5 ms'], 8])
    expect(ended).toEqual(['CancelledError', 0, 1])
  })

  it('tells threads that it is closed: those that wait, and those that come later', async () => {
    const { mistakes, left } = await ground.run(async (loop) => {
      const hang = { run: () => loop.sleep(60e9) }
      const body: ThreadBody<[], Promise<unknown[]>> = async (port) => {
        const mistake = (error: unknown) => (error as { mistake: string }).mistake
        return [await port.submit('hang').catch(mistake), await port.submit('double', [1]).catch(mistake)]
      }
      const { gate, result } = inThread(loop, body, { hang })
      while (gate.pendingCount === 0) await loop.sleep(1e6)
      gate.close()
      const late = gate.startThread((port) => port.submit('double', [1]).catch(({ mistake }) => mistake))
      return { mistakes: [...(await result), await late], left: [gate.threadCount, loop.taskCount] }
    })
    expect(mistakes).toEqual(['closed', 'closed', 'closed'])
    expect(left).toEqual([0, 1])
  })

  it('ends threads that never would, when it is terminated', async () => {
    const { error, left } = await ground.run(async (loop) => {
      const begun = loop.createFuture()
      const begin = { run: () => begun.setResult() }
      const body: ThreadBody<[], Promise<never>> = async (port) => {
        await port.submit('begin')
        for (;;);
      }
      const { gate, result } = inThread(loop, body, { begin })
      await begun
      gate.terminate()
      return { error: await errorOf(result), left: gate.threadCount }
    })
    expect(error.message).toBe('The thread ended, with code 1, before its function did')
    expect(left).toBe(0)
  })

  it('fails with what a thread throws where nobody can catch it, and cancels what it had submitted', async () => {
    const { error, left } = await ground.run(async (loop) => {
      const hang = { run: () => loop.sleep(60e9) }
      const body: ThreadBody<[], Promise<unknown>> = (port) => {
        setTimeout(() => {
          throw new RangeError('out of range')
        }, 1)
        return port.submit('hang')
      }
      const { gate, result } = inThread(loop, body, { hang })
      const failure = await errorOf(result)
      await loop.sleep(1e6)
      return { error: failure, left: [gate.threadCount, gate.pendingCount, loop.taskCount] }
    })
    expect([error.name, error.message, left]).toEqual(['RangeError', 'out of range', [0, 0, 1]])
  })

  it('ends with its loop, whatever its threads are doing', async () => {
    let gate: ThreadGate | undefined
    const failing = ground.run(async (loop) => {
      gate = inThread(loop, () => {
        for (;;);
      }).gate
      throw new Error('the program failed')
    })
    expect((await errorOf(failing)).message).toBe('the program failed')
    while (gate!.threadCount > 0) await new Promise(setImmediate)
  })

  it('ends a thread whose future is cancelled, and with it what it had submitted', async () => {
    const left = await ground.run(async (loop) => {
      const hang = { run: () => loop.sleep(60e9) }
      const { gate, result } = inThread(loop, (port) => port.submit('hang'), { hang })
      while (gate.pendingCount === 0) await loop.sleep(1e6)
      result.cancel()
      while (gate.threadCount > 0) await loop.sleep(1e6)
      await loop.yieldNow()
      await loop.yieldNow()
      return [gate.pendingCount, loop.taskCount]
    })
    expect(left).toEqual([0, 1])
  })
})

const outside = 3

describe('loop and threads mixed up', () => {
  it.each<[string, ThreadMistake, string, (loop: Loop) => PromiseLike<unknown>]>([
    [
      'a future sent to a thread',
      'loop-object',
      "args.0.answer is a Future and belongs to its loop's thread: send its value instead",
      async (loop) =>
        loop.openGate({}).startThread((_port, { answer }) => answer.done, { answer: loop.createFuture() }),
    ],
    [
      'a loop sent to a thread',
      'loop-object',
      "args.0 is a Loop and belongs to its loop's thread: send its value instead",
      async (loop) => loop.openGate({}).startThread((_port, other) => void other, loop),
    ],
    [
      'a task sent to a thread',
      'loop-object',
      "args.0.0 is a Task and belongs to its loop's thread: send its value instead",
      async (loop) => loop.openGate({}).startThread((_port, tasks) => tasks.length, [loop.currentTask]),
    ],
    [
      'a function sent to a thread',
      'unsendable',
      'args.0.callback is a function: offer it through the gate, by name',
      async (loop) =>
        loop.openGate({}).startThread((_port, { callback }) => callback(), { callback: () => {} }),
    ],
    [
      'a semaphore as an answer',
      'loop-object',
      "the answer.permits is a Semaphore and belongs to its loop's thread: send its value instead",
      (loop) => {
        const offers = { make: { run: () => ({ permits: new Semaphore(loop) }) } }
        return relayed(loop, (port) => port.submit('make'), offers)
      },
    ],
    [
      'an answer that has no copy',
      'unsendable',
      'The answer cannot be sent to a thread: Symbol(mark) could not be cloned.',
      (loop) => relayed(loop, (port) => port.submit('mark'), { mark: { run: () => Symbol('mark') } }),
    ],
    [
      "a thread's result that has no copy",
      'unsendable',
      'A thread cannot send its result: () => {} could not be cloned.',
      (loop) => inThread(loop, () => () => {}).result,
    ],
    [
      'a function submitted',
      'unsendable',
      'Cannot submit double: () => {} could not be cloned.',
      (loop) => relayed(loop, (port) => port.submit('double', [() => {}])),
    ],
    [
      'a function that nobody offers',
      'not-offered',
      "The loop offers no function 'treble' to threads, but double",
      (loop) => relayed(loop, (port) => port.submit('treble')),
    ],
    [
      'a name that every object has',
      'not-offered',
      "The loop offers no function 'toString' to threads, but double",
      (loop) => relayed(loop, (port) => port.submit('toString')),
    ],
    [
      'a closure in a thread',
      'closure',
      'The function of a thread cannot see what is around it (outside is not defined): pass it as an argument',
      (loop) => inThread(loop, () => outside).result,
    ],
    [
      "another loop's future behind an offered function",
      'other-loop',
      'wait returned a future of another loop: offer it through a gate of that loop',
      (loop) => {
        const { loop: other } = new Bench()
        return relayed(loop, (port) => port.submit('wait'), { wait: { run: () => other.createFuture() } })
      },
    ],
  ])('%s: is detected and named', async (_, mistake, message, make) => {
    const error = await errorOf(OWNED.run(make))
    expect([error.name, mistakeOf(error), error.message]).toEqual(['WrongThreadError', mistake, message])
  })

  it('takes plain data of any shape, in circles as well', async () => {
    const sent = await OWNED.run((loop) => {
      const circle: { bytes: Uint8Array; tags: Set<string>; self?: unknown } = {
        bytes: new Uint8Array([1, 2]),
        tags: new Set(['a']),
      }
      circle.self = circle
      return loop.openGate({}).startThread((_, c) => [c.bytes.length, c.tags.has('a'), c.self === c], circle)
    })
    expect(sent).toEqual([2, true, true])
  })

  it('has no gate in virtual time', () => {
    expect(() => new Bench().loop.openGate({})).toThrow('A thread runs in real time')
  })

  // asyncio forbids this outside of its thread. Here a Node callback is in the loop's thread, between two turns.
  it('is not what a callback of Node does: the loop wakes, and who is woken runs in its own turn', async () => {
    const [value, task] = await OWNED.run(async (loop) => {
      const future = loop.createFuture<unknown>()
      setTimeout(() => loop.callSoon(() => future.setResult(loop.currentTask)), 3)
      return ['woken', await future]
    })
    expect([value, task]).toEqual(['woken', undefined])
  })

  it("is not what completing another loop's future does: its waiter runs in that loop's turn", async () => {
    const [one, other] = [new Bench(), new Bench()]
    const future = other.loop.createFuture<string>()
    const waiting = other.loop.spawn(async () => `${await future} in turn ${other.loop.turns}`)
    await other.turns(1)
    one.loop.callSoon(() => future.setResult('woken'))
    await one.turns(1)
    expect(waiting.done).toBe(false)
    await other.turns(1)
    expect(waiting.result()).toBe('woken in turn 2')
  })
})

/** The thread's own failure as that of its future. */
function relayed(loop: Loop, body: ThreadBody<[], unknown>, offers = {}) {
  return inThread(loop, body, offers).result
}
