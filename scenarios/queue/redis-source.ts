import type { Redis } from 'ioredis'
import { type Future, type Loop, type Meter, ms } from '../../harness/api.ts'
import type { Message } from './broker.ts'
import type { DriverSays } from './control.ts'
import type { QueueParams } from './params.ts'
import { GROUP, openRedis } from './redis-connection.ts'
import type { Delivery, Subscribe, Subscription } from './subscription.ts'

/** How long Redis holds back an answer while there is nothing to read. */
const BLOCK_MS = 50
const MOST_PENDING = 100_000

/** An entry as Redis gives it: its id, then names and values in turn. */
type Entry = readonly [id: string, fields: readonly string[]]

/** Subscriptions to a stream of a real Redis, and the books about what came again. */
export class RedisSource {
  readonly #loop: Loop
  readonly #params: QueueParams
  readonly #there: Extract<DriverSays, { type: 'redis' }>
  /** Redis has confirmed an acknowledgement; whoever asked for it may be dead by now. */
  readonly acknowledged: (message: Message) => void
  #books: Redis | undefined
  stopped = false
  /** Taken over from consumers that did not acknowledge in time. */
  redelivered = 0
  /** Unacknowledged at consumers that died, a while after. */
  left = 0

  constructor(
    loop: Loop,
    params: QueueParams,
    there: Extract<DriverSays, { type: 'redis' }>,
    acknowledged: (message: Message) => void,
  ) {
    this.acknowledged = acknowledged
    this.#loop = loop
    this.#params = params
    this.#there = there
  }

  /** Subscriptions end when they next look. */
  stop(): void {
    this.stopped = true
  }

  /**
   * Two connections a consumer: behind a read that waits, Redis would not see its acknowledgements.
   */
  readonly subscribe: Subscribe = async (name, prefetch) => {
    const { url, stream } = this.#there
    const reader = await openRedis(this.#loop, url)
    const writer = await openRedis(this.#loop, url)
    const { ackTimeoutMs } = this.#params
    return new RedisSubscription(this.#loop, this, { reader, writer, stream, name, prefetch, ackTimeoutMs })
  }

  /** Asked a while after a death, when Redis has seen the last that the dead consumer had sent. */
  readonly buried = async (name: string): Promise<void> => {
    this.#books ??= await openRedis(this.#loop, this.#there.url)
    const pending = this.#books.xpending(this.#there.stream, GROUP, '-', '+', MOST_PENDING, name)
    this.left += (await this.#loop.fromPromise(pending)).length
  }

  /** Redis redelivers by idle time alone: it may take from the living too, so that more may come again than was left. */
  complaints(): string[] {
    const { redelivered, left } = this
    if (redelivered >= left) return []
    return [
      `Consumers that died had left ${left} messages unacknowledged, and ${redelivered} were delivered again`,
    ]
  }

  report(meter: Meter): void {
    meter.count('redelivered', this.redelivered)
    meter.count('left', this.left)
  }

  async close(): Promise<void> {
    this.#books?.disconnect()
  }
}

interface RedisConsumer {
  readonly reader: Redis
  readonly writer: Redis
  readonly stream: string
  readonly name: string
  readonly prefetch: number
  readonly ackTimeoutMs: number
}

class RedisSubscription implements Subscription {
  readonly #loop: Loop
  readonly #source: RedisSource
  readonly #consumer: RedisConsumer
  readonly #ready: Delivery[] = []
  /** The entry of each message that is held. */
  readonly #entries = new Map<number, string>()
  #acknowledged: Future<void> | undefined
  #claimAtNs = 0

  constructor(loop: Loop, source: RedisSource, consumer: RedisConsumer) {
    this.#loop = loop
    this.#source = source
    this.#consumer = consumer
  }

  async receive(): Promise<Delivery | undefined> {
    while (!this.#source.stopped) {
      const next = this.#ready.shift()
      if (next !== undefined) return next
      const room = this.#consumer.prefetch - this.#entries.size
      if (room > 0) await this.#fetch(room)
      else await this.#nextAcknowledged()
    }
    return undefined
  }

  async acknowledge(message: Message): Promise<void> {
    const { writer, stream } = this.#consumer
    const confirmed = this.#loop.fromPromise(writer.xack(stream, GROUP, this.#entries.get(message.id)!))
    confirmed.addDoneCallback(() => confirmed.failed || this.#source.acknowledged(message))
    await this.#loop.shield(confirmed)
    this.#entries.delete(message.id)
    if (this.#acknowledged?.done === false) this.#acknowledged.setResult()
  }

  close(): void {
    this.abort()
  }

  abort(): void {
    this.#consumer.reader.disconnect()
    this.#consumer.writer.disconnect()
  }

  async #nextAcknowledged(): Promise<void> {
    this.#acknowledged = this.#loop.createFuture()
    await this.#acknowledged
  }

  /** First what others left, now and then, then what is new. */
  async #fetch(room: number): Promise<void> {
    const { reader, stream, name, ackTimeoutMs } = this.#consumer
    if (this.#loop.nowNs() >= this.#claimAtNs) {
      this.#claimAtNs = this.#loop.nowNs() + ms(ackTimeoutMs / 4)
      const claim = reader.xautoclaim(stream, GROUP, name, ackTimeoutMs, '0-0', 'COUNT', room)
      const [, claimed] = (await this.#loop.fromPromise(claim)) as [string, Entry[]]
      this.#source.redelivered += claimed.length
      this.#take(claimed, 2)
      if (claimed.length > 0) return
    }
    const read = reader.xreadgroup(
      'GROUP',
      GROUP,
      name,
      'COUNT',
      room,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      stream,
      '>',
    )
    const streams = (await this.#loop.fromPromise(read)) as [string, Entry[]][] | null
    for (const [, entries] of streams ?? []) this.#take(entries, 1)
  }

  #take(entries: readonly Entry[], attempt: number): void {
    for (const [entry, [, json]] of entries) {
      const message = JSON.parse(json!) as Message
      if (this.#entries.has(message.id)) continue // claimed from itself: it is being handled already
      this.#entries.set(message.id, entry)
      this.#ready.push({ message, attempt })
    }
  }
}
