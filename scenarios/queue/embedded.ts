import { type Address, type Listener, type Loop, type Meter, ms } from '../../harness/api.ts'
import { Broker, type BrokerOptions, type Message } from './broker.ts'
import type { DriverSays } from './control.ts'
import type { QueueParams } from './params.ts'

/** A broker as the side that publishes sees it, of whatever kind. */
export interface MessageBroker {
  /** What the consumers' side has to know. */
  start(consumers: number): Promise<DriverSays>
  /** Done when the consumers are there. */
  ready(): PromiseLike<void>
  publish(message: Message): void
  /** Done when so many messages are published and every one is acknowledged. */
  settled(messages: number): PromiseLike<void>
  /** There will be nothing more: consumers may end. */
  finish(): void
  /** What is not as it was promised, once all is acknowledged. */
  complaints(params: QueueParams): Promise<string[]>
  report(meter: Meter): void
  /** Gives back what it took, whatever happened. */
  close(): Promise<void>
}

export type BrokerFactory = (loop: Loop, options: BrokerOptions) => Broker

/** The broker of our own, in the loop and the process of the side that publishes. */
export class EmbeddedBroker implements MessageBroker {
  readonly #loop: Loop
  readonly #broker: Broker
  readonly #host: string
  readonly #acknowledged: (message: Message) => void
  #ready: PromiseLike<void> = Promise.resolve()
  #wake = () => {}
  #listener: Listener | undefined

  constructor(
    loop: Loop,
    near: Address,
    params: QueueParams,
    acknowledged: (message: Message) => void,
    makeBroker: BrokerFactory = (...args) => new Broker(...args),
  ) {
    this.#loop = loop
    this.#host = 'host' in near ? near.host : '127.0.0.1'
    this.#acknowledged = acknowledged
    this.#broker = makeBroker(loop, {
      ackTimeoutNs: ms(params.ackTimeoutMs),
      acknowledged: (message) => this.#note(message),
    })
  }

  async start(consumers: number): Promise<DriverSays> {
    this.#ready = this.#broker.consumersReady(consumers)
    this.#listener = this.#loop.listen({ host: this.#host, port: 0 }, this.#broker.serve, { name: 'broker' })
    const { port } = this.#listener.address as { readonly port: number }
    return { type: 'broker', host: this.#host, port }
  }

  ready(): PromiseLike<void> {
    return this.#ready
  }

  publish(message: Message): void {
    this.#broker.publish(message)
  }

  settled(messages: number): PromiseLike<void> {
    const settled = this.#loop.createFuture()
    this.#wake = () => {
      if (this.#broker.acknowledgedCount === messages && !settled.done) settled.setResult()
    }
    this.#wake()
    return settled
  }

  finish(): void {
    this.#broker.finish()
  }

  async complaints({ prefetch }: QueueParams): Promise<string[]> {
    return [...complaintsAbout(this.#broker, prefetch)]
  }

  report(meter: Meter): void {
    const { delivered, redelivered, mostHeld, lost } = this.#broker
    meter.count('delivered', delivered)
    meter.count('redelivered', redelivered)
    meter.count('consumersLost', lost)
    meter.value('held.most', mostHeld, 'count')
    meter.timeSeries(this.#broker.levels())
  }

  #note(message: Message): void {
    this.#acknowledged(message)
    this.#wake()
  }

  async close(): Promise<void> {
    this.#listener?.close()
    this.#broker.abort()
  }
}

/** What the broker's books say that they should not. */
export function* complaintsAbout(
  { published, acknowledgedCount, delivered, redelivered, left, mostHeld }: Broker,
  prefetch: number,
): Iterable<string> {
  if (acknowledgedCount !== published) {
    yield `Of ${published} messages ${acknowledgedCount} were acknowledged`
  }
  if (redelivered !== left) {
    yield `Consumers that went had left ${left} messages unacknowledged, and ${redelivered} were delivered again`
  }
  if (delivered !== published + redelivered) {
    yield `${published} messages and ${redelivered} redeliveries made ${delivered} deliveries`
  }
  if (mostHeld > prefetch)
    yield `The broker gave a consumer ${mostHeld} messages at once, and ${prefetch} may be held`
}
