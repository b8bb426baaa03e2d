import { type Loop, ms, type ScenarioContext, TimeoutError } from '../../harness/api.ts'
import type { Message } from './broker.ts'
import type { ConsumersSay } from './control.ts'
import { type BrokerFactory, EmbeddedBroker, type MessageBroker } from './embedded.ts'
import { type MessageClass, meanGapNs, type QueueParams } from './params.ts'
import { RedisBroker } from './redis-broker.ts'
import { Wire } from './wire.ts'

type Context = ScenarioContext<QueueParams>

/** Poisson arrivals at a broker; latency counts from when a message was meant to be published to its acknowledgement. */
export async function publishMessages(loop: Loop, ctx: Context, makeBroker?: BrokerFactory): Promise<void> {
  const publisher = new Publisher(loop, ctx, makeBroker)
  try {
    await publisher.run()
  } finally {
    await publisher.close()
  }
}

class Publisher {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #broker: MessageBroker
  readonly #intendedNs: number[] = []
  readonly #acknowledged = new Set<number>()
  #wire: Wire<ConsumersSay> | undefined

  constructor(loop: Loop, ctx: Context, makeBroker?: BrokerFactory) {
    this.#loop = loop
    this.#ctx = ctx
    const { params, address } = ctx
    const acknowledged = (message: Message) => this.#noteAcknowledged(message)
    this.#broker =
      params.redis === ''
        ? new EmbeddedBroker(loop, address, params, acknowledged, makeBroker)
        : new RedisBroker(loop, params)
  }

  async run(): Promise<void> {
    const { params, meter } = this.#ctx
    const there = await this.#broker.start(params.consumers + params.stuck)
    const wire = new Wire<ConsumersSay>(await this.#loop.connect(this.#ctx.address))
    this.#wire = wire
    wire.send(there)
    const hearing = this.#loop.spawn(() => this.#hear(wire))
    await this.#broker.ready()
    meter.start()
    await this.#publish()
    const settled = await this.#settle()
    meter.stop()
    this.#broker.finish()
    wire.send({ type: 'published', count: params.messages, settled })
    const effects = await hearing
    this.#ctx.check(
      effects === params.messages,
      `${params.messages} messages were published, and ${effects} effects made`,
    )
    for (const complaint of await this.#broker.complaints(params)) this.#ctx.check(false, complaint)
    this.#broker.report(meter)
  }

  async close(): Promise<void> {
    this.#wire?.stream.close()
    await this.#broker.close()
  }

  async #publish(): Promise<void> {
    const { random, params } = this.#ctx
    const gaps = random.fork('arrivals')
    const classes = random.fork('classes')
    const gapNs = meanGapNs(params)
    let atNs = this.#loop.nowNs()
    for (let id = 0; id < params.messages; id++) {
      atNs += gaps.exponential(gapNs)
      const delayNs = atNs - this.#loop.nowNs()
      if (delayNs > 0) await this.#loop.sleep(delayNs)
      this.#intendedNs.push(atNs)
      const className: MessageClass = classes.uniform() < params.mailShare ? 'mail' : 'payment'
      this.#broker.publish({ id, className })
    }
  }

  /** Waits until the last message is acknowledged; false where that takes too long. */
  async #settle(): Promise<boolean> {
    const { messages, patienceMs } = this.#ctx.params
    try {
      await this.#loop.timeout(ms(patienceMs), () => this.#broker.settled(messages))
      return true
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      this.#ctx.check(false, `Not all of ${messages} messages were acknowledged within ${patienceMs} ms`)
      return false
    }
  }

  #noteAcknowledged({ id, className }: Message): void {
    // Redis lets two consumers acknowledge what one had taken from the other; the first is what counts.
    if (this.#acknowledged.has(id)) return
    this.#acknowledged.add(id)
    this.#ctx.meter.latency(className, this.#loop.nowNs() - this.#intendedNs[id]!)
    this.#ctx.meter.operations()
  }

  /** Listens to the consumers' side until that has ended; gives the effects it made. */
  async #hear(wire: Wire<ConsumersSay>): Promise<number> {
    for (let said = await wire.receive(); said !== undefined; said = await wire.receive()) {
      if (said.type === 'ended') return said.effects
      this.#noteAcknowledged(said)
    }
    throw new Error("The consumers' side ended before its books were judged")
  }
}
