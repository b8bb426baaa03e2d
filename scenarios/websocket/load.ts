import { type Loop, ms, type ScenarioContext, type Task, us } from '../../harness/api.ts'
import { misbehave } from './faults.ts'
import { CLOSE } from './frames.ts'
import { type MemberOptions, type Published, PublishingClient, SubscribingClient } from './members.ts'
import type { RoomParams } from './params.ts'
import type { MessageClass } from './protocol.ts'

type Context = ScenarioContext<RoomParams>

/**
 * Poisson arrivals of messages at the rate that loads the server's CPU as asked, some of them for rooms with
 * subscribers that cannot keep up, beside clients that break the rules. Latency counts from when a message was meant
 * to be sent to when a subscriber that keeps up has it.
 */
export async function offerMessages(loop: Loop, ctx: Context): Promise<void> {
  const crowd = new Crowd(loop, ctx)
  await crowd.gather()
  const faults = misbehave(crowd.options, ctx)
  const { warmupMs, durationMs } = ctx.params
  const startNs = loop.nowNs()
  const measureFromNs = startNs + ms(warmupMs)
  loop.callAt(measureFromNs, () => ctx.meter.start())
  crowd.measureFromNs = measureFromNs
  await crowd.talk(startNs, measureFromNs + ms(durationMs))
  await crowd.disperse()
  ctx.meter.stop()
  await faults.end()
  crowd.judge()
}

/** Mean time between two messages, ns, at which the declared costs use up the share `load` of the processor. */
export function meanGapNs({ alertUs, chatUs, chatShare, load }: RoomParams): number {
  const costNs = us(alertUs * (1 - chatShare) + chatUs * chatShare)
  // Without any cost no rate loads the server; 1,000 a second is brisk and bounded.
  return costNs === 0 ? ms(1) : costNs / load
}

class Crowd {
  readonly options: MemberOptions
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #subscribers: SubscribingClient[] = []
  readonly #publishers: Record<MessageClass, PublishingClient[]> = { alert: [], chat: [] }
  #running: PromiseLike<unknown> = Promise.resolve()
  measureFromNs = Number.POSITIVE_INFINITY

  constructor(loop: Loop, ctx: Context) {
    this.#loop = loop
    this.#ctx = ctx
    const { address, params } = ctx
    this.options = { loop, address, params, random: ctx.random.fork('masks') }
  }

  /** Everybody is connected, and who subscribes is in its room. Who is slow follows all rooms. */
  async gather(): Promise<void> {
    const { rooms, subscribers, slow, publishers } = this.#ctx.params
    const names = Array.from({ length: rooms }, (_, index) => `room ${index + 1}`)
    for (const room of names) {
      for (let i = 0; i < subscribers; i++) await this.#subscribe([room], false)
      for (let i = 0; i < publishers; i++) {
        for (const className of ['alert', 'chat'] as const) await this.#admit(room, className)
      }
    }
    for (let i = 0; i < slow; i++) await this.#subscribe(names, true)
    this.#running = this.#loop.gather(this.#subscribers.map((each) => this.#start(each)))
  }

  async #subscribe(rooms: readonly string[], isSlow: boolean): Promise<void> {
    const number = this.#subscribers.length + 1
    this.#subscribers.push(await SubscribingClient.open(number, rooms, isSlow, this.options))
  }

  #start(subscriber: SubscribingClient): Task<void> {
    const run = () => subscriber.run((message) => this.#taken(subscriber, message))
    return this.#loop.spawn(run, { name: 'subscriber' })
  }

  async #admit(room: string, className: MessageClass): Promise<void> {
    const number = this.#publishers.alert.length + this.#publishers.chat.length + 1
    this.#publishers[className].push(await PublishingClient.open(number, room, className, this.options))
  }

  async talk(fromNs: number, untilNs: number): Promise<void> {
    const { random, params } = this.#ctx
    const gaps = random.fork('arrivals')
    const choices = random.fork('publishers')
    const gapNs = meanGapNs(params)
    for (let atNs = fromNs + gaps.exponential(gapNs); atNs < untilNs; atNs += gaps.exponential(gapNs)) {
      const delayNs = atNs - this.#loop.nowNs()
      if (delayNs > 0) await this.#loop.sleep(delayNs)
      const among = this.#publishers[choices.uniform() < params.chatShare ? 'chat' : 'alert']
      among[choices.integer(among.length)]!.publish(atNs)
    }
  }

  /** Publishers first, so that whoever leaves a room has been offered all that was sent to it. */
  async disperse(): Promise<void> {
    const codes = await this.#loop.gather(this.#allPublishers.map((each) => () => each.leave()))
    this.#ctx.check(
      codes.every((code) => code === CLOSE.normal),
      `A publisher's connection ended with ${codes.find((code) => code !== CLOSE.normal)} instead of 1000`,
    )
    for (const subscriber of this.#subscribers) subscriber.leave()
    await this.#running
  }

  judge(): void {
    const { meter, params } = this.#ctx
    for (const subscriber of this.#subscribers) {
      const published = this.#publishedTo(subscriber.rooms)
      for (const complaint of complaints(subscriber, published, params)) this.#ctx.check(false, complaint)
      meter.count(subscriber.isSlow ? 'missed.slow' : 'missed.fast', subscriber.audit.missing(published))
    }
  }

  get #allPublishers(): PublishingClient[] {
    return [...this.#publishers.alert, ...this.#publishers.chat]
  }

  #publishedTo(rooms: readonly string[]): Map<number, number> {
    const there = this.#allPublishers.filter((publisher) => rooms.includes(publisher.room))
    return new Map(there.map(({ number, sent }) => [number, sent]))
  }

  #taken({ isSlow }: SubscribingClient, { class: className, intendedNs }: Published): void {
    if (intendedNs < this.measureFromNs) return
    this.#ctx.meter.operations()
    if (!isSlow) this.#ctx.meter.latency(className, this.#loop.nowNs() - intendedNs)
  }
}

/** What a subscriber has to complain of. Slow is who was told that messages were dropped, whatever was intended. */
export function* complaints(
  {
    number,
    rooms,
    audit,
    left,
    closeCode,
    isSlow,
  }: Pick<SubscribingClient, 'number' | 'rooms' | 'audit' | 'left' | 'closeCode' | 'isSlow'>,
  published: ReadonlyMap<number, number>,
  { overflow, buffer }: Pick<RoomParams, 'overflow' | 'buffer'>,
): Iterable<string> {
  const who = `Subscriber ${number} of ${rooms.join(', ')}`
  if (audit.disorder !== undefined) yield `${who} got ${audit.disorder}`
  if (left === undefined) {
    const mayGo = isSlow && overflow === 'disconnect'
    if (!mayGo) yield `${who} lost its connection, with code ${closeCode}`
    if (!audit.isGapless) yield `${who} has gaps before it was disconnected`
    return
  }
  const { offered, dropped, mostHeld } = left
  const sent = [...published.values()].reduce((sum, count) => sum + count, 0)
  const missing = audit.missing(published)
  if (offered !== sent) yield `${who} was offered ${offered} of ${sent} messages`
  if (missing !== dropped) yield `${who} misses ${missing} messages, and ${dropped} were counted as dropped`
  if (mostHeld > buffer) yield `${mostHeld} messages were held for ${who}, and ${buffer} are allowed`
  if (closeCode !== CLOSE.normal) yield `The connection of ${who} ended with ${closeCode} instead of 1000`
}
