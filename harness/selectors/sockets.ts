/** TCP and Unix stream sockets over any of the owned selectors. */
import { unlinkSync } from 'node:fs'
import type {
  Address,
  IoEvent,
  Listener,
  ListenOptions,
  Network,
  NetworkError,
  Transport,
} from '../contracts.ts'
import { formatAddress, NetworkFailure, networkError } from './network-error.ts'
import {
  AF_UNIX,
  decodeAddress,
  encodeAddress,
  SOCKADDR_BYTES,
  type SocketAddress,
} from './socket-address.ts'
import { SocketEvent } from './socket-event.ts'
import { ERRNO, type SocketHost } from './socket-host.ts'
import { SocketTransport } from './socket-transport.ts'

const SOCK_STREAM = 1
const SOCK_FLAGS = 0o2000000 | 0o4000 // SOCK_CLOEXEC | SOCK_NONBLOCK
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_ERROR = 4
const IPPROTO_TCP = 6
const TCP_NODELAY = 1

const DEFAULT_BACKLOG = 511
/** Connections accepted in one handle before others get a turn. */
const ACCEPTS_PER_HANDLE = 32
/** How long to leave connections in the backlog when descriptors have run out. */
const ACCEPT_RETRY_NS = 20e6

const ON = new Int32Array([1])

/** The transport that owns `fd` from now on; where it cannot be watched, `fd` is closed and the reason thrown. */
function adopt(host: SocketHost, fd: number, remote?: Address): SocketTransport {
  try {
    return new SocketTransport(host, fd, remote)
  } catch (error) {
    host.sys.close(fd)
    throw error
  }
}

class SocketListener implements Listener {
  readonly address: Address
  acceptFailures = 0
  readonly #host: SocketHost
  readonly #accepted: (transport: Transport) => void
  readonly #event = new SocketEvent(
    'accept',
    () => this.#acceptSome(),
    () => this.close(),
  )
  #fd: number

  constructor(host: SocketHost, fd: number, accepted: (transport: Transport) => void) {
    this.#host = host
    this.#fd = fd
    this.#accepted = accepted
    this.address = boundAddress(host, fd)
    host.watch(fd, this.#event, undefined)
  }

  close(): void {
    if (this.#fd < 0) return
    this.#host.closeFd(this.#fd)
    this.#fd = -1
    if ('path' in this.address) removeSocketFile(this.address.path)
  }

  #acceptSome(): void {
    let more = this.#fd >= 0
    try {
      for (let count = 0; more && count < ACCEPTS_PER_HANDLE; count++) more = this.#acceptOne()
    } finally {
      // Also when `accepted` threw: one bad connection must not end the service.
      if (more && this.#fd >= 0) this.#host.again(this.#event)
    }
  }

  /** False when there is no more to do for now: the event then comes again by itself. */
  #acceptOne(): boolean {
    const fd = this.#host.sys.accept4(this.#fd, null, null, SOCK_FLAGS)
    if (fd < 0) return this.#acceptFailed(this.#host.sys.errno())
    this.#accepted(adopt(this.#host, fd))
    return this.#fd >= 0
  }

  #acceptFailed(errno: number): boolean {
    if (errno === ERRNO.EAGAIN) {
      this.#host.rearm(this.#fd, 'readable')
      return false
    }
    if (!isExhausted(errno)) return true // EINTR, or a connection that broke while it waited: the next one.
    // The connection stays in the backlog: accepting and closing it would turn a delay into an error.
    this.acceptFailures++
    this.#host.retryLater(this.#event, ACCEPT_RETRY_NS)
    return false
  }
}

function isExhausted(errno: number): boolean {
  return errno === ERRNO.EMFILE || errno === ERRNO.ENFILE || errno === ERRNO.ENOBUFS || errno === ERRNO.ENOMEM
}

function boundAddress(host: SocketHost, fd: number): Address {
  const bytes = new Uint8Array(SOCKADDR_BYTES)
  const length = new Int32Array([SOCKADDR_BYTES])
  host.sys.getsockname(fd, bytes, length)
  return decodeAddress(bytes, length[0]!)
}

function removeSocketFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody else has removed it.
  }
}

/** One attempt to connect, from the call to `done` or cancellation. */
class Connecting {
  readonly #host: SocketHost
  readonly #address: Address
  readonly #event: IoEvent
  #done: ((result: Transport | NetworkError) => void) | undefined
  #fd = -1
  #failure: NetworkError | undefined

  constructor(host: SocketHost, address: Address, done: (result: Transport | NetworkError) => void) {
    this.#host = host
    this.#address = address
    this.#done = done
    this.#event = new SocketEvent(
      'connect',
      () => this.#conclude(),
      () => this.cancel(),
    )
  }

  /** Whatever the outcome, even one known at once, `done` is called from an I/O handle. */
  start(): void {
    try {
      this.#begin(encodeAddress(this.#address))
    } catch (error) {
      this.#closeFd()
      if (!(error instanceof NetworkFailure)) throw error
      this.#failure = error
      this.#host.again(this.#event)
    }
  }

  cancel(): void {
    this.#done = undefined
    this.#closeFd()
  }

  #closeFd(): void {
    if (this.#fd >= 0) this.#host.closeFd(this.#fd)
    this.#fd = -1
  }

  #begin({ family, bytes }: SocketAddress): void {
    const { sys } = this.#host
    this.#fd = sys.socket(family, SOCK_STREAM | SOCK_FLAGS, 0)
    if (this.#fd < 0) throw this.#error(sys.errno())
    if (family !== AF_UNIX) sys.setsockopt(this.#fd, IPPROTO_TCP, TCP_NODELAY, ON, 4)
    const errno = sys.connect(this.#fd, bytes, bytes.length) < 0 ? sys.errno() : 0
    if (errno !== 0 && errno !== ERRNO.EINPROGRESS) throw this.#error(errno)
    // A socket that is connected already is writable: no case of its own.
    this.#host.watch(this.#fd, undefined, this.#event)
  }

  #conclude(): void {
    const done = this.#done
    if (done === undefined) return
    const failure = this.#failure ?? this.#outcome()
    if (failure !== undefined) {
      this.cancel()
      done(failure)
      return
    }
    const fd = this.#fd
    this.#fd = -1
    this.#done = undefined
    this.#host.unwatch(fd)
    done(adopt(this.#host, fd, this.#address))
  }

  #outcome(): NetworkError | undefined {
    const errno = new Int32Array(1)
    this.#host.sys.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, errno, new Int32Array([4]))
    return errno[0] === 0 ? undefined : this.#error(errno[0]!)
  }

  #error(errno: number): NetworkFailure {
    return networkError(errno, `Cannot connect to ${formatAddress(this.#address)}`)
  }
}

export class SocketNetwork implements Network {
  readonly #host: SocketHost

  constructor(host: SocketHost) {
    this.#host = host
  }

  listen(
    address: Address,
    accepted: (transport: Transport) => void,
    { backlog = DEFAULT_BACKLOG }: ListenOptions = {},
  ): Listener {
    const { sys } = this.#host
    const { family, bytes } = encodeAddress(address)
    const fd = sys.socket(family, SOCK_STREAM | SOCK_FLAGS, 0)
    try {
      this.#check(fd, address)
      if (family !== AF_UNIX) this.#prepare(fd)
      this.#check(sys.bind(fd, bytes, bytes.length), address)
      this.#check(sys.listen(fd, backlog), address)
      return new SocketListener(this.#host, fd, accepted)
    } catch (error) {
      sys.close(fd)
      throw error
    }
  }

  connect(address: Address, done: (result: Transport | NetworkError) => void): () => void {
    const connecting = new Connecting(this.#host, address, done)
    connecting.start()
    return () => connecting.cancel()
  }

  /** Accepted sockets inherit TCP_NODELAY on Linux: set once here, it costs nothing per connection. */
  #prepare(fd: number): void {
    this.#host.sys.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ON, 4)
    this.#host.sys.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ON, 4)
  }

  #check(result: number, address: Address): void {
    if (result < 0) throw networkError(this.#host.sys.errno(), `Cannot listen on ${formatAddress(address)}`)
  }
}
