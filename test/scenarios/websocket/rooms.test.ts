/** The whole scenario in virtual time, and every promise it checks broken once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Scenario } from '../../../harness/contracts.ts'
import { runVirtual } from '../../../harness/measure/round.ts'
import { preparePolicy } from '../../../harness/policy-parts.ts'
import { Audit } from '../../../scenarios/websocket/audit.ts'
import { complaints } from '../../../scenarios/websocket/load.ts'
import { BoundedOutbox, type Outbox, type OutboxFactory } from '../../../scenarios/websocket/outbox.ts'
import { Steps } from '../../../scenarios/websocket/steps.ts'
import rooms, { serveRooms } from '../../../scenarios/websocket-rooms.ts'

const SMALL = {
  durationMs: 150,
  warmupMs: 20,
  load: 0.5,
  subscribers: 2,
  chatUs: 1000,
  chatShare: 0.5,
  buffer: 8,
}

async function round(params: Record<string, unknown>, makeOutbox?: OutboxFactory, policy = 'fifo') {
  const scenario = { ...rooms, serve: (loop, ctx) => serveRooms(loop, ctx, makeOutbox) } as typeof rooms
  return runVirtual({
    policy: await preparePolicy(policy),
    plain: await preparePolicy('fifo'),
    scenario: scenario as unknown as Scenario,
    params: rooms.params.parse({ ...SMALL, ...params }),
    selector: 'epoll',
    seed: 1,
  })
}

function figure({ metrics }: Awaited<ReturnType<typeof round>>, name: string): number {
  return metrics[name]!.value
}

describe('websocket-rooms (virtual time)', () => {
  test.each(['drop-oldest', 'drop-newest', 'disconnect'])('keeps its promises with %s', async (overflow) => {
    const outcome = await round({ overflow })
    expect([outcome.status, outcome.reason]).toEqual(['ok', undefined])
    expect(figure(outcome, 'dropped')).toBeGreaterThan(0)
    expect(figure(outcome, 'missed.fast')).toBe(0)
    expect(figure(outcome, 'held.most')).toBe(8)
    expect(figure(outcome, 'disconnected')).toBe(overflow === 'disconnect' ? 3 : 0)
    expect(figure(outcome, 'connections.silent')).toBe(1)
    expect(figure(outcome, 'connections.refused')).toBe(9)
    expect(Math.max(...outcome.series[0]!.lines['for all subscribers']!)).toBeLessThanOrEqual(3 * 8)
  })

  test.each(['lifo', 'edf'])('keeps them under %s', async (policy) => {
    const outcome = await round({ durationMs: 60 }, undefined, policy)
    expect([outcome.status, outcome.reason]).toEqual(['ok', undefined])
  })

  test('alerts overtake chat where the policy lets them', async () => {
    const heavy = { load: 0.9, faults: 0, slow: 0 }
    const [fifo, priority] = [await round(heavy), await round(heavy, undefined, 'priority')]
    expect(figure(priority, 'latency.alert.mean')).toBeLessThan(0.6 * figure(fifo, 'latency.alert.mean'))
  })

  /** An outbox that breaks a promise. */
  class Broken extends BoundedOutbox {
    override offer(frame: Uint8Array): boolean {
      return super.offer(frame)
    }
  }

  class Unbounded extends Broken {
    constructor(...[, overflow]: ConstructorParameters<typeof BoundedOutbox>) {
      super(Number.POSITIVE_INFINITY, overflow)
    }
  }

  class Silent extends Broken {
    override offer(frame: Uint8Array): boolean {
      const kept = super.offer(frame)
      this.dropped = 0
      return kept
    }
  }

  class Loses extends Broken {
    #offered = 0
    override offer(frame: Uint8Array): boolean {
      return ++this.#offered % 10 === 0 || super.offer(frame)
    }
  }

  class Miscounts extends Broken {
    override offer(frame: Uint8Array): boolean {
      if (this.held > 0) this.dropped++
      return super.offer(frame)
    }
  }

  class Swaps extends Broken {
    #kept: Uint8Array | undefined
    override take(): Uint8Array | undefined {
      const next = super.take()
      if (this.held === 0) return next
      this.#kept = super.take()
      this.offer(next!)
      return this.#kept
    }
  }

  test.each<[string, new (...args: ConstructorParameters<typeof BoundedOutbox>) => Outbox, RegExp]>([
    ['holds too much', Unbounded, /messages were held for client \d+, and 8 are allowed/],
    [
      'drops without a word',
      Silent,
      /Of \d+ messages for client \d+ \d+ were sent, 0 dropped and \d+ discarded/,
    ],
    ['loses some for everybody', Loses, /messages for client/],
    ['counts what it did not drop', Miscounts, /messages for client/],
    ['changes the order', Swaps, /got message \d+ of publisher \d+ after message \d+/],
  ])('an outbox that %s is found out', async (_, Kind, message) => {
    const outcome = await round({ faults: 0 }, (...args) => new Kind(...args))
    expect(outcome.status).toBe('failed')
    expect(outcome.findings.map((finding) => finding.message).join('\n')).toMatch(message)
  })
})

describe('what a subscriber has to complain of', () => {
  const PUBLISHED = new Map([
    [1, 3],
    [2, 2],
  ])
  const BOOKS = { type: 'left', offered: 5, dropped: 0, mostHeld: 2 } as const

  function complaint(taken: [number, number][], left: object | undefined, more: object = {}): string {
    const audit = new Audit()
    for (const [publisher, sequence] of taken) audit.take(publisher, sequence)
    const books = left && { ...BOOKS, ...left }
    const subscriber = {
      number: 1,
      rooms: ['a'],
      audit,
      left: books,
      closeCode: 1000,
      isSlow: false,
      ...more,
    }
    return [...complaints(subscriber, PUBLISHED, { overflow: 'disconnect', buffer: 8 })].join('\n')
  }

  const ALL: [number, number][] = [
    [1, 1],
    [2, 1],
    [1, 2],
    [1, 3],
    [2, 2],
  ]

  test('nothing, where all came in order', () => {
    expect(complaint(ALL, {})).toBe('')
  })

  test.each<[string, [number, number][], object | undefined, object, string]>([
    ['a gap', ALL.filter((_, i) => i !== 2), {}, {}, 'misses 1 messages, and 0 were counted as dropped'],
    ['the last message', ALL.slice(0, 4), {}, {}, 'misses 1 messages'],
    ['drops that were none', ALL, { dropped: 1 }, {}, 'misses 0 messages, and 1 were counted'],
    ['a message twice', [...ALL, [2, 2]], {}, {}, 'got message 2 of publisher 2 after message 2'],
    ['messages never offered', ALL, { offered: 4 }, {}, 'was offered 4 of 5'],
    ['a buffer beyond its bound', ALL, { mostHeld: 9 }, {}, '9 messages were held'],
    ['another end than agreed on', ALL, {}, { closeCode: 1006 }, 'ended with 1006 instead of 1000'],
    ['an end without cause', ALL, undefined, { closeCode: 1006 }, 'lost its connection, with code 1006'],
    ['gaps before it was disconnected', ALL.slice(2), undefined, { isSlow: true }, 'has gaps before'],
  ])('%s', (_, taken, left, more, message) => {
    expect(complaint(taken, left, more)).toContain(message)
  })
})

test('an outbox does what its policy says, and never holds more than its bound', () => {
  const steps = fc.array(fc.constantFrom('offer', 'offer', 'take'), { maxLength: 60 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom('drop-oldest', 'drop-newest'),
      steps,
      (...given) => {
        const [bound, overflow, calls] = given
        const outbox = new BoundedOutbox(bound, overflow as 'drop-oldest' | 'drop-newest')
        let model: number[] = []
        let dropped = 0
        calls.forEach((call, i) => {
          if (call === 'take') {
            expect(outbox.take()?.[0]).toBe(model.shift())
            return
          }
          expect(outbox.offer(Uint8Array.of(i))).toBe(true)
          if (model.length < bound) model.push(i)
          else {
            dropped++
            if (overflow === 'drop-oldest') model = [...model.slice(1), i]
          }
        })
        expect([outbox.held, outbox.dropped]).toEqual([model.length, dropped])
      },
    ),
  )
})

test('a quantity over time is given by the mean of each step', () => {
  const steps = new Steps(10, 100)
  steps.change(4, 105)
  steps.change(-2, 115)
  expect(steps.means(131)).toEqual([2, 3, 2])
})
