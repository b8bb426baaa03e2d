/** The selector of a simulated world: emits what the world has sent this host, when its time has come. */
import type { Clock, EmitIo, IoEvent, Selector } from '../contracts.ts'
import { Heap } from '../loop/heap.ts'
import { VirtualNetwork, type Wire } from '../world/network.ts'

interface Delivery {
  readonly atNs: number
  readonly order: number
  /** Takes effect on the receiving side and names the event to emit. */
  arrive(): IoEvent | undefined
}

export class SimulatedSelector implements Selector {
  readonly name = 'simulated'
  readonly blocking = false
  readonly network: VirtualNetwork
  readonly clock: Clock
  readonly #pollNs: number
  readonly #deliveries = new Heap<Delivery>(
    (a, b) => a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order),
  )
  #sent = 0

  /** `host` names its randomness; a look at I/O takes `pollNs`. */
  constructor(clock: Clock, wire: Wire, host = 0, pollNs = 0) {
    this.clock = clock
    this.#pollNs = pollNs
    this.network = new VirtualNetwork(this, wire, host)
  }

  /** When the next delivery arrives, ns; `Infinity` where none is under way. */
  nextNs(): number {
    return this.#deliveries.peek()?.atNs ?? Number.POSITIVE_INFINITY
  }

  /** Something reaches this host at `atNs`. Equal times arrive in the order in which they were sent. */
  deliverAt(atNs: number, arrive: () => IoEvent | undefined): void {
    this.#deliveries.push({ atNs, order: this.#sent++, arrive })
  }

  /**
   * Never waits: the world moves the clock. What it sees is what is there when it begins: of what comes while it
   * looks, the other hosts have not sent all.
   */
  select(_timeoutNs: number, emit: EmitIo): number {
    let emitted = 0
    while (this.nextNs() <= this.clock.lastNs) {
      const delivery = this.#deliveries.pop()!
      const event = delivery.arrive()
      if (event === undefined || event.pending) continue
      event.readySinceNs = delivery.atNs
      emit(event)
      emitted++
    }
    this.clock.work(this.#pollNs)
    return emitted
  }

  /** A virtual loop is awake whenever something is ready. */
  wake(): void {}

  close(): void {
    this.network.close()
  }
}
