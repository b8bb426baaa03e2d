/** The real selectors on the bench. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address, IoEvent, Selector } from '../../harness/contracts.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import type { Random } from '../../harness/random.ts'
import { epoll } from '../../harness/selectors/epoll.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { poll } from '../../harness/selectors/poll.ts'
import { select } from '../../harness/selectors/select.ts'
import type { Bench, SelectorFixture } from './bench.ts'

export interface BenchOptions {
  readonly patienceMs?: number
  /** Runs one event a turn, any: as a policy may that leaves events pending over many looks at I/O. */
  readonly disorder?: Random
  address?(): Address
}

/** Runs events as they come, one turn after the other, and lets Node have a turn in between. */
export class RealBench implements Bench {
  readonly selector: Selector
  readonly network: Bench['network']
  readonly patienceMs: number
  readonly errors: unknown[] = []
  readonly address: () => Address
  emitted: (event: IoEvent) => void = () => {}
  readonly #ready: IoEvent[] = []
  readonly #disorder: Random | undefined

  constructor(selector: Selector, { patienceMs = 8000, address = anyPort, disorder }: BenchOptions = {}) {
    this.#disorder = disorder
    this.selector = selector
    this.network = selector.network
    this.patienceMs = patienceMs
    this.address = address
  }

  async runUntil(predicate: () => boolean, maxMs: number): Promise<void> {
    const endMs = performance.now() + maxMs
    while (!predicate()) {
      if (performance.now() > endMs) throw new Error(`Not within ${maxMs} ms: ${predicate}`)
      this.#turn()
      await new Promise(setImmediate)
    }
  }

  close(): void {
    this.selector.close()
  }

  #turn(): void {
    this.selector.select(this.#ready.length > 0 ? 0 : 1e6, (event) => {
      if (event.pending) throw new Error(`The event ${event.name} was emitted while it was pending`)
      event.pending = true
      this.emitted(event)
      this.#ready.push(event)
    })
    for (const event of this.#next()) {
      event.pending = false
      this.#run(event)
    }
  }

  #next(): IoEvent[] {
    if (this.#disorder === undefined || this.#ready.length === 0) return this.#ready.splice(0)
    return this.#ready.splice(this.#disorder.integer(this.#ready.length), 1)
  }

  #run(event: IoEvent): void {
    try {
      event.run()
    } catch (error) {
      this.errors.push(error)
    }
  }
}

export function anyPort(): Address {
  return { host: '127.0.0.1', port: 0 }
}

let sockets = 0
export function anyPath(): Address {
  return { path: join(tmpdir(), `loopdyno-${process.pid}-${sockets++}.sock`) }
}

const FACTORIES = { epoll, poll, select, libuv: () => new LibuvSelector() }
export type RealName = keyof typeof FACTORIES

export function makeReal(name: RealName): Selector {
  return FACTORIES[name](new RealClock())
}

export function realFixture(name: RealName, options?: BenchOptions): SelectorFixture {
  return { name, real: true, make: () => new RealBench(makeReal(name), options) }
}
