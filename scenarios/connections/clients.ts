import { type Address, type Loop, type Random, type Stream, seconds, type Task } from '../../harness/api.ts'
import { PING_BYTES } from './server.ts'

/** Connections made at once: fewer than a listener keeps waiting. */
const CONNECTS_AT_ONCE = 128
/** Pings at once when every connection is asked whether it lives. */
const SWEEP_AT_ONCE = 256
/** How long no ping may be answered, although some are under way. */
const PATIENCE_NS = seconds(5)

/** What many pings came to. */
export interface Pings {
  /** Time from a ping to its answer, of those answered. */
  readonly roundTripsNs: readonly number[]
  /** Not answered, or with other bytes than were sent. */
  readonly failed: number
}

/** The driver's ends of the connections. */
export class Clients {
  readonly #loop: Loop
  readonly #patienceNs: number
  readonly #streams: Stream[] = []
  #sent = 0

  constructor(loop: Loop, patienceNs = PATIENCE_NS) {
    this.#loop = loop
    this.#patienceNs = patienceNs
  }

  /** Connects to the addresses in turn. */
  async growTo(size: number, addresses: readonly Address[]): Promise<void> {
    while (this.#streams.length < size) {
      const from = this.#streams.length
      const connecting = Array.from({ length: Math.min(CONNECTS_AT_ONCE, size - from) }, (_, i) =>
        this.#loop.connect(addresses[(from + i) % addresses.length]!),
      )
      this.#streams.push(...(await this.#loop.gather(connecting)))
    }
  }

  /**
   * Pings random connections, `active` at a time. The next ping waits for an answer (a closed loop), as it is the cost
   * of one event that is looked for, and not what a server does under load.
   */
  ping(count: number, active: number, random: Random): Promise<Pings> {
    const size = this.#streams.length
    const lanes = Math.min(active, size)
    // Each lane has connections of its own: two pings at once on one would be one event.
    return this.#inLanes(lanes, (lane) => {
      const mine = Math.ceil((size - lane) / lanes)
      const pings = Math.max(0, Math.ceil((count - lane) / lanes))
      return Array.from({ length: pings }, () => lane + lanes * random.integer(mine))
    })
  }

  /** Asks every connection once whether it lives. */
  sweep(): Promise<Pings> {
    const size = this.#streams.length
    const lanes = Math.min(SWEEP_AT_ONCE, size)
    return this.#inLanes(lanes, (lane) =>
      Array.from({ length: Math.ceil((size - lane) / lanes) }, (_, i) => lane + lanes * i),
    )
  }

  /** Resets all: that leaves no port waiting, and the server has to bear it. */
  reset(): void {
    for (const stream of this.#streams) stream.reset()
    this.#streams.length = 0
  }

  async #inLanes(lanes: number, connectionsOf: (lane: number) => number[]): Promise<Pings> {
    const plans = Array.from({ length: lanes }, (_, lane) => connectionsOf(lane))
    const planned = plans.reduce((sum, plan) => sum + plan.length, 0)
    const roundTripsNs: number[] = []
    const tasks = plans.map((plan) =>
      this.#loop.spawn(() => this.#pingAll(plan, roundTripsNs), { name: 'pings' }),
    )
    await this.#allOrSilence(tasks, roundTripsNs)
    return { roundTripsNs, failed: planned - roundTripsNs.length }
  }

  async #pingAll(connections: readonly number[], roundTripsNs: number[]): Promise<void> {
    for (const index of connections) {
      const startNs = this.#loop.nowNs()
      if (await this.#isAnswered(this.#streams[index]!)) roundTripsNs.push(this.#loop.nowNs() - startNs)
    }
  }

  async #isAnswered(stream: Stream): Promise<boolean> {
    const ping = Buffer.alloc(PING_BYTES)
    ping.writeUInt32LE(++this.#sent, 4)
    try {
      stream.write(ping)
      const answer = await stream.readExactly(PING_BYTES)
      return answer !== undefined && ping.equals(answer)
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error
      return false // the connection has broken
    }
  }

  /** Gives up those that are still under way when nothing has been answered for a while. */
  async #allOrSilence(tasks: readonly Task<void>[], answered: readonly number[]): Promise<void> {
    let before: number
    do {
      before = answered.length
      await this.#loop.wait(tasks, { timeoutNs: this.#patienceNs })
    } while (tasks.some((task) => !task.done) && answered.length > before)
    for (const task of tasks) {
      if (task.done) task.result()
      else task.cancel()
    }
  }
}
