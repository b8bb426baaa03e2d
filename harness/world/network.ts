/**
 * The network of a world: reliable byte streams with latency, bandwidth and a window, between hosts or within one.
 * Modelled on what a program can see of TCP: order, half-close, reset, refusal, backpressure.
 */
import type { Address, IoEvent, Listener, Network, NetworkError, Transport } from '../contracts.ts'
import { formatAddress, NetworkFailure } from '../selectors/network-error.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { LATENCY_NS, VirtualEvent, VirtualTransport } from './transport.ts'

const EPHEMERAL_PORTS_FROM = 49_152

/** Joins the hosts of a world: who listens where. */
export class Wire {
  readonly #listeners = new Map<string, VirtualListener>()
  #nextPort = EPHEMERAL_PORTS_FROM

  bind(address: Address, listener: (bound: Address) => VirtualListener): VirtualListener {
    const bound = 'port' in address && address.port === 0 ? { ...address, port: this.#nextPort++ } : address
    const key = formatAddress(bound)
    if (this.#listeners.has(key))
      throw new NetworkFailure('EADDRINUSE', `Cannot listen on ${key}: address already in use (EADDRINUSE)`)
    const made = listener(bound)
    this.#listeners.set(key, made)
    return made
  }

  unbind(address: Address): void {
    this.#listeners.delete(formatAddress(address))
  }

  find(address: Address): VirtualListener | undefined {
    return this.#listeners.get(formatAddress(address))
  }

  ephemeral(): Address {
    return { host: '127.0.0.1', port: this.#nextPort++ }
  }
}

class VirtualListener implements Listener {
  readonly address: Address
  readonly acceptFailures = 0
  readonly selector: SimulatedSelector
  readonly #event: VirtualEvent
  readonly #backlog: VirtualTransport[] = []
  readonly #unbind: () => void

  constructor(
    address: Address,
    selector: SimulatedSelector,
    accepted: (transport: Transport) => void,
    unbind: () => void,
  ) {
    this.address = address
    this.selector = selector
    this.#unbind = unbind
    this.#event = new VirtualEvent('accept', () => {
      for (const transport of this.#backlog.splice(0)) accepted(transport)
    })
  }

  queue(transport: VirtualTransport): IoEvent {
    this.#backlog.push(transport)
    return this.#event
  }

  close(): void {
    this.#unbind()
  }
}

export class VirtualNetwork implements Network {
  readonly #selector: SimulatedSelector
  readonly #wire: Wire
  readonly #listeners: VirtualListener[] = []

  constructor(selector: SimulatedSelector, wire: Wire) {
    this.#selector = selector
    this.#wire = wire
  }

  listen(address: Address, accepted: (transport: Transport) => void): Listener {
    const listener = this.#wire.bind(
      address,
      (bound) => new VirtualListener(bound, this.#selector, accepted, () => this.#wire.unbind(bound)),
    )
    this.#listeners.push(listener)
    return listener
  }

  connect(address: Address, done: (result: Transport | NetworkError) => void): () => void {
    let result: Transport | NetworkError
    let given = false
    const event = new VirtualEvent('connect', () => given || done(result))
    const listener = this.#wire.find(address)
    const atNs = this.#selector.clock.lastNs + LATENCY_NS
    if (listener === undefined) {
      result = new NetworkFailure(
        'ECONNREFUSED',
        `Cannot connect to ${formatAddress(address)}: connection refused (ECONNREFUSED)`,
      )
    } else {
      const near = new VirtualTransport(this.#selector, this.#wire.ephemeral(), listener.address)
      const far = new VirtualTransport(listener.selector, listener.address, near.localAddress)
      near.join(far)
      result = near
      listener.selector.deliverAt(atNs, () => listener.queue(far))
    }
    // The answer takes the way back as well.
    this.#selector.deliverAt(atNs + LATENCY_NS, () => event)
    return () => {
      given = true
      if (result instanceof VirtualTransport) result.reset()
    }
  }

  close(): void {
    for (const listener of this.#listeners) listener.close()
  }
}
