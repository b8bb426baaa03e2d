/** The simulated selector on the bench: both ends on one host, and the clock skips to what comes next. */
import type { Address, IoEvent, Network, Selector } from '../../harness/contracts.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import type { Random } from '../../harness/random.ts'
import { SimulatedSelector } from '../../harness/selectors/simulated.ts'
import { Wire } from '../../harness/world/network.ts'
import type { Bench, SelectorFixture } from './bench.ts'

/** Where nothing is under way, a check's predicate may still set something going: it is asked this often. */
const IDLE_STEP_NS = 1e6

export interface SimulatedBenchOptions {
  /** Runs one event a turn, any: as a policy may that leaves events pending over many looks at I/O. */
  readonly disorder?: Random
  address?(): Address
}

export class SimulatedBench implements Bench {
  readonly clock = new VirtualClock()
  readonly network: Network
  readonly patienceMs = 8000
  readonly errors: unknown[] = []
  readonly address: () => Address
  emitted: (event: IoEvent) => void = () => {}
  readonly #selector = new SimulatedSelector(this.clock, new Wire())
  readonly #disorder: Random | undefined
  readonly #ready: IoEvent[] = []

  constructor({ disorder, address = anyVirtualPort }: SimulatedBenchOptions = {}) {
    this.#disorder = disorder
    this.address = address
    this.network = this.#selector.network
  }

  get selector(): Selector {
    return this.#selector
  }

  /** The milliseconds are virtual ones. */
  async runUntil(predicate: () => boolean, maxMs: number): Promise<void> {
    const endNs = this.clock.lastNs + maxMs * 1e6
    while (!predicate()) {
      if (this.clock.lastNs > endNs) throw new Error(`Not within ${maxMs} virtual ms: ${predicate}`)
      if (this.#ready.length === 0) this.#skip()
      this.#turn()
    }
  }

  close(): void {
    this.#selector.close()
  }

  #skip(): void {
    this.clock.advanceTo(Math.min(this.#selector.nextNs(), this.clock.lastNs + IDLE_STEP_NS))
  }

  #turn(): void {
    this.#selector.select(0, (event) => {
      if (event.pending) throw new Error(`The event ${event.name} was emitted while it was pending`)
      event.pending = true
      this.emitted(event)
      this.#ready.push(event)
    })
    for (const event of this.#next()) this.#run(event)
  }

  #next(): IoEvent[] {
    if (this.#disorder === undefined || this.#ready.length === 0) return this.#ready.splice(0)
    return this.#ready.splice(this.#disorder.integer(this.#ready.length), 1)
  }

  #run(event: IoEvent): void {
    event.pending = false
    try {
      event.run()
    } catch (error) {
      this.errors.push(error)
    }
  }
}

function anyVirtualPort(): Address {
  return { host: '127.0.0.1', port: 0 }
}

let paths = 0
export function anyVirtualPath(): Address {
  return { path: `/virtual/${paths++}.sock` }
}

export function simulatedFixture(options?: SimulatedBenchOptions): SelectorFixture {
  return { name: 'simulated', real: false, make: () => new SimulatedBench(options) }
}
