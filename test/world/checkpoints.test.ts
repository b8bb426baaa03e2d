import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Handle } from '../../harness/contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { divergenceBetween, eventsOf } from '../../harness/verdict/checkpoints.ts'
import { EventLog } from '../../harness/world/event-log.ts'

type NameOf = (sequence: number) => string

const plainName: NameOf = () => 'a'

function logOf(events: number, nameOf: NameOf = plainName): EventLog {
  const log = new EventLog()
  const observer = log.observer(0)
  for (let sequence = 1; sequence <= events; sequence++) {
    const handle = { ...DEFAULT_ATTRIBUTES, name: nameOf(sequence), sequence } as unknown as Handle
    observer.handleFinished!(handle, sequence, sequence + 1)
  }
  return log
}

/** Of a log in which the event of that number has another name. */
function changedAt(changed: number, events: number): string {
  return logOf(events, (sequence) => (sequence === changed ? 'b' : 'a')).checkpoints()
}

function placesOf(text: string): { spacing: number; marks: number } {
  const [, spacing, marks] = /^\d+\/(\d+):([\w-]*)$/.exec(text)!
  return { spacing: Number(spacing), marks: marks!.length / 4 }
}

describe('checkpoints', () => {
  test('leave the digest as it was: records as they come, names where they appear first', () => {
    const hash = createHash('sha256')
    const nameOf: NameOf = (sequence) => `n${sequence % 3000}`
    for (let sequence = 1; sequence <= 20_000; sequence++) {
      const id = (sequence - 1) % 3000
      if (sequence <= 3000) hash.update(`${id}=${nameOf(sequence)}\n`)
      hash.update(new Float64Array([0, sequence, sequence + 1, sequence, id]))
    }
    expect(logOf(20_000, nameOf).digest()).toBe(hash.digest('hex'))
  })

  test('are told before or after the digest', () => {
    const [a, b] = [logOf(1000), logOf(1000)]
    const digest = a.digest()
    expect([a.checkpoints(), a.digest()]).toEqual([b.checkpoints(), digest])
    expect(b.digest()).toBe(digest)
  })

  test.each([
    [0, 16],
    [15, 16],
    [1023, 16],
    [1024, 32],
    [40_112, 1024],
    [131_071, 2048],
  ])('of %i events stand %i events apart', (events, spacing) => {
    const text = logOf(events).checkpoints()
    expect([eventsOf(text), placesOf(text)]).toEqual([
      events,
      { spacing, marks: Math.floor(events / spacing) + 1 },
    ])
    expect(placesOf(text).marks).toBeLessThanOrEqual(64)
  })

  test('do not know of names that come after their place', () => {
    const nameOf =
      (name: string): NameOf =>
      (sequence) =>
        sequence > 64 ? name : 'a'
    const [a, b] = [logOf(128, nameOf('b')).checkpoints(), logOf(128, nameOf('c')).checkpoints()]
    expect(divergenceBetween(a, b)).toEqual({ from: 65, to: 80 })
  })
})

describe('the first difference of two logs', () => {
  test('is none where they are the same', () => {
    expect(divergenceBetween(changedAt(700, 5000), changedAt(700, 5000))).toBeUndefined()
  })

  test.each([
    ['the first event', 1, 5000, { from: 1, to: 128 }],
    ['the last event before a place', 1024, 5000, { from: 897, to: 1024 }],
    ['the first event after a place', 1025, 5000, { from: 1025, to: 1152 }],
    ['the last event of all', 5000, 5000, { from: 4993, to: 5000 }],
    ['the only event', 1, 1, { from: 1, to: 1 }],
  ])('lies around %s', (_, changed, events, interval) => {
    expect(divergenceBetween(logOf(events).checkpoints(), changedAt(changed, events))).toEqual(interval)
  })

  test('is where the shorter one ends', () => {
    const [short, long] = [logOf(1000).checkpoints(), logOf(1500).checkpoints()]
    expect(divergenceBetween(short, long)).toEqual({ from: 993, to: 1001 })
    expect(divergenceBetween(long, short)).toEqual({ from: 993, to: 1001 })
    expect(divergenceBetween(logOf(0).checkpoints(), long)).toEqual({ from: 1, to: 1 })
  })

  test('lies within the interval, which is no wider than a few of the places, whatever the lengths', () => {
    const lengths = fc.integer({ min: 1, max: 9000 })
    fc.assert(
      fc.property(lengths, lengths, fc.nat(9000), (a, b, at) => {
        const changed = 1 + (at % Math.max(a, b))
        const first = a === b ? changed : Math.min(changed, Math.min(a, b) + 1)
        const [old, now] = [logOf(a).checkpoints(), changedAt(changed, b)]
        const interval = divergenceBetween(old, now)!
        expect(interval.from).toBeLessThanOrEqual(first)
        expect(interval.to).toBeGreaterThanOrEqual(first)
        const widest = Math.max(placesOf(old).spacing, placesOf(now).spacing)
        expect(interval.to - interval.from).toBeLessThanOrEqual(widest)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['nothing', ''],
    ['another form', '4096:ab12'],
    ['too few places', '1000/16:abcdabcd'],
    ['another spacing than any log has', '1000/17:'.padEnd(8 + 4 * 59, 'abcd')],
  ])('is not told of %s', (_, text) => {
    expect(divergenceBetween(text, logOf(1000).checkpoints())).toBeUndefined()
  })
})
