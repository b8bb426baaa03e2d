import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { Timers } from '../../scenarios/timeouts/params.ts'
import timeouts, { runTimeouts } from '../../scenarios/timeouts.ts'
import { simulate } from '../world/simulate.ts'
import { testContext } from './context.ts'

const SMALL = {
  timers: 3000,
  live: 300,
  expiring: 0.1,
  storm: 400,
  stormUs: 5,
  calmMs: 20,
  urgentPerSecond: 2000,
}

async function measure(policy: string, make: (loop: Loop) => Timers = (loop) => loop, params = {}) {
  const { ctx, measured, failures } = testContext(timeouts, { ...SMALL, ...params })
  const classes = classesOf(timeouts, ctx.params)
  const { digest } = await simulate(policy, (loop) => runTimeouts(loop, ctx, make(loop)), { classes })
  return { measured, failures, digest }
}

const worst = (values: number[]) => Math.max(...values)

describe('timeouts (virtual time)', () => {
  test('the storm makes urgent work wait under fifo, and not under priority or edf', async () => {
    const stormNs = 400 * 5e3
    const fifo = await measure('fifo')
    expect(worst(fifo.measured.latencies.get('urgent')!)).toBeGreaterThan(stormNs / 2)
    for (const policy of ['priority', 'edf']) {
      const { measured, failures } = await measure(policy)
      expect(failures).toEqual([])
      // Itself, one that came just before, and the timer that was running.
      expect(worst(measured.latencies.get('urgent')!)).toBeLessThan(3 * 50e3 + 5e3)
      // Who is let past makes the storm longer by what it costs.
      expect(worst(measured.durations.get('storm.lateness')!)).toBeGreaterThanOrEqual(stormNs - 5e3)
    }
  })

  test.each(['fifo', 'lifo', 'priority', 'sjf', 'edf', 'hrrn', 'las', 'timing'])(
    'keeps its promises under %s, the same ones each time',
    async (policy) => {
      const [first, second] = [await measure(policy), await measure(policy)]
      expect(first.failures).toEqual([])
      expect(first.digest).toBe(second.digest)
      const { counts, durations, values } = first.measured
      expect(counts.get('timers.cancelled')! + counts.get('timers.expired')!).toBe(3000)
      expect(durations.get('timer.lateness')).toHaveLength(counts.get('timers.expired')!)
      expect(durations.get('storm.lateness')).toHaveLength(400)
      expect(values.get('timers.held')).toBeLessThan(3000)
    },
  )

  test.each([
    ['one timer', { timers: 1, live: 1, storm: 1 }],
    ['none that expires', { expiring: 0 }],
    ['none that is cancelled', { expiring: 1 }],
    ['more room than timers', { timers: 10, live: 1000 }],
  ])('keeps its promises with %s', async (_, params) => {
    expect((await measure('fifo', undefined, params)).failures).toEqual([])
  })
})

/** The loop's timers, one of whose answers is spoilt. */
function spoilt(callAt: (loop: Loop) => Timers['callAt'], timerCount = 0) {
  return (loop: Loop): Timers => ({ callAt: callAt(loop), timerCount })
}

/** Spoils every hundredth timer, from the first on. */
function nowAndThen(loop: Loop, spoil: Timers['callAt']): Timers['callAt'] {
  let count = 0
  return (whenNs, callback, options) =>
    count++ % 100 === 0 ? spoil(whenNs, callback, options) : loop.callAt(whenNs, callback, options)
}

describe('timeouts notices', () => {
  test.each<[string, (loop: Loop) => Timers, RegExp[]]>([
    [
      'timers that cannot be cancelled',
      spoilt((loop) => (whenNs, callback) => {
        loop.callAt(Math.min(whenNs, loop.nowNs() + 1e8), callback)
        return { cancel() {} }
      }),
      [/\d+ timers fired after they had been cancelled/],
    ],
    [
      'timers that fire twice',
      spoilt((loop) =>
        nowAndThen(loop, (whenNs, callback, options) => {
          loop.callAt(whenNs, callback, options)
          return loop.callAt(whenNs, callback, options)
        }),
      ),
      [/\d+ timers fired twice/, /4 timers of the storm fired twice/],
    ],
    [
      'timers that fire early',
      spoilt((loop) => (whenNs, callback, options) => loop.callAt(whenNs - 3e6, callback, options)),
      [/\d+ timers fired before their time/, /400 timers of the storm fired before/],
    ],
    [
      'timers that are lost',
      spoilt((loop) => nowAndThen(loop, () => ({ cancel() {} }))),
      [/Of \d+ timers that were not cancelled \d+ fired/, /Of 400 timers of the storm 396 fired/],
    ],
    [
      'cancelled timers that pile up',
      spoilt((loop) => loop.callAt.bind(loop), 10_000),
      [/The loop held 10000 timers, where 300 were live/],
    ],
  ])('%s', async (_, make, messages) => {
    const { failures } = await measure('fifo', make, { expiring: 0.5 })
    for (const message of messages) expect(failures.join('\n')).toMatch(message)
  })
})
