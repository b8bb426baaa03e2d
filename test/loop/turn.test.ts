import { describe, expect, it } from 'vitest'
import type { Clock, EmitIo, Handle, Selector } from '../../harness/contracts.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import { Loop } from '../../harness/loop/loop.ts'
import type { Services } from '../../harness/loop/services.ts'
import { Bench, Fifo, inMacrotask, MS } from './bench.ts'

describe('a turn', () => {
  it('runs handles in the order they became ready, numbered one by one', async () => {
    const pushed: number[] = []
    const observer = { name: 'o', handlePushed: (handle: Handle) => pushed.push(handle.sequence) }
    const bench = new Bench({ observers: [observer] })
    for (const name of ['a', 'b', 'c']) bench.loop.callSoon(bench.note(name))
    await bench.turns(1)
    expect(bench.log).toEqual(['a', 'b', 'c'])
    expect(pushed).toEqual([0, 1, 2])
  })

  it('leaves a callback scheduled during the turn to the next one', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    loop.callSoon(() => {
      log.push('first')
      loop.callSoon(bench.note('second'))
    })
    await bench.turns(1)
    expect(log).toEqual(['first'])
    await bench.turns(1)
    expect(log).toEqual(['first', 'second'])
  })

  it('takes first what was ready, then I/O, then due timers', async () => {
    const bench = new Bench()
    bench.loop.callAt(5, bench.note('timer'))
    bench.deliverAt(5, 'io')
    bench.host.clock.advanceTo(10)
    bench.loop.callSoon(bench.note('ready'))
    await bench.turns(1)
    expect(bench.log).toEqual(['ready', 'io', 'timer'])
  })

  it('runs no more handles than the policy allows before it looks at I/O again', async () => {
    const bench = new Bench({ queue: new Fifo(2) })
    for (const name of ['a', 'b', 'c']) bench.loop.callSoon(bench.note(name))
    bench.deliverAt(0, 'io')
    await bench.turns(1)
    expect(bench.log).toEqual(['a', 'b'])
    await bench.turns(1)
    expect(bench.log).toEqual(['a', 'b', 'c', 'io'])
  })

  it('skips a cancelled handle', async () => {
    const bench = new Bench()
    bench.loop.callSoon(bench.note('cancelled')).cancel()
    bench.loop.callSoon(bench.note('live'))
    await bench.turns(1)
    expect(bench.log).toEqual(['live'])
  })

  it('cannot be taken from inside a turn', async () => {
    const bench = new Bench()
    bench.loop.callSoon(() => bench.loop.turn())
    await bench.turns(1)
    expect(bench.complaints).toEqual(['Exception in callback: turn() was called from inside a turn'])
  })

  it('passes the argument of callSoon on', async () => {
    const bench = new Bench()
    bench.loop.callSoon((entry: string) => bench.log.push(entry), 'argument')
    await bench.turns(1)
    expect(bench.log).toEqual(['argument'])
  })

  it('counts turns and looks at I/O', async () => {
    const bench = new Bench()
    await bench.turns(3)
    expect([bench.loop.turns, bench.loop.selects]).toEqual([3, 3])
  })
})

describe('an I/O event after a sleep', () => {
  it('is ready from when the sleep ended, not from when it began', async () => {
    const readyAtNs: number[] = []
    const clock = new VirtualClock()
    const event = new Bench().ioEvent('io')
    const sleepy = {
      wake: () => {},
      select(_timeoutNs: number, emit: EmitIo) {
        clock.advanceTo(5 * MS) // what a real clock does unseen, until somebody reads it
        emit(event)
        return 1
      },
    }
    const unread = {
      kind: 'real',
      lastNs: 0,
      workedNs: 0,
      work: () => {},
      nowNs: () => (unread.lastNs = clock.nowNs()),
    } as Unread
    const observers = [{ name: 'o', handlePushed: (handle: Handle) => readyAtNs.push(handle.readyAtNs) }]
    const loop = new Loop({
      policy: { queue: new Fifo(), observers },
      clock: unread,
      selector: sleepy as unknown as Selector,
      services: {} as Services,
    })
    await inMacrotask(() => loop.turn())
    expect(readyAtNs).toEqual([5 * MS])
  })
})

type Unread = { -readonly [K in keyof Clock]: Clock[K] }

describe('microtasks', () => {
  it('run inside the handle that queued them, before the next handle', async () => {
    const bench = new Bench()
    const { loop, log } = bench
    loop.callSoon(() => {
      void Promise.resolve().then(() => log.push('microtask', loop.currentAttributes.className))
      process.nextTick(() => log.push('tick'))
      log.push('first')
    })
    loop.callSoon(bench.note('second'))
    await bench.turns(1)
    expect(log).toEqual(['first', 'tick', 'microtask', 'default', 'second'])
  })
})

describe('exceptions', () => {
  it('of a callback go to the handler and never out of turn()', async () => {
    const bench = new Bench()
    bench.loop.callSoon(function broken() {
      throw new Error('oops')
    })
    bench.loop.callSoon(bench.note('next'))
    await bench.turns(1)
    expect(bench.complaints).toEqual(['Exception in broken: oops'])
    expect(bench.log).toEqual(['next'])
  })

  it('of a tick go to the handler as well', async () => {
    const bench = new Bench()
    bench.loop.callSoon(() => {
      process.nextTick(() => {
        throw new Error('oops')
      })
    })
    bench.loop.callSoon(bench.note('next'))
    await bench.turns(1)
    expect(bench.complaints).toEqual(['Exception in a tick after callback: oops'])
    expect(bench.log).toEqual(['next'])
  })

  it('of the handler itself go to stderr, and the loop goes on', async () => {
    const bench = new Bench()
    const written = captureStderr()
    bench.loop.setExceptionHandler(() => {
      throw new Error('handler')
    })
    bench.loop.callSoon(() => {
      throw new Error('callback')
    })
    bench.loop.callSoon(bench.note('next'))
    await bench.turns(1)
    expect(written.end()).toBe('Exception in callback: callback\nThe exception handler threw: handler\n')
    expect(bench.log).toEqual(['next'])
  })

  it('of a task that nobody looked at are reported, once', async () => {
    const bench = new Bench()
    bench.loop.spawn(
      async () => {
        throw new Error('unseen')
      },
      { name: 'failing' },
    )
    await bench.settle()
    bench.loop.reportUnretrieved()
    bench.loop.reportUnretrieved()
    expect(bench.complaints).toEqual(['Exception of task failing was never retrieved: unseen'])
  })

  it('that only a done-callback passed by are reported too', async () => {
    const bench = new Bench()
    const task = bench.loop.spawn(() => Promise.reject(new Error('unseen')), { name: 'failing' })
    task.addDoneCallback(bench.note('done'))
    await bench.settle()
    bench.loop.reportUnretrieved()
    expect(bench.complaints).toEqual(['Exception of task failing was never retrieved: unseen'])
  })

  it('that somebody saw are not reported', async () => {
    const bench = new Bench()
    await bench.run(async () => {
      const task = bench.loop.spawn(() => Promise.reject(new Error('seen')))
      await Promise.resolve(task).catch(() => {})
    })
    bench.loop.reportUnretrieved()
    expect(bench.complaints).toEqual([])
  })
})

describe('what comes from outside a turn', () => {
  it('wakes the loop and is ready from that moment, not from the last turn', async () => {
    const bench = new Bench()
    const { loop, host } = bench
    let woken = 0
    host.selector.wake = () => {
      woken++
    }
    await bench.turns(1)
    host.clock.advanceTo(7 * MS)
    expect(loop.callSoon(() => {}).readyAtNs).toBe(7 * MS)
    expect(woken).toBe(1)
    expect(loop.callSoonThreadsafe(() => {}).sequence).toBe(1)
    expect(woken).toBeGreaterThan(1)
  })

  it('callSoonThreadsafe wakes the loop from inside a turn as well', async () => {
    const bench = new Bench()
    let woken = 0
    bench.host.selector.wake = () => {
      woken++
    }
    await inMacrotask(() => {
      bench.loop.callSoon(() => bench.loop.callSoonThreadsafe(bench.note('soon')))
      woken = 0
      bench.loop.turn()
      expect(woken).toBe(1)
      bench.loop.turn()
    })
    expect(bench.log).toEqual(['soon'])
  })
})

function captureStderr() {
  const { write } = process.stderr
  let text = ''
  process.stderr.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof write
  return {
    end() {
      process.stderr.write = write
      return text
    },
  }
}
