import { type Loop, ms, type Stream, TimeoutError } from '../../harness/api.ts'
import { HttpError } from '../http/grammar.ts'
import { RequestParser } from '../http/parser.ts'
import { type HttpRequest, pathOf } from '../http/request.ts'
import { encodeResponse } from '../http/response.ts'
import { type Data, isNetworkError, WebSocket } from './connection.ts'
import { CLOSE } from './frames.ts'
import { acceptUpgrade, asksForUpgrade, refusal } from './handshake.ts'
import { PAGE } from './page.ts'

export interface SessionOptions {
  readonly maxMessageBytes: number
  /** A peer silent for so long is pinged; for twice as long, it is given up. */
  readonly silenceNs: number
  /** The handshake is done. */
  opened(socket: WebSocket): void
  /** Handles one message. False: it is none of ours, and the connection ends. */
  received(data: Data): PromiseLike<boolean>
}

/** Long: under some policies a busy server takes its time, and must not blame the peer for that. */
const HANDSHAKE_NS = ms(5000)

/** How a session ended. */
export type Ending = 'closed' | 'page' | 'refused' | 'broken' | 'silent'

/**
 * One connection of the server, from its first byte to its last: handshake, messages, liveness, the end. Whatever
 * goes wrong here ends this connection and nothing else.
 */
export class Session {
  readonly #loop: Loop
  readonly #stream: Stream
  readonly #options: SessionOptions
  #socket: WebSocket | undefined
  #silent = false
  #refused = false
  #busy = false
  #heardNs: number

  constructor(loop: Loop, stream: Stream, options: SessionOptions) {
    this.#loop = loop
    this.#stream = stream
    this.#options = options
    this.#heardNs = loop.nowNs()
  }

  async serve(): Promise<Ending> {
    try {
      const ending = await this.#loop.timeout(HANDSHAKE_NS, () => this.#greet())
      if (ending !== undefined) return ending
    } catch (error) {
      if (!(error instanceof TimeoutError) && !isNetworkError(error)) throw error
      this.#stream.reset()
      return error instanceof TimeoutError ? 'silent' : 'broken'
    }
    return this.#talk(this.#socket!)
  }

  /** Gives up at once. */
  abort(): void {
    this.#stream.reset()
  }

  /** Reads the request and answers it; `undefined` where it has opened the WebSocket. */
  async #greet(): Promise<Ending | undefined> {
    const parser = new RequestParser()
    try {
      const request = await this.#request(parser)
      if (request === undefined) return 'broken'
      if (!asksForUpgrade(request)) return this.#answer(request)
      const response = acceptUpgrade(request)
      // A client must wait for the answer; a frame before it would be read by nobody.
      if (parser.bufferedBytes > 0) throw new HttpError(400, 'Bytes before the handshake was done')
      this.#stream.write(response)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      this.#stream.write(refusal(error))
      return 'refused'
    }
    this.#open()
    return undefined
  }

  async #request(parser: RequestParser): Promise<HttpRequest | undefined> {
    while (true) {
      const chunk = await this.#stream.read()
      if (chunk === undefined) return undefined
      parser.feed(chunk)
      const request = parser.next()
      if (request !== undefined) return request
    }
  }

  /** Plain HTTP gets the page, for a person with a browser. */
  #answer({ method, target }: HttpRequest): Ending {
    if (method !== 'GET' || pathOf(target) !== '/') throw new HttpError(404, 'Here are / and a WebSocket')
    this.#stream.write(
      encodeResponse(200, PAGE, { keepAlive: false, contentType: 'text/html; charset=utf-8' }),
    )
    return 'page'
  }

  #open(): void {
    const { maxMessageBytes } = this.#options
    const heard = () => {
      this.#heardNs = this.#loop.nowNs()
    }
    this.#socket = new WebSocket(this.#loop, this.#stream, { maxMessageBytes, heard })
    this.#options.opened(this.#socket)
  }

  async #talk(socket: WebSocket): Promise<Ending> {
    const timer = this.#watch(socket)
    try {
      for (let data = await socket.receive(); data !== undefined; data = await socket.receive()) {
        this.#busy = true
        if (!(await this.#options.received(data))) {
          this.#refused = true
          socket.sendClose(CLOSE.policyViolation, 'Not a message of this server')
          break
        }
        this.#busy = false
        this.#heardNs = this.#loop.nowNs()
      }
      await socket.close(CLOSE.normal)
    } finally {
      timer.cancel()
    }
    if (this.#silent) return 'silent'
    if (this.#refused || socket.violated) return 'refused'
    return socket.closeCode === CLOSE.abnormal ? 'broken' : 'closed'
  }

  /** While a message is being handled nothing is read, so that silence then says nothing about the peer. */
  #watch(socket: WebSocket): { cancel(): void } {
    const { silenceNs } = this.#options
    const look = () => {
      const silentNs = this.#busy ? 0 : this.#loop.nowNs() - this.#heardNs
      if (silentNs >= 2 * silenceNs) {
        this.#silent = true
        socket.abort()
        return
      }
      if (silentNs >= silenceNs) socket.ping(new Uint8Array(0))
      timer = this.#loop.callLater(silenceNs / 2, look)
    }
    let timer = this.#loop.callLater(silenceNs / 2, look)
    return { cancel: () => timer.cancel() }
  }
}
