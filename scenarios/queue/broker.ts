import { Deque, type Loop, ms, type Stream, type TimeSeries } from '../../harness/api.ts'
import { Steps } from '../websocket/steps.ts'
import type { MessageClass } from './params.ts'
import { isNetworkError, Wire, WireError } from './wire.ts'

export interface Message {
  /** From 0, without gaps. */
  readonly id: number
  readonly className: MessageClass
}

/** What a consumer says. */
export type ConsumerSays =
  | { readonly type: 'consume'; readonly prefetch: number }
  | { readonly type: 'ack'; readonly id: number }

/** What the broker says. */
export type BrokerSays =
  | { readonly type: 'deliver'; readonly message: Message; readonly attempt: number }
  /** Everything is acknowledged: there will be nothing more. */
  | { readonly type: 'end' }

const STEP_NS = ms(20)

/** A message that waits, and how often it was delivered before. */
export interface Queued {
  readonly message: Message
  deliveries: number
}

/** A consumer that is there. */
export interface Consumer {
  readonly wire: Wire<ConsumerSays>
  readonly prefetch: number
  /** Delivered and not acknowledged, by id, oldest first. */
  readonly held: Map<number, Queued>
  /** When it last acknowledged, or began to hold something. */
  progressNs: number
}

export interface BrokerOptions {
  readonly ackTimeoutNs: number
  /** Called once for each message, when it is acknowledged for good. */
  acknowledged(message: Message): void
}

/**
 * A broker with acknowledgement: a message stays the broker's until a consumer says that it is done, and goes to
 * another where that one is gone before. At least once, first come first served, never more than `prefetch` at one.
 */
export class Broker {
  readonly #loop: Loop
  readonly #options: BrokerOptions
  readonly #queue = new Deque<Queued>()
  readonly #consumers = new Set<Consumer>()
  readonly #open = new Set<Stream>()
  #finished = false
  #sweep: { cancel(): void } | undefined
  #waiting: { readonly count: number; readonly met: () => void } | undefined
  readonly #waitingNow: Steps
  readonly #heldNow: Steps
  published = 0
  acknowledgedCount = 0
  delivered = 0
  redelivered = 0
  /** Delivered to consumers that went before they acknowledged. */
  left = 0
  /** Connections that ended while messages were held. */
  lost = 0
  mostHeld = 0

  constructor(loop: Loop, options: BrokerOptions) {
    this.#loop = loop
    this.#options = options
    this.#waitingNow = new Steps(STEP_NS, loop.nowNs())
    this.#heldNow = new Steps(STEP_NS, loop.nowNs())
  }

  /** Connections that are there now. */
  get open(): number {
    return this.#open.size
  }

  /** Done when so many consumers are there. */
  consumersReady(count: number): PromiseLike<void> {
    const ready = this.#loop.createFuture()
    this.#waiting = { count, met: () => ready.done || ready.setResult() }
    this.#noteArrival()
    return ready
  }

  publish(message: Message): void {
    this.published++
    this.#queue.push({ message, deliveries: 0 })
    this.#dispatch()
  }

  /** Tells every consumer, and those that come later, that there is nothing more. */
  finish(): void {
    this.#finished = true
    this.#sweep?.cancel()
    for (const { wire } of this.#consumers) wire.send(END)
  }

  /** Ends what is still open. */
  abort(): void {
    this.finish()
    for (const stream of this.#open) stream.reset()
  }

  /** A stream handler for `loop.listen`. */
  readonly serve = async (stream: Stream): Promise<void> => {
    const wire = new Wire<ConsumerSays>(stream)
    this.#open.add(stream)
    try {
      const hello = await wire.receive()
      if (hello?.type === 'consume' && hello.prefetch > 0) await this.#attend(wire, hello.prefetch)
    } catch (error) {
      if (!isNetworkError(error) && !(error instanceof WireError)) throw error
      // A consumer that breaks off, or down, is what redelivery is for.
      stream.reset()
    } finally {
      this.#open.delete(stream)
    }
  }

  async #attend(wire: Wire<ConsumerSays>, prefetch: number): Promise<void> {
    const consumer: Consumer = { wire, prefetch, held: new Map(), progressNs: 0 }
    this.#consumers.add(consumer)
    this.#sweep ??= this.#sweepLater()
    if (this.#finished) wire.send(END)
    try {
      this.#noteArrival()
      this.#dispatch()
      for (let said = await wire.receive(); said !== undefined; said = await wire.receive()) {
        if (said.type === 'ack') this.#acknowledge(consumer, said.id)
      }
    } finally {
      this.#consumers.delete(consumer)
      this.takeBack([...consumer.held.values()])
    }
  }

  #noteArrival(): void {
    if (this.#waiting !== undefined && this.#consumers.size >= this.#waiting.count) this.#waiting.met()
  }

  #acknowledge(consumer: Consumer, id: number): void {
    const held = consumer.held.get(id)
    if (held === undefined) return // not its own: it says so too late, or makes it up
    consumer.held.delete(id)
    consumer.progressNs = this.#loop.nowNs()
    this.acknowledgedCount++
    this.#options.acknowledged(held.message)
    this.#dispatch()
  }

  /** What a consumer that has gone left unacknowledged goes first, in its old order. */
  protected takeBack(held: readonly Queued[]): void {
    if (held.length > 0) this.lost++
    this.left += held.length
    for (const { message, deliveries } of held.toReversed()) this.#queue.unshift({ message, deliveries })
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#queue.size > 0) {
      const consumer = this.choose(this.#consumers)
      if (consumer === undefined) break
      this.#deliver(consumer, this.#queue.shift()!)
    }
    this.#waitingNow.set(this.#queue.size, this.#loop.nowNs())
    this.#heldNow.set(this.published - this.acknowledgedCount - this.#queue.size, this.#loop.nowNs())
  }

  /** Where messages were while the run lasted. */
  levels(): TimeSeries {
    const nowNs = this.#loop.nowNs()
    return {
      title: 'Messages not yet done',
      unit: 'count',
      stepNs: STEP_NS,
      lines: {
        'in the broker': this.#waitingNow.means(nowNs),
        'at consumers': this.#heldNow.means(nowNs),
      },
    }
  }

  /** Whoever has least to do, of those who may have more. */
  protected choose(consumers: Iterable<Consumer>): Consumer | undefined {
    let best: Consumer | undefined
    for (const consumer of consumers) {
      const { held, prefetch } = consumer
      if (held.size < prefetch && (best === undefined || held.size < best.held.size)) best = consumer
    }
    return best
  }

  #deliver(consumer: Consumer, { message, deliveries }: Queued): void {
    const attempt = deliveries + 1
    if (consumer.held.size === 0) consumer.progressNs = this.#loop.nowNs()
    consumer.held.set(message.id, { message, deliveries: attempt })
    this.delivered++
    if (attempt > 1) this.redelivered++
    this.mostHeld = Math.max(this.mostHeld, consumer.held.size)
    const says: BrokerSays = { type: 'deliver', message, attempt }
    consumer.wire.send(says)
  }

  /**
   * A consumer may be there and do nothing: only the time tells. Progress is what counts, not the age of a message: who
   * puts some off for others that are urgent is alive, and to take its work away would make more of it.
   */
  #sweepLater(): { cancel(): void } {
    const { ackTimeoutNs } = this.#options
    return this.#loop.callLater(ackTimeoutNs / 8, () => {
      const sinceNs = this.#loop.nowNs() - ackTimeoutNs
      for (const { wire, held, progressNs } of this.#consumers) {
        if (held.size > 0 && progressNs < sinceNs) wire.stream.reset()
      }
      this.#sweep = this.#sweepLater()
    })
  }
}

const END: BrokerSays = { type: 'end' }
