import { CancelledError, type Future, type Loop, ms, type Stream } from '../../harness/api.ts'
import { HttpError } from './grammar.ts'
import { RequestParser } from './parser.ts'
import type { HttpRequest } from './request.ts'
import { CONTINUE, encodeResponse } from './response.ts'

/** An answer, before the connection has given it its place. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

/** What the application makes of a request: an answer at once, or a task of some class that will give one. */
export type Job = Answer | Work

export interface Work {
  readonly className: string
  /** Declared processor time, ns, for policies that look at it. */
  readonly expectedNs?: number
  run(): Generator<unknown, Answer>
}

/** What a connection needs from its server. */
export interface ConnectionOptions {
  /** Must be quick: it runs in the connection's reading task, ahead of every class. */
  route(request: HttpRequest): Job
  /** A request under way must be complete this long after its first byte: the answer to slowloris. */
  readonly headerTimeoutNs: number
  /** A connection on which nothing happens is closed after this long. */
  readonly idleTimeoutNs: number
  /** Called once per request, and once when its answer has been written. */
  received(): void
  answered(): void
}

/** Requests of one connection that may wait for their answer; beyond that its bytes stay in the socket. */
export const MAX_IN_FLIGHT = 64
/** How long the peer may go on sending after the last answer, so that no reset destroys it on the way. */
const LINGER_NS = ms(1000)

/** The place of one answer in the order of a connection. */
interface Slot {
  bytes: Uint8Array | undefined
}

/**
 * One HTTP/1.1 connection. Its own task only reads and parses; each request is handled in a task of its class,
 * so that the loop's policy can order requests across connections, while the answers of one connection are
 * written in the order of its requests. Whatever goes wrong here ends this connection and nothing else.
 */
export class Connection {
  readonly #loop: Loop
  readonly #stream: Stream
  readonly #options: ConnectionOptions
  readonly #parser = new RequestParser()
  readonly #slots: Slot[] = []
  /** Takes no more requests: the last one was answered with `Connection: close`, or was malformed. */
  #ending = false
  /** Closes as soon as nothing is in flight. */
  #stopping = false
  #draining = false
  #progress: Future<void> | undefined
  #wasIdle = false
  #deadlineNs = Number.POSITIVE_INFINITY
  #timer: ReturnType<Loop['callAt']> | undefined

  constructor(loop: Loop, stream: Stream, options: ConnectionOptions) {
    this.#loop = loop
    this.#stream = stream
    this.#options = options
  }

  /** Serves until either side ends it. Never fails for what the peer or the network does. */
  async serve(): Promise<void> {
    this.#expireAfter(this.#options.headerTimeoutNs)
    try {
      await this.#readRequests()
      await this.#allAnswered()
      await this.#linger()
    } catch (error) {
      if (!isNetworkError(error)) throw error
      // The peer is gone. Its handlers are not: this task ends after the last, so that none is left behind.
      await this.#allAnswered()
    } finally {
      this.#timer?.cancel()
    }
  }

  /** Lets the requests in flight be answered, then closes. */
  shutDown(): void {
    this.#ending = true
    this.#stopping = true
    this.#flush()
  }

  /** Gives up at once. */
  abort(): void {
    this.#stream.reset()
  }

  async #readRequests(): Promise<void> {
    while (!this.#ending) {
      await this.#drain()
      const chunk = await this.#stream.read()
      if (this.#ending) return // stopped while it waited
      if (chunk === undefined) {
        if (!this.#parser.idle) this.#refuse(new HttpError(400, 'The request is not complete'))
        return
      }
      this.#parser.feed(chunk)
      await this.#takeRequests()
    }
  }

  async #takeRequests(): Promise<void> {
    let taken = 0
    for (let request = this.#next(); request !== undefined; request = this.#next()) {
      taken++
      this.#accept(request)
      while (this.#slots.length >= MAX_IN_FLIGHT) await this.#nextAnswer()
    }
    if (!this.#ending && this.#parser.takeExpectation()) this.#place({ bytes: CONTINUE })
    this.#watch(taken)
  }

  #next(): HttpRequest | undefined {
    if (this.#ending) return undefined
    try {
      return this.#parser.next()
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      this.#refuse(error)
      return undefined
    }
  }

  #accept(request: HttpRequest): void {
    const slot: Slot = { bytes: undefined }
    this.#slots.push(slot)
    this.#options.received()
    if (!request.keepAlive) this.#ending = true
    const job = this.#options.route(request)
    if ('status' in job) this.#complete(slot, request, job)
    else
      this.#loop.spawn(() => this.#handle(slot, request, job.run()), {
        className: job.className,
        expectedNs: job.expectedNs,
        name: job.className,
      })
  }

  *#handle(slot: Slot, request: HttpRequest, work: Generator<unknown, Answer>): Generator<unknown, void> {
    let answer: Answer = { status: 500, body: '{"error":"Internal error"}' }
    try {
      answer = yield* work
    } catch (error) {
      if (error instanceof CancelledError) throw error
      this.#loop.reportException({ message: `Exception while answering ${request.target}`, error })
    } finally {
      this.#complete(slot, request, answer)
    }
  }

  #complete(slot: Slot, request: HttpRequest, { status, body, headers }: Answer): void {
    const { minorVersion, method } = request
    const keepAlive = request.keepAlive && !this.#ending
    slot.bytes = encodeResponse(status, body, {
      keepAlive,
      minorVersion,
      headOnly: method === 'HEAD',
      headers,
    })
    this.#options.answered()
    // The client's time to think begins with the answer, not with the request.
    if (this.#parser.idle) this.#expireAfter(this.#options.idleTimeoutNs)
    this.#flush()
  }

  /** Answers a malformed request in its turn; nothing after it is read. */
  #refuse({ status, message }: HttpError): void {
    this.#ending = true
    const body = JSON.stringify({ error: message })
    this.#place({ bytes: encodeResponse(status, body, { keepAlive: false }) })
  }

  #place(slot: Slot): void {
    this.#slots.push(slot)
    this.#flush()
  }

  /** Writes every answer whose turn has come. Called by whoever completes one: no writing task is needed. */
  #flush(): void {
    for (let bytes = this.#slots[0]?.bytes; bytes !== undefined; bytes = this.#slots[0]?.bytes) {
      this.#slots.shift()
      this.#stream.write(bytes)
    }
    if (this.#stopping && this.#slots.length === 0) this.#stream.close()
    const waiting = this.#progress
    this.#progress = undefined
    if (waiting !== undefined && !waiting.done) waiting.setResult()
  }

  async #nextAnswer(): Promise<void> {
    this.#progress ??= this.#loop.createFuture()
    await this.#progress
  }

  async #allAnswered(): Promise<void> {
    while (this.#slots.length > 0) await this.#nextAnswer()
  }

  /** A client that does not read stops its own connection here, with a bounded buffer. */
  async #drain(): Promise<void> {
    this.#draining = true
    await this.#stream.drain()
    this.#draining = false
  }

  async #linger(): Promise<void> {
    this.#stream.end()
    this.#timer?.cancel()
    this.#timer = this.#loop.callLater(LINGER_NS, () => this.#stream.close())
    while ((await this.#stream.read()) !== undefined);
  }

  // ------------------------------------------------------------------ time-outs

  #watch(taken: number): void {
    const { idle } = this.#parser
    if (idle) this.#expireAfter(this.#options.idleTimeoutNs)
    else if (taken > 0 || this.#wasIdle) this.#expireAfter(this.#options.headerTimeoutNs)
    this.#wasIdle = idle
  }

  /** Moving the deadline later costs nothing: the timer finds out when it fires. */
  #expireAfter(delayNs: number): void {
    this.#deadlineNs = this.#loop.nowNs() + delayNs
    if (this.#timer !== undefined && this.#timer.whenNs <= this.#deadlineNs) return
    this.#timer?.cancel()
    this.#setTimer()
  }

  #setTimer(): void {
    this.#timer = this.#loop.callAt(this.#deadlineNs, () => this.#expire())
  }

  #expire(): void {
    if (this.#slots.length > 0) this.#deadlineNs = this.#loop.nowNs() + this.#options.headerTimeoutNs
    if (this.#loop.nowNs() < this.#deadlineNs) this.#setTimer()
    else if (this.#draining) this.#stream.reset()
    else {
      if (!this.#parser.idle) this.#refuse(new HttpError(408, 'The request did not come in time'))
      this.#stream.close()
    }
  }
}

/** Errors of the connection, which belong to it alone; anything else is a mistake of ours. */
export function isNetworkError(error: unknown): boolean {
  return error instanceof Error && typeof (error as Error & { code?: unknown }).code === 'string'
}
