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

  async #work(): Promise<void> {
    let stream: Stream
    try {
      stream = await this.#loop.connect(this.#address)
    } catch (error) {
      // Somebody has to be told: the exchange this connection would have carried.
      this.#free--
      if (this.#queue.size > 0) this.#queue.getNowait()?.done(error as Error)
      return
    }
    await this.#carry(stream)
  }

  async #carry(stream: Stream): Promise<void> {
    const parser = new ResponseParser()
    let usable = true
    while (usable) {
      const exchange = await this.#queue.get()
      this.#free--
      if (exchange === undefined) break
      const outcome = await exchangeOver(stream, parser, exchange.request)
      usable = !(outcome instanceof Error) && outcome.keepAlive && parser.idle
      exchange.done(outcome)
      if (usable) this.#free++
    }
    await this.#end(stream)
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

async function exchangeOver(
  stream: Stream,
  parser: ResponseParser,
  request: Uint8Array,
): Promise<HttpResponse | Error> {
  try {
    stream.write(request)
    while (true) {
      const chunk = await stream.read()
      if (chunk === undefined) return new ResponseError('The connection ended before the answer came')
      parser.feed(chunk)
      const response = parser.next()
      if (response !== undefined) return response
    }
  } catch (error) {
    return error as Error
  }
}
