/**
 * The network of a world: reliable byte streams over links and with a window, between hosts or within one.
 * Modelled on what a program can see of TCP: order, half-close, reset, refusal, backpressure. Handshakes are a
 * kernel's work: they take their time on the wire, however busy the hosts are.
 */
import type { Address, IoEvent, Listener, Network, NetworkError, Transport } from '../contracts.ts'
import { createRandom, type Random } from '../random.ts'
import { formatAddress, NetworkFailure } from '../selectors/network-error.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { literalHost } from '../selectors/socket-address.ts'
import { Link, type LinkModel, loopbackOf } from './link.ts'
import { DEFAULT_WORLD_MODEL } from './model.ts'
import { VirtualEvent, VirtualTransport } from './transport.ts'

const EPHEMERAL_PORTS_FROM = 49_152
const EVERYWHERE = ['0.0.0.0', '::']
/** Connections accepted in one handle before others get a turn. */
const ACCEPTS_PER_HANDLE = 32

/** Joins the hosts of a world: who listens where, and what lies between them. */
export class Wire {
  /** Between two hosts, and within one. */
  readonly model: LinkModel
  readonly loopback: LinkModel
  readonly random: Random
  readonly #listeners = new Map<string, VirtualListener>()
  #nextPort = EPHEMERAL_PORTS_FROM

  constructor(model: LinkModel = DEFAULT_WORLD_MODEL, random: Random = createRandom(0)) {
    this.model = model
    this.loopback = loopbackOf(model)
    this.random = random
  }

  /** Throws `NetworkError` (EADDRINUSE, ENOTFOUND). */
  bind(address: Address, listener: (bound: Address) => VirtualListener): VirtualListener {
    const bound = this.#bound(literal(address))
    const key = formatAddress(bound)
    if (this.#listeners.has(key))
      throw new NetworkFailure('EADDRINUSE', `Cannot listen on ${key}: address already in use (EADDRINUSE)`)
    const made = listener(bound)
    this.#listeners.set(key, made)
    return made
  }

  #bound(address: Address): Address {
    if ('path' in address || address.port !== 0) return address
    let bound = { ...address, port: this.#nextPort++ }
    while (this.#listeners.has(formatAddress(bound))) bound = { ...address, port: this.#nextPort++ }
    return bound
  }

  unbind(address: Address): void {
    this.#listeners.delete(formatAddress(address))
  }

  /** Throws `NetworkError` where nobody listens. */
  find(asked: Address): VirtualListener {
    const address = literal(asked)
    const exact = this.#listeners.get(formatAddress(address))
    const found = exact ?? ('path' in address ? undefined : this.#anywhere(address.port))
    if (found !== undefined) return found
    throw 'path' in address
      ? new NetworkFailure('ENOENT', `Cannot connect to ${address.path}: no such file or directory (ENOENT)`)
      : refused(address)
  }

  #anywhere(port: number): VirtualListener | undefined {
    const keys = EVERYWHERE.map((host) => formatAddress({ host, port }))
    return keys.map((key) => this.#listeners.get(key)).find((listener) => listener !== undefined)
  }

  /** The near end's own address. */
  ephemeral(remote: Address): Address {
    return 'path' in remote ? { path: '' } : { host: literalHost(remote), port: this.#nextPort++ }
  }
}

/** `localhost` and 127.0.0.1 are one place. */
function literal(address: Address): Address {
  return 'path' in address ? address : { host: literalHost(address), port: address.port }
}

function refused(address: Address): NetworkFailure {
  const where = formatAddress(address)
  return new NetworkFailure('ECONNREFUSED', `Cannot connect to ${where}: connection refused (ECONNREFUSED)`)
}

class VirtualListener implements Listener {
  readonly address: Address
  readonly acceptFailures = 0
  readonly selector: SimulatedSelector
  readonly #event = new VirtualEvent('accept', () => this.#acceptSome())
  readonly #backlog: VirtualTransport[] = []
  readonly #accepted: (transport: Transport) => void
  readonly #unbind: () => void
  #closedNs = Number.POSITIVE_INFINITY

  constructor(
    address: Address,
    selector: SimulatedSelector,
    accepted: (transport: Transport) => void,
    unbind: () => void,
  ) {
    this.address = address
    this.selector = selector
    this.#accepted = accepted
    this.#unbind = unbind
  }

  /** Whether a connection that asks at `atNs` finds nobody. What arrives at t comes before what is done at t. */
  refusesAt(atNs: number): boolean {
    return this.#closedNs < atNs
  }

  /** A connection that asked at `atNs` is established and waits to be accepted. */
  queue(transport: VirtualTransport, atNs: number): IoEvent | undefined {
    if (this.refusesAt(atNs)) return undefined
    if (this.#isClosed) {
      // It came before the listener was closed and was not accepted in time: a kernel resets it.
      transport.reset()
      return undefined
    }
    this.#backlog.push(transport)
    return this.#event
  }

  close(): void {
    if (this.#isClosed) return
    this.#closedNs = this.selector.clock.lastNs
    this.#unbind()
    for (const transport of this.#backlog.splice(0)) transport.reset()
  }

  get #isClosed(): boolean {
    return this.#closedNs !== Number.POSITIVE_INFINITY
  }

  #acceptSome(): void {
    try {
      for (let left = ACCEPTS_PER_HANDLE; left > 0 && this.#backlog.length > 0; left--) {
        this.#backlog.shift()!.claim(this.#accepted)
      }
    } finally {
      // Also when `accepted` threw: one bad connection must not end the service.
      if (this.#backlog.length > 0) {
        this.selector.deliverAt(this.selector.clock.lastNs, () => this.#event)
      }
    }
  }
}

/** A call of `connect`, to its answer or to giving up. */
interface Attempt {
  /** When the caller hears, ns: there and back. */
  readonly answerNs: number
  conclude(done: (result: Transport | NetworkError) => void): void
  giveUp(): void
}

/** One that found a listener. */
class Connecting implements Attempt {
  readonly answerNs: number
  readonly #near: VirtualTransport
  readonly #listener: VirtualListener
  readonly #arrivesNs: number
  readonly #address: Address

  constructor(
    selector: SimulatedSelector,
    listener: VirtualListener,
    link: Link,
    near: Address,
    far: Address,
  ) {
    const { arrivesNs, answerNs, lostNs } = link.handshake(selector.clock.lastNs)
    const there = listener.selector
    this.answerNs = answerNs
    this.#listener = listener
    this.#arrivesNs = arrivesNs
    this.#address = far
    this.#near = new VirtualTransport(selector, link.there, near, far)
    const accepted = new VirtualTransport(there, link.back, far, near)
    this.#near.join(accepted)
    there.deliverAt(arrivesNs, () => listener.queue(accepted, arrivesNs))
    if (lostNs === Number.POSITIVE_INFINITY) return
    this.#near.loseAt(lostNs)
    accepted.loseAt(lostNs)
  }

  /** Known when the answer is back: whatever the listener did before this asked has then happened. */
  conclude(done: (result: Transport | NetworkError) => void): void {
    if (this.#listener.refusesAt(this.#arrivesNs)) done(refused(this.#address))
    else this.#near.claim(done)
  }

  giveUp(): void {
    this.#near.close()
  }
}

export class VirtualNetwork implements Network {
  readonly #selector: SimulatedSelector
  readonly #wire: Wire
  readonly #random: Random
  readonly #listeners = new Set<VirtualListener>()
  #attempts = 0

  /** `host` names this host's share of the world's randomness. */
  constructor(selector: SimulatedSelector, wire: Wire, host: number) {
    this.#selector = selector
    this.#wire = wire
    this.#random = wire.random.fork(`host-${host}`)
  }

  listen(address: Address, accepted: (transport: Transport) => void): Listener {
    const listener = this.#wire.bind(
      address,
      (bound) => new VirtualListener(bound, this.#selector, accepted, () => this.#forget(listener)),
    )
    this.#listeners.add(listener)
    return listener
  }

  #forget(listener: VirtualListener): void {
    this.#wire.unbind(listener.address)
    this.#listeners.delete(listener)
  }

  /** Where nobody listens when it is called, it is refused, even if somebody does before it would arrive. */
  connect(address: Address, done: (result: Transport | NetworkError) => void): () => void {
    let call: typeof done | undefined = done
    const attempt = this.#attempt(address)
    const event = new VirtualEvent('connect', () => {
      const tell = call
      call = undefined
      if (tell !== undefined) attempt.conclude(tell)
    })
    this.#selector.deliverAt(attempt.answerNs, () => (call === undefined ? undefined : event))
    return () => {
      if (call !== undefined) attempt.giveUp()
      call = undefined
    }
  }

  #attempt(address: Address): Attempt {
    try {
      const listener = this.#wire.find(address)
      const link = this.#link('path' in address || listener.selector === this.#selector)
      return new Connecting(this.#selector, listener, link, this.#wire.ephemeral(address), literal(address))
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      // The news that nobody listens comes from another host: it travels as a connection would.
      const { answerNs } = this.#link('path' in address).handshake(this.#selector.clock.lastNs)
      return { answerNs, conclude: (done) => done(error), giveUp: () => {} }
    }
  }

  #link(isLocal: boolean): Link {
    const { loopback, model } = this.#wire
    return new Link(isLocal ? loopback : model, this.#random.fork(`connection-${this.#attempts++}`))
  }

  close(): void {
    for (const listener of [...this.#listeners]) listener.close()
  }
}
