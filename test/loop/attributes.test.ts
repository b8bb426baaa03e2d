import { describe, expect, it } from 'vitest'
import type { Handle } from '../../harness/contracts.ts'
import { Bench, MS } from './bench.ts'

const CLASSES = { urgent: { priority: -1, deadlineMs: 2, weight: 3 }, bulk: { priority: 9 } }

/** Runs the body and gives each handle's class, priority and deadline, in order. */
async function carried(body: (bench: Bench) => void): Promise<unknown[]> {
  const rows: unknown[] = []
  const handleStarted = ({ className, priority, deadlineNs }: Handle) =>
    rows.push([className, priority, deadlineNs])
  const bench = new Bench({ classes: CLASSES, observers: [{ name: 'o', handleStarted }] })
  body(bench)
  await bench.settle()
  expect(bench.complaints).toEqual([])
  return rows
}

const NONE = Number.POSITIVE_INFINITY
const DEFAULT = ['default', 0, NONE]
const BULK = ['bulk', 9, NONE]

describe('class, priority and deadline', () => {
  it('come from the class, the deadline counted from now', async () => {
    const bench = new Bench({ classes: CLASSES })
    bench.host.clock.advanceTo(MS)
    const { attributes } = bench.loop.spawn(async () => {}, { className: 'urgent' })
    expect(attributes).toEqual({
      className: 'urgent',
      priority: -1,
      deadlineNs: 3 * MS,
      weight: 3,
      expectedNs: Number.NaN,
    })
  })

  it('may be given one by one', () => {
    const { loop } = new Bench({ classes: CLASSES })
    const { attributes } = loop.spawn(async () => {}, { className: 'urgent', priority: 4, expectedNs: 7 })
    expect([attributes.priority, attributes.deadlineNs, attributes.expectedNs]).toEqual([4, 2 * MS, 7])
  })

  it('of an unknown class are refused', () => {
    const { loop } = new Bench({ classes: CLASSES })
    expect(() => loop.spawn(async () => {}, { className: 'ugent' })).toThrow(
      "Unknown class 'ugent': the scenario declares urgent, bulk",
    )
  })

  it('are inherited by everything that a task starts', async () => {
    const rows = await carried(({ loop }) => {
      loop.spawn(
        async () => {
          loop.callSoon(() => {})
          loop.callLater(1, () => {})
          loop.spawn(async () => {})
          loop.spawn(function* () {
            yield
          })
          await loop.sleep(2)
        },
        { className: 'bulk' },
      )
    })
    // first step, callSoon, two tasks, the generator's second step, callLater, sleep's timer, the task after it
    expect(rows).toEqual(Array.from({ length: 8 }, () => BULK))
  })

  it('are inherited by callbacks from callbacks, and not from the one that ran before', async () => {
    const rows = await carried(({ loop }) => {
      const callback = (then?: () => void) => then?.()
      loop.callSoon(callback, () => loop.callSoon(() => {}), { className: 'bulk' })
      loop.callSoon(() => void loop.callSoon(() => {}))
    })
    expect(rows).toEqual([BULK, DEFAULT, BULK, DEFAULT])
  })

  it('change from then on with setAttributes, also for what waits already', async () => {
    const rows = await carried(({ loop }) => {
      const future = loop.createFuture()
      const task = loop.spawn(async () => {
        await future
        loop.currentTask!.setAttributes({ className: 'urgent', deadlineNs: 5 })
        await loop.yieldNow()
      })
      loop.callSoon(() => {
        task.setAttributes({ className: 'bulk' })
        future.setResult()
      })
    })
    expect(rows).toEqual([DEFAULT, DEFAULT, BULK, ['urgent', -1, 5]])
  })

  it('belong to the task that waits, whoever completes the future', async () => {
    const rows = await carried(({ loop }) => {
      const future = loop.createFuture()
      loop.spawn(async () => await future, { className: 'urgent', deadlineNs: 1 })
      loop.spawn(async () => future.setResult(), { className: 'bulk' })
    })
    expect(rows).toEqual([['urgent', -1, 1], BULK, ['urgent', -1, 1]])
  })
})
