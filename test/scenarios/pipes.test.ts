import { describe, expect, test } from 'vitest'
import {
  Deque,
  type Handle,
  isFdSelector,
  type LoopObserver,
  openPipe,
  type Pipe,
  type PipeKind,
  type SelectorName,
} from '../../harness/api.ts'
import { ms } from '../../harness/durations.ts'
import { UnsupportedError } from '../../harness/errors.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import { Loop } from '../../harness/loop/loop.ts'
import type { Services } from '../../harness/loop/services.ts'
import { createSelector } from '../../harness/selectors/registry.ts'
import { unavailableReason } from '../../harness/selectors/syscalls.ts'
import { bySelector } from '../../scenarios/pipes/by-selector.ts'
import { type Channel, type WatchPipe, watchPipe } from '../../scenarios/pipes/channels.ts'
import { Ring } from '../../scenarios/pipes/ring.ts'
import pipes, { measureSizes } from '../../scenarios/pipes.ts'
import { realLoop, run } from './bench-loop.ts'
import { testContext } from './context.ts'

const PARAMS = { sizes: '3,8', active: 2, writes: 20, runs: 2 }
/** Unmeasured runs: those of the warm-up, and one of each size. */
const WARM_UP_RUNS = 3

interface Options {
  readonly loop?: Loop
  readonly watch?: WatchPipe
  readonly params?: object
}

async function measure({ loop = realLoop({ event: {} }), watch, params }: Options = {}) {
  const { ctx, measured, failures } = testContext(pipes, { ...PARAMS, ...params })
  const rings: Ring[] = []
  const makeRing = (opened: readonly Pipe[]) => {
    rings.push(new Ring(loop, opened, watch, ms(100)))
    return rings[0]!
  }
  await run(loop, () => measureSizes(loop, ctx, makeRing, 1)).finally(() => loop.close())
  return { ...measured, failures }
}

/** First come first served, over a selector of that name. */
function loopOn(name: string, ...observers: LoopObserver[]): Loop {
  const clock = new RealClock()
  const queue = new Deque<Handle>()
  const policy = { queue, observers }
  const selector = createSelector(name as SelectorName, clock)
  const services = { close() {} } as unknown as Services
  return new Loop({ policy, selector, clock, services, classes: { event: {} } })
}

/** A pipe whose doings are counted or spoilt on their way. */
function watchThat(
  spoil: (honest: Channel, received: (bytes: number) => void) => Partial<Channel>,
): WatchPipe {
  return (loop, pipe, received) => {
    const honest = watchPipe(loop, pipe, received)
    return { send: () => honest.send(), close: () => honest.close(), ...spoil(honest, received) }
  }
}

describe.runIf(unavailableReason() === undefined)('pipes', () => {
  test.each<[PipeKind, string]>([
    ['pipe', 'epoll'],
    ['pipe', 'poll'],
    ['socketpair', 'poll'],
    ['socketpair', 'select'],
  ])(
    'reads from each %s under %s exactly the bytes thrown in and those written after them',
    async (kind, name) => {
      let events = 0
      const watch: WatchPipe = (loop, pipe, received) =>
        watchPipe(loop, pipe, (bytes) => {
          events += bytes
          received(bytes)
        })
      const { failures, values, operations } = await measure({ loop: loopOn(name), watch, params: { kind } })
      expect(failures).toEqual([])
      expect(operations).toBe(2 * 2 * (2 + 20))
      expect(events).toBe(operations + WARM_UP_RUNS * (2 + 20))
      expect([...values.keys()].sort()).toEqual(['perEvent.3', 'perEvent.8', 'perEvent.growth'])
    },
  )

  test('goes through the ready queue: an event a byte where bytes are never together', async () => {
    const names: string[] = []
    const observer = { name: 'names', handleStarted: (handle: Handle) => names.push(handle.name) }
    const { failures, operations } = await measure({ loop: loopOn('epoll', observer), params: { active: 1 } })
    expect(failures).toEqual([])
    expect(names.filter((name) => name === 'pipe')).toHaveLength(operations + WARM_UP_RUNS * 21)
  })

  test('stops at the size that select has no room for', async () => {
    const { failures, values } = await measure({ loop: loopOn('select'), params: { sizes: '3,1000' } })
    expect(failures).toEqual([])
    expect([...values.keys()]).toEqual(['perEvent.3'])
  })

  test('is unsupported where select has no room for the smallest size', async () => {
    const measuring = measure({ loop: loopOn('select'), params: { sizes: '1000' } })
    await expect(measuring).rejects.toThrow(UnsupportedError)
    await expect(measuring).rejects.toThrow(
      '1000 pipes are too many here: select watches no descriptor above 1023',
    )
  })

  test('refuses more bytes at once than there are pipes', () => {
    expect(pipes.params.safeParse({ sizes: '2,10', active: 3 }).success).toBe(false)
  })
})

describe.runIf(unavailableReason() === undefined)('pipes notices', () => {
  test('a byte that is lost', async () => {
    let sent = 0
    const loses = watchThat((honest) => ({ send: () => ++sent === 100 || honest.send() }))
    const { failures } = await measure({ watch: loses, params: { active: 1, runs: 5 } })
    expect(failures[0]).toMatch(/^\d+ bytes were written and \d+ read, not 1 \+ 20$/)
  })

  test('a byte that is read twice', async () => {
    let read = 0
    const twice: WatchPipe = (loop, pipe, received) =>
      watchPipe(loop, pipe, (bytes) => received(++read === 30 ? 2 * bytes : bytes))
    expect((await measure({ watch: twice })).failures.join()).toMatch(
      /bytes were written and \d+ read, not 2 \+ 20/,
    )
  })

  test('a byte for which there is no room', async () => {
    let sent = 0
    const refuses = watchThat((honest) => ({ send: () => ++sent !== 30 && honest.send() }))
    expect((await measure({ watch: refuses })).failures.join()).toMatch(/bytes were written and \d+ read/)
  })

  test('a byte that nobody had written, after the last run', async () => {
    let read = 0
    const all = (WARM_UP_RUNS + 4) * (2 + 20)
    const later: WatchPipe = (loop, pipe, received) =>
      watchPipe(loop, pipe, (bytes) => {
        received(bytes)
        read += bytes
        if (read === all) loop.callSoon(() => received(1))
      })
    expect((await measure({ watch: later })).failures).toEqual(['1 bytes came that nobody had written'])
  })
})

describe.runIf(unavailableReason() === undefined)('a pipe', () => {
  test.each<[PipeKind]>([['pipe'], ['socketpair']])(
    'of kind %s tells what was read, and when nothing is there',
    (kind) => {
      const pipe = openPipe(kind)
      const bytes = new Uint8Array(4)
      expect(pipe.read(bytes)).toBe(-1)
      expect(pipe.write(new Uint8Array([1, 2, 3]))).toBe(3)
      expect(pipe.read(bytes)).toBe(3)
      expect([...bytes]).toEqual([1, 2, 3, 0])
      pipe.closeWriteEnd()
      expect(pipe.read(bytes)).toBe(0)
      pipe.closeReadEnd()
      expect(() => pipe.read(bytes)).toThrow(/EBADF|Bad file descriptor/)
    },
  )

  test('that is full takes no more, and one that nobody reads fails with EPIPE', () => {
    const pipe = openPipe('pipe')
    const much = new Uint8Array(1 << 20)
    expect(pipe.write(much)).toBeLessThan(much.length)
    expect(pipe.write(much)).toBe(0)
    pipe.closeReadEnd()
    expect(() => pipe.write(much)).toThrow(expect.objectContaining({ code: 'EPIPE' }))
    pipe.closeWriteEnd()
  })
})

test('only selectors that watch descriptors are known as such', () => {
  const clock = new RealClock()
  const known = ['epoll', 'poll', 'select', 'libuv'].filter((name) => {
    const selector = createSelector(name as 'epoll', clock)
    selector.close()
    return isFdSelector(selector)
  })
  expect(known).toEqual(unavailableReason() === undefined ? ['epoll', 'poll', 'select'] : [])
})

describe('the table of costs by selector', () => {
  const cell = (selector: string, metrics: Record<string, number>) => ({
    policy: 'fifo',
    selector,
    scenario: 'pipes',
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, { value }])),
  })

  test('has sizes downwards, selectors across, and a dash where nothing was measured', () => {
    const cells = [
      cell('epoll', { 'perEvent.1000': 5100, 'perEvent.10': 5000, 'perEvent.growth': 1, throughput: 1 }),
      cell('select', { 'perEvent.10': 7250 }),
      { ...cell('epoll', { throughput: 1 }), scenario: 'gather' },
    ]
    expect(bySelector({ cells })).toBe(
      [
        '| pipes | epoll (fifo) | select (fifo) |',
        '| --: | --: | --: |',
        '| 10 | 5.0 µs | 7.3 µs |',
        '| 1000 | 5.1 µs | – |\n',
      ].join('\n'),
    )
  })
})
