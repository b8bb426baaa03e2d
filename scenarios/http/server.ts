import { type Future, type Loop, ms, type Stream, TimeoutError } from '../../harness/api.ts'
import { Connection, type ConnectionOptions, type Job } from './connection.ts'
import type { HttpRequest } from './request.ts'

/** What tells one server from another. */
export interface HttpServerOptions extends Pick<ConnectionOptions, 'headerTimeoutNs' | 'idleTimeoutNs'> {
  /** `client` numbers the connections from 1. */
  route(request: HttpRequest, client: number): Job
}

/** How long clients may take to fetch their last answers when the server stops. */
const SHUTDOWN_NS = ms(1000)

/** The connections of one HTTP server, and the count of what they did. */
export class HttpServer {
  readonly #loop: Loop
  readonly #options: HttpServerOptions
  readonly #open = new Set<Connection>()
  #allClosed: Future<void> | undefined
  clients = 0
  received = 0
  answered = 0

  constructor(loop: Loop, options: HttpServerOptions) {
    this.#loop = loop
    this.#options = options
  }

  /** A stream handler for `loop.listen`. */
  readonly serve = async (stream: Stream): Promise<void> => {
    const connection = new Connection(this.#loop, stream, this.#connectionOptions(++this.clients))
    this.#open.add(connection)
    try {
      await connection.serve()
    } finally {
      this.#open.delete(connection)
      if (this.#open.size === 0 && this.#allClosed?.done === false) this.#allClosed.setResult()
    }
  }

  /** Answers what is in flight and closes every connection; those that do not follow in time are reset. */
  async shutDown(): Promise<void> {
    for (const connection of this.#open) connection.shutDown()
    try {
      await this.#loop.timeout(SHUTDOWN_NS, () => this.#closed())
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      for (const connection of this.#open) connection.abort()
      await this.#closed()
    }
  }

  async #closed(): Promise<void> {
    if (this.#open.size === 0) return
    this.#allClosed = this.#loop.createFuture()
    await this.#allClosed
  }

  #connectionOptions(client: number): ConnectionOptions {
    const { route, headerTimeoutNs, idleTimeoutNs } = this.#options
    return {
      route: (request) => route(request, client),
      headerTimeoutNs,
      idleTimeoutNs,
      received: () => {
        this.received++
      },
      answered: () => {
        this.answered++
      },
    }
  }
}
