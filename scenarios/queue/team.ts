import {
  type Future,
  type Loop,
  ms,
  type Random,
  type ScenarioContext,
  type TaskGroup,
} from '../../harness/api.ts'
import type { Message } from './broker.ts'
import type { Ledger } from './ledger.ts'
import { costNs, type QueueParams } from './params.ts'
import type { Delivery, Subscribe, Subscription } from './subscription.ts'
import { isNetworkError } from './wire.ts'

/** A consumer dies over a message. */
class Crash extends Error {
  override readonly name = 'Crash'
}

/** Before the effect of the message, or between effect and acknowledgement. */
type CrashPoint = 'received' | 'applied'

/** One place in the team, whoever holds it now. */
interface Member {
  readonly name: string
  lives: number
  received: number
  /** Effects that had been made before: what redelivery costs. */
  duplicates: number
  crashes: number
  /** Lives that ended because the broker ended the connection. */
  cutOff: number
}

export interface TeamOptions {
  readonly subscribe: Subscribe
  readonly ledger: Ledger
  /** A consumer has been dead for a while; called before the next one takes its place. */
  readonly buried?: (name: string) => Promise<void>
}

/** The consumers under test, with whoever starts them again when they die. */
export class Team {
  readonly #loop: Loop
  readonly #ctx: ScenarioContext<QueueParams>
  readonly #options: TeamOptions
  readonly #io: Random
  readonly #crashes: Random
  /** Messages over which a consumer has died: the next one to get them does not. */
  readonly #fatal = new Set<number>()
  #running: Future<unknown> | undefined
  #stopped = false
  readonly members: Member[] = []

  constructor(loop: Loop, ctx: ScenarioContext<QueueParams>, options: TeamOptions) {
    this.#loop = loop
    this.#ctx = ctx
    this.#options = options
    this.#io = ctx.random.fork('io')
    this.#crashes = ctx.random.fork('crashes')
  }

  start(): void {
    const { consumers, stuck, redis } = this.#ctx.params
    const working = this.#admit('consumer', consumers).map((member) => () => this.#keepRunning(member))
    const idling = this.#admit('stuck', redis === '' ? stuck : 0).map((member) => () => this.#holdOn(member))
    this.#running = this.#loop.gather([...working, ...idling])
  }

  total(of: 'received' | 'duplicates' | 'crashes' | 'cutOff'): number {
    return this.members.reduce((sum, member) => sum + member[of], 0)
  }

  #admit(kind: string, count: number): Member[] {
    const nobody = { lives: 0, received: 0, duplicates: 0, crashes: 0, cutOff: 0 }
    const admitted = Array.from({ length: count }, (_, i) => ({ name: `${kind} ${i + 1}`, ...nobody }))
    this.members.push(...admitted)
    return admitted
  }

  /** Consumers end with their subscriptions; none is started again. */
  stop(): void {
    this.#stopped = true
  }

  async ended(): Promise<void> {
    await this.#running
  }

  async #keepRunning(member: Member): Promise<void> {
    while (!this.#stopped) {
      const name = `${member.name}, life ${++member.lives}`
      if (await this.#live(member, name)) return
      await this.#loop.sleep(ms(this.#ctx.params.restartMs))
      await this.#options.buried?.(name)
    }
  }

  /** One life of a consumer; true where it ended in order. */
  async #live(member: Member, name: string): Promise<boolean> {
    let subscription: Subscription | undefined
    try {
      subscription = await this.#options.subscribe(name, this.#ctx.params.prefetch)
      await this.#consume(member, subscription)
      subscription.close()
      return true
    } catch (error) {
      subscription?.abort()
      noteDeath(member, error)
      return false
    }
  }

  /** Every message in a task of its class; the first that fails takes the others, and the consumer, with it. */
  #consume(member: Member, subscription: Subscription): Promise<void> {
    const { prefetch } = this.#ctx.params
    let held = 0
    return this.#loop.taskGroup(async (group: TaskGroup) => {
      for (let next = await subscription.receive(); next !== undefined; next = await subscription.receive()) {
        const delivery = next
        const { className } = delivery.message
        member.received++
        held++
        this.#ctx.check(held <= prefetch, `A consumer held ${held} messages, and may prefetch ${prefetch}`)
        const handle = async () => {
          await this.#handle(member, subscription, delivery)
          held--
        }
        const expectedNs = costNs(this.#ctx.params, className)
        group.spawn(handle, { className, expectedNs, name: className })
      }
    })
  }

  async #handle(member: Member, subscription: Subscription, { message }: Delivery): Promise<void> {
    const { params } = this.#ctx
    const crashPoint = this.#crashPoint(message)
    this.#loop.work(costNs(params, message.className))
    await this.#loop.sleep(this.#io.exponential(ms(params.ioMs)))
    if (crashPoint === 'received') this.#die(message)
    if (!this.#options.ledger.apply(message.id)) member.duplicates++
    if (crashPoint === 'applied') this.#die(message)
    await subscription.acknowledge(message)
  }

  /** Drawn by message, so that every policy meets the same crashes. */
  #crashPoint({ id }: Message): CrashPoint | undefined {
    if (this.#fatal.has(id)) return undefined
    const random = this.#crashes.fork(String(id))
    if (random.uniform() >= this.#ctx.params.crashShare) return undefined
    return random.uniform() < 0.5 ? 'received' : 'applied'
  }

  #die({ id }: Message): never {
    this.#fatal.add(id)
    throw new Crash(`A consumer crashed over message ${id}`)
  }

  /** Takes what it gets and never says a word: half-open, as far as a broker can tell. */
  async #holdOn(member: Member): Promise<void> {
    member.lives++
    try {
      const subscription = await this.#options.subscribe(member.name, 1)
      while ((await subscription.receive()) !== undefined) member.received++
      subscription.close()
    } catch (error) {
      if (!isNetworkError(error)) throw error
      member.cutOff++
    }
  }
}

/** Throws the error where it is neither a crash nor the connection's. */
function noteDeath(member: Member, error: unknown): void {
  const causes: unknown[] = error instanceof AggregateError ? error.errors : [error]
  if (causes.some((cause) => cause instanceof Crash)) member.crashes++
  else if (causes.every(isNetworkError)) member.cutOff++
  else throw error
}
