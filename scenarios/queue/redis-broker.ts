import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Loop, type Meter, ms } from '../../harness/api.ts'
import type { Message } from './broker.ts'
import type { DriverSays } from './control.ts'
import type { MessageBroker } from './embedded.ts'
import type { QueueParams } from './params.ts'
import { GROUP, openRedis } from './redis-connection.ts'

/** What is left behind by a run that was killed goes by itself. */
const FORGET_AFTER_S = 3600
const LOOK_EVERY_NS = ms(10)

/** A stream of a real Redis, as the side that publishes sees it. */
export class RedisBroker implements MessageBroker {
  readonly #loop: Loop
  readonly #params: QueueParams
  #stream = ''
  readonly #failures: string[] = []
  #redis: Redis | undefined

  constructor(loop: Loop, params: QueueParams) {
    this.#loop = loop
    this.#params = params
  }

  async start(): Promise<DriverSays> {
    const { redis: url, stream } = this.#params
    this.#redis = await openRedis(this.#loop, url)
    this.#stream = stream === '' ? `loopdyno:${randomUUID()}` : stream
    if (stream !== '') await this.#forget(this.#redis)
    await this.#loop.fromPromise(this.#redis.xgroup('CREATE', this.#stream, GROUP, '0', 'MKSTREAM'))
    if (stream === '') await this.#loop.fromPromise(this.#redis.expire(this.#stream, FORGET_AFTER_S))
    return { type: 'redis', url, stream: this.#stream }
  }

  /** The stream of an earlier round; anybody else's is left alone. */
  async #forget(redis: Redis): Promise<void> {
    if ((await this.#loop.fromPromise(redis.exists(this.#stream))) === 0) return
    if ((await this.#group(redis)) === undefined) {
      throw new Error(
        `'${this.#stream}' is not a stream of an earlier run: name another with --set stream=NAME`,
      )
    }
    await this.#loop.fromPromise(redis.del(this.#stream))
  }

  /** What Redis says of the consumers' group: names and values in turn. */
  async #group(redis: Redis): Promise<unknown[] | undefined> {
    try {
      const groups = await this.#loop.fromPromise(redis.xinfo('GROUPS', this.#stream))
      return (groups as unknown[][]).find((group) => fieldOf(group, 'name') === GROUP)
    } catch {
      return undefined // no stream
    }
  }

  /** The group is there before any consumer, so that none can come too late. */
  ready(): PromiseLike<void> {
    return Promise.resolve()
  }

  publish(message: Message): void {
    const added = this.#redis!.xadd(this.#stream, '*', 'message', JSON.stringify(message))
    added.catch((error: Error) => this.#failures.push(`XADD failed: ${error.message}`))
  }

  /** Asked of Redis: where a consumer died, nobody else knows whether its last acknowledgements had arrived. */
  async settled(messages: number): Promise<void> {
    while (!(await this.#isSettled(messages))) await this.#loop.sleep(LOOK_EVERY_NS)
  }

  async #isSettled(messages: number): Promise<boolean> {
    const group = (await this.#group(this.#redis!)) ?? []
    return fieldOf(group, 'entries-read') === messages && fieldOf(group, 'pending') === 0
  }

  finish(): void {}

  /** Redis keeps books of its own: they are what is judged. */
  async complaints({ messages }: QueueParams): Promise<string[]> {
    const redis = this.#redis!
    const length = await this.#loop.fromPromise(redis.xlen(this.#stream))
    const group = (await this.#group(redis)) ?? []
    const [read, pending] = [fieldOf(group, 'entries-read'), fieldOf(group, 'pending')]
    const complaints = [...this.#failures]
    if (length !== messages) complaints.push(`The stream has ${length} of ${messages} messages`)
    if (read !== messages) complaints.push(`Of ${messages} messages ${read} were read`)
    if (pending !== 0) complaints.push(`${pending} messages were read and never acknowledged`)
    return complaints
  }

  report(_meter: Meter): void {}

  async close(): Promise<void> {
    const redis = this.#redis
    if (redis === undefined) return
    if (this.#params.stream === '') await this.#loop.fromPromise(redis.del(this.#stream))
    redis.disconnect()
  }
}

/** Redis answers with names and values in turn. */
function fieldOf(pairs: readonly unknown[], name: string): unknown {
  return pairs[pairs.indexOf(name) + 1]
}
