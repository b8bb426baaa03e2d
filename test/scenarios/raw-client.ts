import { connect, type Socket } from 'node:net'
import { type HttpResponse, ResponseParser } from '../../scenarios/http/response.ts'

/** A connection in which a test decides about every byte. */
export class RawClient {
  readonly socket: Socket
  readonly #parser = new ResponseParser()
  readonly #closed: Promise<void>
  #ended = false
  #error: Error | undefined
  #wake = () => {}

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.socket.on('data', (chunk) => this.#parser.feed(chunk)).on('data', () => this.#wake())
    this.socket.on('end', () => this.#finish())
    this.socket.on('error', (error) => this.#finish(error))
    this.#closed = new Promise((resolve) => this.socket.once('close', () => resolve()))
  }

  send(text: string): this {
    this.socket.write(Buffer.from(text, 'latin1'))
    return this
  }

  /** One packet a piece, as far as a client can bring that about. */
  async sendSlowly(pieces: Iterable<string>): Promise<void> {
    for (const piece of pieces) {
      this.send(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Half-closes. */
  finish(): this {
    this.socket.end()
    return this
  }

  /** Closes with RST. */
  reset(): Promise<void> {
    this.socket.resetAndDestroy()
    return this.#closed
  }

  /** Closes and waits until that is done. */
  close(): Promise<void> {
    this.socket.destroy()
    return this.#closed
  }

  /** The next response. Throws when the connection ends before it is complete. */
  async response(toHead = false): Promise<HttpResponse> {
    while (true) {
      const response = this.#parser.next(toHead)
      if (response !== undefined) return response
      if (this.#error !== undefined) throw this.#error
      if (this.#ended) throw new Error('The connection ended before the response')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async responses(count: number): Promise<HttpResponse[]> {
    const responses: HttpResponse[] = []
    while (responses.length < count) responses.push(await this.response())
    return responses
  }

  /** Waits until the server has closed its side; throws when bytes are left over. */
  async end(): Promise<void> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (!this.#parser.idle) throw new Error('The server sent more than was asked for')
  }

  #finish(error?: Error): void {
    this.#error = error
    this.#ended = true
    this.#wake()
  }
}

/** A request line with a Host header and what else is given. */
export function request(target: string, extra = '', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${extra}\r\n`
}

/** The JSON of a response. */
export function json({ body }: HttpResponse): Record<string, unknown> {
  return JSON.parse(Buffer.from(body).toString())
}
