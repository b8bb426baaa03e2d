import {
  type Address,
  type Future,
  type Loop,
  ms,
  Queue,
  type Stream,
  TimeoutError,
} from '../../harness/api.ts'
import { type HttpResponse, ResponseError, ResponseParser } from './response.ts'

/** A request and what is to be done with its outcome. `done` is called exactly once. */
export interface Exchange {
  readonly request: Uint8Array
  done(outcome: HttpResponse | Error): void
  /**
   * For requests that may be sent twice without harm: where the connection died before the first byte of the answer,
   * the request is sent once more, over a connection of its own, and this is called. A kept connection may die at any
   * time for no fault of the server's (RFC 9112, 9.3.1); a failed retry is final (RFC 9110, 9.2.2).
   */
  readonly retried?: () => void
}

const CLOSE_NS = ms(1000)

/**
 * Keep-alive connections that send one request at a time each. `send` never waits: what finds no free
 * connection queues, first come first served, and opens one more as long as `maxConnections` allows.
 */
export class ClientPool {
  readonly #loop: Loop
  readonly #address: Address
  readonly #maxConnections: number
  readonly #queue: Queue<Exchange | undefined>
  readonly #workers = new Set<Future<void>>()
  /** Workers that wait for an exchange or are about to. */
  #free = 0

  constructor(loop: Loop, address: Address, maxConnections: number) {
    this.#loop = loop
    this.#address = address
    this.#maxConnections = maxConnections
    this.#queue = new Queue(loop)
  }

  /** Connections open or opening. */
  get size(): number {
    return this.#workers.size
  }

  /** Opens connections before they are needed. */
  open(count: number): void {
    for (let i = this.size; i < count; i++) this.#startWorker()
  }

  send(exchange: Exchange): void {
    this.#queue.putNowait(exchange)
    this.#growIfNeeded()
  }

  /** Ends every connection in order. To be called when nothing is under way. */
  async close(): Promise<void> {
    const workers = [...this.#workers]
    for (const _ of workers) this.#queue.putNowait(undefined)
    await this.#loop.gather(workers)
  }

  #growIfNeeded(): void {
    if (this.#queue.size > this.#free && this.size < this.#maxConnections) this.#startWorker()
  }

  #startWorker(): void {
    this.#free++
    const worker = this.#loop.spawn(() => this.#work(), { name: 'client connection' })
    this.#workers.add(worker)
    worker.addDoneCallback(() => {
      this.#workers.delete(worker)
      this.#growIfNeeded()
    })
  }

  /** One connection; then another, for as long as one ends with an exchange that is to be tried again. */
  async #work(): Promise<void> {
    let again: Exchange | undefined
    do {
      const stream = await this.#connect(again)
      if (stream === undefined) return
      again = await this.#carry(stream, again)
    } while (again !== undefined)
  }

  /** Where there is no connection, somebody has to be told: the exchange that it would have carried. */
  async #connect(again: Exchange | undefined): Promise<Stream | undefined> {
    try {
      return await this.#loop.connect(this.#address)
    } catch (error) {
      if (again !== undefined) again.done(error as Error)
      else {
        this.#free--
        if (this.#queue.size > 0) this.#queue.getNowait()?.done(error as Error)
      }
      return undefined
    }
  }

  /** Returns the exchange that this connection was lost with, where it is to be tried again. */
  async #carry(stream: Stream, again: Exchange | undefined): Promise<Exchange | undefined> {
    const parser = new ResponseParser()
    let exchange = again ?? (await this.#next())
    while (exchange !== undefined) {
      const { outcome, silent } = await exchangeOver(stream, parser, exchange.request)
      if (silent && exchange !== again && exchange.retried !== undefined) {
        exchange.retried()
        break
      }
      const usable = !(outcome instanceof Error) && outcome.keepAlive && parser.idle
      exchange.done(outcome)
      exchange = undefined
      if (!usable) break
      this.#free++
      exchange = await this.#next()
    }
    await this.#end(stream)
    return exchange
  }

  async #next(): Promise<Exchange | undefined> {
    const exchange = await this.#queue.get()
    this.#free--
    return exchange
  }

  /** Half-closes and waits for the server to do the same. */
  async #end(stream: Stream): Promise<void> {
    stream.end()
    try {
      await this.#loop.timeout(CLOSE_NS, async () => {
        while ((await stream.read()) !== undefined);
      })
    } catch (error) {
      if (error instanceof TimeoutError) stream.reset()
      // Anything else: the connection is gone already, which is what was wanted.
    }
    stream.close()
  }
}

interface Outcome {
  readonly outcome: HttpResponse | Error
  /** The connection died before the first byte of the answer. */
  readonly silent: boolean
}

async function exchangeOver(stream: Stream, parser: ResponseParser, request: Uint8Array): Promise<Outcome> {
  let silent = true
  try {
    stream.write(request)
    const outcome = await readResponse(stream, parser, () => {
      silent = false
    })
    return { outcome, silent: false }
  } catch (error) {
    return { outcome: error as Error, silent }
  }
}

/**
 * Reads until a response is complete; `heard` is told of each piece of it. Throws `ResponseError` where the peer ends
 * before, or breaks the protocol, and the connection's error.
 */
export async function readResponse(
  stream: Stream,
  parser: ResponseParser,
  heard?: () => void,
): Promise<HttpResponse> {
  while (true) {
    const chunk = await stream.read()
    if (chunk === undefined) throw new ResponseError('The connection ended before the answer came')
    heard?.()
    parser.feed(chunk)
    const response = parser.next()
    if (response !== undefined) return response
  }
}
