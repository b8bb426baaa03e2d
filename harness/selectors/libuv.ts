/**
 * Node's own loop as a selector: libuv waits, and what it delivers is collected until `select` emits it. Portable,
 * and the only one that leaves Node's loop in charge.
 */
import * as net from 'node:net'
import type {
  Address,
  EmitIo,
  IoEvent,
  Listener,
  ListenOptions,
  Network,
  NetworkError,
  Selector,
  SelectorFactory,
  Transport,
} from '../contracts.ts'
import { UnavailableError } from '../errors.ts'
import { addressOf, LibuvTransport } from './libuv-transport.ts'
import { formatAddress, NetworkFailure, networkError } from './network-error.ts'
import { literalHost } from './socket-address.ts'
import { SocketEvent } from './socket-event.ts'

const DEFAULT_BACKLOG = 511
/** Connections handed over in one handle before others get a turn. */
const ACCEPTS_PER_HANDLE = 32

export interface LibuvOptions {
  /**
   * Gets each event the moment libuv delivers it, in place of the inbox: for programs that leave all scheduling to
   * Node. It runs the event, now or later, and clears `pending` before if it sets it.
   */
  readonly deliver?: (event: IoEvent) => void
}

export class LibuvSelector implements Selector {
  readonly name = 'libuv'
  readonly blocking = false
  readonly network: Network
  onActivity?: () => void
  readonly #deliver: ((event: IoEvent) => void) | undefined
  readonly #open = new Set<Closable>()
  #inbox: IoEvent[] = []
  #spare: IoEvent[] = []

  constructor({ deliver }: LibuvOptions = {}) {
    this.#deliver = deliver
    this.network = new LibuvNetwork((event) => this.#post(event), this.#open)
  }

  /** Emits what was delivered since the last look; never waits, whatever the time-out. */
  select(_timeoutNs: number, emit: EmitIo): number {
    const inbox = this.#inbox
    this.#inbox = this.#spare
    this.#spare = inbox
    let emitted = 0
    for (const event of inbox) {
      if (event.pending) continue
      emit(event)
      emitted++
    }
    inbox.length = 0
    return emitted
  }

  wake(): void {
    this.onActivity?.()
  }

  close(): void {
    for (const closable of [...this.#open]) closable.destroy()
    this.#open.clear()
    this.#inbox = []
  }

  #post(event: IoEvent): void {
    if (event.pending) return
    if (this.#deliver !== undefined) {
      this.#deliver(event)
      return
    }
    this.#inbox.push(event)
    if (this.#inbox.length === 1) this.onActivity?.()
  }
}

interface Closable {
  destroy(): void
}

type Post = (event: IoEvent) => void

class LibuvNetwork implements Network {
  readonly #post: Post
  readonly #open: Set<Closable>

  constructor(post: Post, open: Set<Closable>) {
    this.#post = post
    this.#open = open
  }

  listen(
    address: Address,
    accepted: (transport: Transport) => void,
    { backlog = DEFAULT_BACKLOG }: ListenOptions = {},
  ): Listener {
    const listener = new LibuvListener(accepted, this.#post, this.#open)
    listener.bind(address, backlog)
    return listener
  }

  connect(address: Address, done: (result: Transport | NetworkError) => void): () => void {
    let call: typeof done | undefined = done
    const event = new SocketEvent('connect', () => conclude(), nothing)
    const socket = openSocket(address)
    const conclude = () => {
      const tell = call
      call = undefined
      tell?.(outcome(socket, address, this.#post))
    }
    if (socket instanceof net.Socket) {
      track(socket, this.#open)
      socket.once('connect', () => this.#post(event))
      socket.once('error', () => this.#post(event))
    } else {
      setImmediate(() => this.#post(event))
    }
    return () => {
      if (call !== undefined && socket instanceof net.Socket) socket.destroy()
      call = undefined
    }
  }
}

/** The socket, or why there can be none. */
function openSocket(address: Address): net.Socket | NetworkError {
  const options = { allowHalfOpen: true, noDelay: true, autoSelectFamily: false }
  try {
    if ('path' in address) return net.connect({ ...options, path: address.path })
    return net.connect({ ...options, host: literalHost(address), port: address.port })
  } catch (error) {
    const { code = 'EINVAL', message } = error as NodeJS.ErrnoException
    return new NetworkFailure(code, message)
  }
}

function outcome(socket: net.Socket | NetworkError, address: Address, post: Post): Transport | NetworkError {
  if (!(socket instanceof net.Socket)) return socket
  const error: NodeJS.ErrnoException | null = socket.errored
  if (error === null && !socket.destroyed) return new LibuvTransport(socket, address, post)
  const what = `Cannot connect to ${formatAddress(address)}`
  if (error?.errno === undefined) return new NetworkFailure('ECONNABORTED', `${what}: given up`)
  return networkError(-error.errno, what)
}

/** Kept until it is closed, for the selector's `close`. Its errors may come before it has an owner. */
function track(socket: net.Socket, open: Set<Closable>): void {
  open.add(socket)
  socket.on('error', nothing)
  socket.once('close', () => open.delete(socket))
}

class LibuvListener implements Listener {
  address: Address = { host: '', port: 0 }
  /**
   * Stays 0 on Linux: libuv keeps a spare descriptor and, when there are no others, accepts and closes the
   * connections that wait, without telling.
   */
  acceptFailures = 0
  readonly #accepted: (transport: Transport) => void
  readonly #post: Post
  readonly #open: Set<Closable>
  readonly #event = new SocketEvent('accept', () => this.#acceptSome(), nothing)
  readonly #server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
  readonly #closable: Closable = { destroy: () => this.close() }
  #arrived: net.Socket[] = []

  constructor(accepted: (transport: Transport) => void, post: Post, open: Set<Closable>) {
    this.#accepted = accepted
    this.#post = post
    this.#open = open
    this.#server.on('connection', (socket) => this.#onConnection(socket))
    this.#server.on('error', () => {
      this.acceptFailures++
    })
  }

  /**
   * `Server.listen` with a host looks it up first, even a literal, and tells errors later, while the contract wants
   * both at once. Hence the handle is bound as Node's cluster module does it, and the server listens on that.
   */
  bind(address: Address, backlog: number): void {
    if ('path' in address) {
      // A server takes no pipe handle: a trial tells the error, then it binds for itself, at once and likewise.
      openServerHandle(address.path, -1, -1, backlog, address).close()
      this.#server.listen({ path: address.path, backlog })
    } else {
      const host = literalHost(address)
      const family = net.isIPv6(host) ? 6 : 4
      this.#server.listen(openServerHandle(host, address.port, family, backlog, address), backlog)
    }
    const bound = this.#server.address()
    this.address =
      bound === null || typeof bound === 'string' ? address : addressOf(bound.address, bound.port)
    this.#open.add(this.#closable)
  }

  close(): void {
    this.#open.delete(this.#closable)
    this.#server.close()
    for (const socket of this.#arrived) socket.destroy()
    this.#arrived = []
  }

  #onConnection(socket: net.Socket): void {
    track(socket, this.#open)
    this.#arrived.push(socket)
    this.#post(this.#event)
  }

  #acceptSome(): void {
    const sockets = this.#arrived.splice(0, ACCEPTS_PER_HANDLE)
    try {
      for (let socket = sockets.shift(); socket !== undefined; socket = sockets.shift()) {
        if (!socket.destroyed) this.#accepted(new LibuvTransport(socket, undefined, this.#post))
      }
    } finally {
      this.#arrived.unshift(...sockets)
      if (this.#arrived.length > 0) this.#post(this.#event)
    }
  }
}

interface ServerHandle {
  listen(backlog: number): number
  close(): void
}

type CreateServerHandle = (host: string, port: number, family: number) => ServerHandle | number

/** A bound and listening handle. Throws `NetworkError`. */
function openServerHandle(
  host: string,
  port: number,
  family: number,
  backlog: number,
  address: Address,
): ServerHandle {
  const create = (net as { _createServerHandle?: CreateServerHandle })._createServerHandle
  if (create === undefined)
    throw new UnavailableError('This Node has no net._createServerHandle to listen with')
  const handle = create(host, port, family)
  const status = typeof handle === 'number' ? handle : handle.listen(backlog)
  if (status < 0 && typeof handle !== 'number') handle.close()
  if (status >= 0 && typeof handle !== 'number') return handle
  throw networkError(-status, `Cannot listen on ${formatAddress(address)}`)
}

function nothing(): void {}

/** Node's own loop; to be had everywhere. */
export const libuv: SelectorFactory = () => new LibuvSelector()
