import type { Loop, Random, ScenarioContext } from '../../harness/api.ts'
import type { Bystanders } from './bystanders.ts'
import type { Clients, Pings } from './clients.ts'
import { ControlClient } from './control.ts'

/** Until the code that is measured has been compiled, on both sides. */
const WARM_UP_PINGS = 3000
/** Before each size: the first look at new connections. */
const FIRST_PINGS = 50

export interface DriveParams {
  readonly sizes: readonly number[]
  readonly active: number
  readonly events: number
  readonly runs: number
}

type Context = ScenarioContext<DriveParams>

/** Where the driver's connections come from. */
export interface Crowd {
  readonly clients: Clients
  /** Those that the loop under test has no room for. */
  readonly bystanders: Pick<Bystanders, 'growTo' | 'sweep' | 'close'>
}

/** A promise was broken, and the check has told so: what follows would only be waited for in vain. */
class GaveUp extends Error {
  override readonly name = 'GaveUp'
}

/** Steps through the sizes: opens what is missing, then has a few connections talk. Ends at the first broken promise. */
export async function drive(
  loop: Loop,
  ctx: Context,
  crowd: Crowd,
  warmUpPings = WARM_UP_PINGS,
): Promise<void> {
  const control = await ControlClient.connect(loop, ctx.address)
  try {
    await new Driver(ctx, crowd, control).run(warmUpPings)
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error
  } finally {
    crowd.clients.reset()
    control.close()
    await crowd.bystanders.close()
  }
}

class Driver {
  readonly #ctx: Context
  readonly #crowd: Crowd
  readonly #control: ControlClient
  readonly #random: Random

  constructor(ctx: Context, crowd: Crowd, control: ControlClient) {
    this.#ctx = ctx
    this.#crowd = crowd
    this.#control = control
    this.#random = ctx.random.fork('pings')
  }

  async run(warmUpPings: number): Promise<void> {
    const { clients, bystanders } = this.#crowd
    const { connections, limit, addresses } = await this.#control.ask({ ask: 'welcome' })
    const most = limit === 'selector' ? connections : Number.POSITIVE_INFINITY
    const sizes = this.#ctx.params.sizes.filter((size) => size <= most)
    for (const size of sizes) {
      const held = Math.min(size, connections)
      await clients.growTo(held, addresses)
      await bystanders.growTo(size - held)
      await this.#begin(held) // collects garbage, which the measured window need not pay
      await this.#ping(size === sizes[0] ? warmUpPings : FIRST_PINGS)
      await this.#measure(size, held, size === sizes.at(-1))
      await this.#sweep(size, held)
    }
  }

  async #measure(size: number, held: number, isLast: boolean): Promise<void> {
    const { meter, params } = this.#ctx
    // Each size starts the window anew, so that latencies and cost per operation are those of the most connections.
    meter.start()
    for (let run = 0; run < params.runs; run++) await this.#run(size, held)
    if (isLast) meter.stop()
  }

  async #run(size: number, held: number): Promise<void> {
    const { meter, params } = this.#ctx
    await this.#begin(held)
    const { roundTripsNs } = await this.#ping(params.events)
    for (const ns of roundTripsNs) meter.latency('ping', ns)
    meter.operations(roundTripsNs.length)
    const { events } = await this.#control.ask({ ask: 'end', size, roundTripNs: median(roundTripsNs) })
    this.#demand(
      events === params.events,
      `${params.events} pings were sent, and ${events} reached the server`,
    )
  }

  async #begin(connections: number): Promise<void> {
    const { held } = await this.#control.ask({ ask: 'begin', connections })
    this.#demand(held === connections, `${connections} connections were made, and the server holds ${held}`)
  }

  async #ping(count: number): Promise<Pings> {
    const pings = await this.#crowd.clients.ping(count, this.#ctx.params.active, this.#random)
    this.#demand(
      pings.failed === 0,
      `${pings.failed} of ${count} pings were not answered with their own bytes`,
    )
    return pings
  }

  async #sweep(size: number, held: number): Promise<void> {
    const { failed } = await this.#crowd.clients.sweep()
    this.#demand(failed === 0, `${failed} of ${held} connections are dead`)
    const dead = size - held - (await this.#crowd.bystanders.sweep())
    this.#demand(dead === 0, `${dead} connections of other processes are dead`)
  }

  #demand(holds: boolean, message: string): void {
    this.#ctx.check(holds, message)
    if (!holds) throw new GaveUp()
  }
}

/** 0 of none. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
