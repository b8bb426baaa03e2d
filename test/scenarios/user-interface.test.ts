import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import { Queue } from '../../harness/loop/queue.ts'
import { Background } from '../../scenarios/user-interface/background.ts'
import type { Click } from '../../scenarios/user-interface/input.ts'
import { Screen } from '../../scenarios/user-interface/screen.ts'
import userInterface, { PARTS, type Parts, runInterface } from '../../scenarios/user-interface.ts'
import { simulate } from '../world/simulate.ts'
import { testContext } from './context.ts'

async function measure(policy: string, params: Record<string, unknown> = {}, parts: Partial<Parts> = {}) {
  const { ctx, measured, failures } = testContext(userInterface, params)
  const classes = classesOf(userInterface, ctx.params)
  await simulate(policy, (loop) => runInterface(loop, ctx, { ...PARTS, ...parts }), { classes })
  const slowestMs = (what: string) => Math.max(...measured.latencies.get(what)!) / 1e6
  return { measured, failures, slowestMs, missed: measured.values.get('frames.missed')! }
}

describe('user-interface (virtual time)', () => {
  test('first come first served, most frames are missed; with priorities none is', async () => {
    const fifo = await measure('fifo')
    const priority = await measure('priority')
    expect([fifo.failures, priority.failures]).toEqual([[], []])
    expect(fifo.missed).toBeGreaterThan(45)
    expect(priority.missed).toBe(0)
    // At most one slice or one frame is before a click, and clicks that came together.
    expect(priority.slowestMs('input')).toBeLessThan(7)
    expect(fifo.slowestMs('input')).toBeGreaterThan(15)
  })

  test('priorities cannot help where the background never gives way', async () => {
    const { missed, slowestMs, failures } = await measure('priority', { sliceUs: 0 })
    expect(failures).toEqual([])
    expect(missed).toBeGreaterThan(20)
    expect(slowestMs('input')).toBeGreaterThan(15)
  })

  test('without a background no policy misses anything, and a frame is as late as it is long', async () => {
    for (const policy of ['fifo', 'lifo', 'priority']) {
      const params = { backgroundTasks: 0, inputsPerSecond: 1, durationMs: 1000 }
      const { measured, missed, slowestMs } = await measure(policy, params)
      expect(missed).toBe(0)
      expect(measured.latencies.get('frame')).toHaveLength(60)
      expect(slowestMs('frame')).toBeLessThan(4.6)
      expect(measured.values.get('freeze.longest')).toBeCloseTo(1e9 / 60)
    }
  })

  test('frames that are too dear are shown every other time', async () => {
    const params = { backgroundTasks: 0, inputUs: 0, frameUs: 20_000, durationMs: 1000 }
    const { measured, missed } = await measure('priority', params)
    expect([missed, measured.latencies.get('frame')!.length]).toEqual([30, 30])
    expect(measured.values.get('freeze.longest')).toBeCloseTo(2e9 / 60)
  })

  test.each(['fifo', 'lifo', 'priority', 'sjf', 'edf', 'hrrn', 'las', 'timing', 'custom-selector'])(
    'every click is handled once, in order, and seen, under %s',
    async (policy) => {
      for (const params of [{}, { sliceUs: 0 }, { inputsPerSecond: 1000, inputUs: 1500 }]) {
        const { failures, measured } = await measure(policy, { durationMs: 300, ...params })
        expect(failures).toEqual([])
        expect(measured.latencies.get('input')).toHaveLength(measured.counts.get('clicks')!)
        expect(measured.durations.get('inputToScreen')).toHaveLength(measured.counts.get('clicks')!)
      }
    },
  )
})

describe('user-interface notices (canaries)', () => {
  type Put = (click: Click | undefined) => void

  /** An event queue that does something of its own with what it is given. */
  function odd(makePut: (pass: Put) => Put): Partial<Parts> {
    return {
      queue: (loop) => {
        const queue = new Queue<Click | undefined>(loop)
        const putNowait = makePut((click) => queue.putNowait(click))
        return {
          putNowait,
          get: () => queue.get(),
          get size() {
            return queue.size
          },
        }
      },
    }
  }

  const losing = odd((pass) => (click) => {
    if (click?.id !== 17) pass(click)
  })
  const doubling = odd((pass) => (click) => {
    pass(click)
    if (click?.id === 17) pass(click)
  })
  const losingTheLast = odd((pass) => {
    let held: Click | undefined
    return (click) => {
      if (held !== undefined && click !== undefined) pass(held)
      if (click === undefined) pass(undefined)
      held = click
    }
  })
  const swapping = odd((pass) => {
    let held: Click | undefined
    return (click) => {
      if (click?.id === 17) held = click
      else pass(click)
      if (click?.id === 18) pass(held)
    }
  })

  class Forgetful extends Screen {
    #frames = 0

    protected override take(shown: number, missed: number): void {
      if (this.#frames++ !== 17) super.take(shown, missed)
    }
  }

  class Blind extends Screen {
    override willShow(click: Click): void {
      if (click.id !== 17) super.willShow(click)
    }
  }

  class Lazy extends Background {
    #jobs = 0

    protected override async doJob(jobNs: number, sliceNs: number): Promise<void> {
      if (this.#jobs++ > 0) await super.doJob(jobNs, sliceNs)
    }
  }

  test.each<[string, Partial<Parts>, RegExp]>([
    ['a click that is lost', losing, /^Click 18 was handled when it was click 17's turn$/],
    ['the last click, where it is lost', losingTheLast, /^\d+ clicks came and \d+ were handled$/],
    ['a click that comes twice', doubling, /^Click 17 was handled when it was click 18's turn$/],
    ['a click that is overtaken', swapping, /^Click 18 was handled when it was click 17's turn$/],
    ['a frame that nobody counts', { screen: (...args) => new Forgetful(...args) }, /^Of 60 frames \d+ were/],
    [
      'a click that is on no picture',
      { screen: (...args) => new Blind(...args) },
      /^\d+ clicks were handled and \d+ seen on the screen$/,
    ],
    [
      'a background job that is not done',
      { background: (...args) => new Lazy(...args) },
      /^\d+ background jobs were begun and \d+ done$/,
    ],
  ])('%s', async (_name, parts, message) => {
    const { failures } = await measure('fifo', { durationMs: 1000 }, parts)
    expect(failures[0]).toMatch(message)
  })
})
