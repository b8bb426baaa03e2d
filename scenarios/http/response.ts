import { ByteQueue, latin1 } from './bytes.ts'
import { Framing } from './framing.ts'
import { type FieldSpan, parseField } from './grammar.ts'
import { Fields } from './request.ts'

/** What a response says beside its status and its body. */
export interface ResponseOptions {
  readonly keepAlive: boolean
  /** The request's: an HTTP/1.0 client must be told that the connection stays. */
  readonly minorVersion?: number
  /** Sends the head alone, with the length the body would have: the answer to HEAD. */
  readonly headOnly?: boolean
  readonly contentType?: string
  /** More header lines; names and values must be ASCII without control characters. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

/** Lets a client that asked for it send its body. */
export const CONTINUE: Uint8Array = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  426: 'Upgrade Required',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
}

/**
 * One response as bytes, ready to write. It carries no Date: a server without a calendar clock must not send
 * one (RFC 9110, 6.6.1), and the loop's clock counts from an arbitrary moment.
 */
export function encodeResponse(status: number, body: string, options: ResponseOptions): Uint8Array {
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unknown'}\r\n`
  head += `Content-Type: ${options.contentType ?? 'application/json'}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  for (const [name, value] of options.headers ?? []) head += `${name}: ${value}\r\n`
  if (!options.keepAlive) head += 'Connection: close\r\n'
  else if (options.minorVersion === 0) head += 'Connection: keep-alive\r\n'
  return Buffer.from(options.headOnly ? `${head}\r\n` : `${head}\r\n${body}`)
}

/** One complete response. */
export interface HttpResponse {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
  readonly keepAlive: boolean
}

/** The server broke the protocol: there is no way to go on with its connection. */
export class ResponseError extends Error {
  override readonly name = 'ResponseError'
}

const CR = 0x0d
/** Status line and headers together. */
const HEAD_BYTES = 16_384
const WITHOUT_BODY = new Set([204, 304])
const EMPTY = new Uint8Array(0)

/**
 * A small, strict parser of HTTP/1.1 responses for the side that sends the load. It knows Content-Length only:
 * a chunked response, or one that ends with the connection, is an error, as our server never sends either.
 */
export class ResponseParser {
  readonly #input = new ByteQueue()
  /** Where the line looked for begins, from the head's first byte. */
  #line = 0
  #status = 0
  #framing = new Framing()
  #spans: number[] = []
  #head: Fields | undefined
  readonly #span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0 }

  /** True between responses. */
  get idle(): boolean {
    return this.#input.size === 0 && this.#head === undefined
  }

  /** The chunk must not change until the responses in it have been taken. */
  feed(chunk: Uint8Array): void {
    this.#input.append(chunk)
  }

  /**
   * The next complete response, interim ones (1xx) left out, or `undefined` when more bytes are needed.
   * `toHead` says that the request was HEAD, which nothing in the response itself can tell.
   * Throws `ResponseError` or `HttpError`.
   */
  next(toHead = false): HttpResponse | undefined {
    while (this.#head === undefined) {
      if (!this.#readLine()) return undefined
    }
    const length = this.#bodyLength(toHead)
    const { bytes, start, size } = this.#input
    if (size < length) return undefined
    const body = length === 0 ? EMPTY : bytes.slice(start, start + length)
    this.#input.consume(length)
    return this.#finish(this.#head, body)
  }

  #readLine(): boolean {
    const lineFeed = this.#input.findLineFeed(this.#line)
    if ((lineFeed < 0 ? this.#input.size : lineFeed) > HEAD_BYTES) throw new ResponseError('Head too large')
    if (lineFeed < 0) return false
    const { bytes, start } = this.#input
    const from = start + this.#line
    const end = start + lineFeed - 1
    if (end < from || bytes[end] !== CR) throw new ResponseError('Line does not end in CRLF')
    if (this.#line === 0) this.#status = statusOf(latin1(bytes, from, end))
    else if (end > from) this.#noteField(bytes, from, end)
    else {
      this.#finishHead(lineFeed + 1)
      return true
    }
    this.#line = lineFeed + 1
    return true
  }

  #noteField(bytes: Uint8Array, from: number, end: number): void {
    const { start } = this.#input
    parseField(bytes, from, end, this.#span)
    this.#framing.note(bytes, from, this.#span)
    const { nameEnd, valueStart, valueEnd } = this.#span
    this.#spans.push(from - start, nameEnd - start, valueStart - start, valueEnd - start)
  }

  #finishHead(length: number): void {
    const { bytes, start } = this.#input
    const fields = new Fields(latin1(bytes, start, start + length), this.#spans)
    this.#input.consume(length)
    this.#line = 0
    this.#spans = []
    if (this.#status >= 200) this.#head = fields
    else this.#framing = new Framing()
  }

  #bodyLength(toHead: boolean): number {
    if (toHead || WITHOUT_BODY.has(this.#status)) return 0
    const { contentLength } = this.#framing
    if (Number.isNaN(contentLength)) throw new ResponseError('Response without Content-Length')
    return contentLength
  }

  #finish(fields: Fields, body: Uint8Array): HttpResponse {
    const keepAlive = this.#framing.keepsAlive(1)
    this.#head = undefined
    this.#framing = new Framing()
    return { status: this.#status, fields, body, keepAlive }
  }
}

function statusOf(line: string): number {
  const match = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/.exec(line)
  if (match === null) throw new ResponseError(`Malformed status line: ${JSON.stringify(line.slice(0, 80))}`)
  return Number(match[1])
}
