/** The whole scenario in virtual time, and every promise it checks broken once. */
import { describe, expect, test } from 'vitest'
import type { Scenario } from '../../../harness/contracts.ts'
import { runVirtual } from '../../../harness/measure/round.ts'
import { preparePolicy } from '../../../harness/policy-parts.ts'
import { Broker, type Consumer, type Queued } from '../../../scenarios/queue/broker.ts'
import type { BrokerFactory } from '../../../scenarios/queue/embedded.ts'
import { IdempotentLedger } from '../../../scenarios/queue/ledger.ts'
import { publishMessages } from '../../../scenarios/queue/load.ts'
import { type Parts, runConsumers } from '../../../scenarios/queue/serve.ts'
import type { Subscribe } from '../../../scenarios/queue/subscription.ts'
import queue from '../../../scenarios/queue-consumer.ts'
import { addHost, twoHosts } from '../../world/simulate.ts'

const SMALL = { messages: 300, crashShare: 0.05, ackTimeoutMs: 100, patienceMs: 1000, prefetch: 8 }

interface Broken extends Partial<Parts> {
  readonly makeBroker?: BrokerFactory
}

async function round(params: Record<string, unknown> = {}, broken: Broken = {}, policy = 'fifo') {
  const scenario = {
    ...queue,
    serve: (loop, ctx) => runConsumers(loop, ctx, broken),
    load: (loop, ctx) => publishMessages(loop, ctx, broken.makeBroker),
  } as typeof queue
  return runVirtual({
    policy: await preparePolicy(policy),
    plain: await preparePolicy('fifo'),
    scenario: scenario as unknown as Scenario,
    params: queue.params.parse({ ...SMALL, ...params }),
    selector: 'epoll',
    seed: 1,
  })
}

function figure({ metrics }: Awaited<ReturnType<typeof round>>, name: string): number {
  return metrics[name]!.value
}

describe('queue-consumer (virtual time)', () => {
  test.each(['fifo', 'lifo', 'priority', 'edf'])('keeps its promises under %s', async (policy) => {
    const outcome = await round({}, {}, policy)
    expect([outcome.status, outcome.reason]).toEqual(['ok', undefined])
    expect(figure(outcome, 'operations')).toBe(300)
    expect(figure(outcome, 'crashes')).toBeGreaterThan(5)
    expect(figure(outcome, 'cutOff')).toBe(1)
    expect(figure(outcome, 'duplicates')).toBeGreaterThan(0)
    expect(figure(outcome, 'redelivered')).toBe(figure(outcome, 'delivered') - 300)
    expect(figure(outcome, 'redelivered')).toBeGreaterThanOrEqual(figure(outcome, 'crashes'))
  })

  test('without crashes every message comes once', async () => {
    const outcome = await round({ crashShare: 0, stuck: 0 })
    expect(outcome.status).toBe('ok')
    const counted = ['delivered', 'redelivered', 'duplicates', 'crashes'].map((name) => figure(outcome, name))
    expect(counted).toEqual([300, 0, 0, 0])
  })

  test('a consumer that crashes over every message gets through all the same', async () => {
    const outcome = await round({ messages: 60, crashShare: 1, consumers: 2, prefetch: 1, restartMs: 1 })
    expect([outcome.status, figure(outcome, 'crashes')]).toEqual(['ok', 60])
  })

  test('prefetch bounds what a policy can choose from', async () => {
    const heavy = { load: 0.9, crashShare: 0, stuck: 0 }
    const gain = async (prefetch: number) => {
      const [fifo, priority] = await Promise.all([
        round({ ...heavy, prefetch }),
        round({ ...heavy, prefetch }, {}, 'priority'),
      ])
      return figure(priority, 'latency.payment.mean') / figure(fifo, 'latency.payment.mean')
    }
    expect(await gain(32)).toBeLessThan(0.7)
    expect(await gain(1)).toBeGreaterThan(0.8)
  })

  test('Redis is refused where there is none', async () => {
    const { status, reason } = await round({ redis: 'redis://127.0.0.1:1' })
    expect([status, reason]).toEqual(['unsupported', expect.stringContaining('not there in virtual time')])
  })
})

class Forgetful extends Broker {
  protected override takeBack(held: readonly Queued[]): void {
    super.takeBack(held.slice(1))
  }
}

class Doubling extends Broker {
  protected override takeBack(held: readonly Queued[]): void {
    super.takeBack([...held, ...held.slice(0, 1)])
  }
}

class Miscounting extends Broker {
  protected override takeBack(held: readonly Queued[]): void {
    super.takeBack(held)
    this.left++
  }
}

class Greedy extends Broker {
  protected override choose(consumers: Iterable<Consumer>): Consumer | undefined {
    return [...consumers].toSorted((a, b) => a.held.size - b.held.size)[0]
  }
}

class Repeating extends IdempotentLedger {
  #asked = 0
  override get effects(): number {
    return this.#asked
  }
  override apply(id: number): boolean {
    this.#asked++
    return super.apply(id)
  }
}

class Losing extends IdempotentLedger {
  override apply(id: number): boolean {
    return id === 17 || super.apply(id)
  }
}

/** Says that a message is dealt with before it is. */
function tooEarly(subscribe: Subscribe): Subscribe {
  return async (name, prefetch) => {
    const subscription = await subscribe(name, prefetch)
    return {
      ...subscription,
      acknowledge: () => {},
      async receive() {
        const delivery = await subscription.receive()
        if (delivery !== undefined) await subscription.acknowledge(delivery.message)
        return delivery
      },
    }
  }
}

describe('queue-consumer finds out', () => {
  test.each<[string, Broken, RegExp]>([
    [
      'a broker that forgets what was left',
      { makeBroker: (...args) => new Forgetful(...args) },
      /Not all of 300 messages were acknowledged.*\n?.*/,
    ],
    [
      'a broker that delivers twice what was left',
      { makeBroker: (...args) => new Doubling(...args) },
      /Of 300 messages 3\d\d were acknowledged/,
    ],
    [
      'a broker that counts more than was left',
      { makeBroker: (...args) => new Miscounting(...args) },
      /had left \d+ messages unacknowledged, and \d+ were delivered again/,
    ],
    [
      'a broker without a bound',
      { makeBroker: (...args) => new Greedy(...args) },
      /A consumer held 9 messages, and may prefetch 8/,
    ],
    ['a ledger that is not idempotent', { makeLedger: () => new Repeating() }, /\d+ effects were made twice/],
    [
      'a ledger that loses',
      { makeLedger: () => new Losing() },
      /their effects are lost, the first of them 17/,
    ],
    [
      'consumers that acknowledge first',
      { subscribing: tooEarly },
      /acknowledged and their effects are lost/,
    ],
  ])('%s', async (_, broken, message) => {
    const outcome = await round({ load: 0.8 }, broken)
    expect(outcome.status).toBe('failed')
    expect(outcome.findings.map((finding) => finding.message).join('\n')).toMatch(message)
  })
})

test('the broker bears peers that say nothing, nonsense, or one byte at a time', async () => {
  const { world, client, server } = await twoHosts()
  const broker = new Broker(server, { ackTimeoutNs: 1e9, acknowledged: () => {} })
  const { address } = server.listen({ host: '127.0.0.1', port: 0 }, broker.serve)
  const errors: unknown[] = []
  server.setExceptionHandler(({ error }) => errors.push(error))
  const say = async (bytes: Uint8Array, end: 'reset' | 'end') => {
    const stream = await client.connect(address)
    for (const byte of bytes) stream.write(Uint8Array.of(byte))
    await client.sleep(1e6)
    stream[end]()
  }
  const json = (text: string) => Buffer.concat([Uint8Array.of(0, 0, 0, text.length), Buffer.from(text)])
  const peers: [string, 'reset' | 'end'][] = [
    ['', 'reset'],
    ['', 'end'],
    ['null', 'end'],
    ['{', 'end'],
    ['{"type":"consume","prefetch":0}', 'end'],
    ['{"type":"consume","prefetch":2}', 'reset'],
    ['{"type":"consume","prefetch":2}', 'end'],
  ]
  broker.publish({ id: 0, className: 'mail' })
  const saying = client.spawn(async () => {
    for (const [text, end] of peers) await say(text === '' ? Buffer.of() : json(text), end)
  })
  await world.run([saying])
  expect(errors).toEqual([])
  const later = await addHost(world, 2, 'fifo')
  const waiting = later.spawn(() => Promise.resolve(later.sleep(1e8)))
  await world.run([waiting])
  expect([broker.open, broker.left, broker.delivered]).toEqual([0, 2, 2])
})
