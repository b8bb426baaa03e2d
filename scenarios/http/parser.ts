import { ByteQueue, latin1 } from './bytes.ts'
import { ChunkedBody } from './chunked.ts'
import { Framing } from './framing.ts'
import { type FieldSpan, HttpError, parseField, targetEnd, tokenEnd } from './grammar.ts'
import { Fields, type HttpRequest } from './request.ts'

/** Sizes beyond which a request is refused. A line's CR counts, its LF does not. */
export interface ParserLimits {
  /** 414, or 501 where even the method does not end. RFC 9112 asks for at least 8,000. */
  readonly requestLineBytes: number
  /** 431; trailers count as well. */
  readonly headerBytes: number
  /** 431. */
  readonly headerCount: number
  /** 413. */
  readonly bodyBytes: number
}

export const DEFAULT_LIMITS: ParserLimits = {
  requestLineBytes: 8192,
  headerBytes: 8192,
  headerCount: 100,
  bodyBytes: 1 << 20,
}

type State = 'request-line' | 'fields' | 'sized-body' | 'chunked-body' | 'trailers'

const CR = 0x0d
const SPACE = 0x20
const EMPTY = new Uint8Array(0)

/**
 * A strict, incremental parser of HTTP/1.0 and 1.1 requests (RFC 9112). It knows nothing of sockets or loops:
 * `feed` it bytes as they come, then call `next` until it gives `undefined`. How the bytes were split makes no
 * difference, and the work is linear in their number.
 */
export class RequestParser {
  readonly #limits: ParserLimits
  readonly #input = new ByteQueue()
  #state: State = 'request-line'
  #failure: HttpError | undefined
  #skippedEmptyLine = false

  // The request under way. Offsets count from the head's first byte, which stays the queue's first byte until
  // the head is complete: the queue may move its bytes, the offsets hold.
  #line = 0
  #fieldsStart = 0
  #method = ''
  #target = ''
  #minorVersion = 1
  #framing = new Framing()
  #spans: number[] = []
  #fields = new Fields('', [])
  #chunks: ChunkedBody | undefined
  #trailers = 0
  readonly #span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0 }

  constructor(limits: Partial<ParserLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  /** True between requests: nothing of the next one has come. */
  get idle(): boolean {
    return this.#state === 'request-line' && this.#input.size === 0
  }

  /** Bytes that arrived and are not yet part of a request. */
  get bufferedBytes(): number {
    return this.#input.size
  }

  /** The chunk must not change until the requests in it have been taken. */
  feed(chunk: Uint8Array): void {
    this.#input.append(chunk)
  }

  /**
   * The next complete request, or `undefined` when more bytes are needed. Throws `HttpError` for a malformed
   * one, after every request before it was given, and again at every later call: nothing that follows a
   * framing error can be trusted.
   */
  next(): HttpRequest | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#advance()
    } catch (error) {
      if (error instanceof HttpError) this.#failure = error
      throw error
    }
  }

  /** True once per request that waits for `100 Continue` and whose body has not begun to come. */
  takeExpectation(): boolean {
    const waits = this.#framing.expectsContinue && this.#state.endsWith('-body') && this.#input.size === 0
    if (waits) this.#framing.expectsContinue = false
    return waits
  }

  #advance(): HttpRequest | undefined {
    while (true) {
      switch (this.#state) {
        case 'request-line':
          if (!this.#requestLine()) return undefined
          break
        case 'fields':
          if (!this.#fieldLine()) return undefined
          break
        case 'sized-body':
          return this.#sizedBody()
        case 'chunked-body':
          if (!this.#chunks!.feed(this.#input)) return undefined
          this.#state = 'trailers'
          break
        case 'trailers':
          if (!this.#trailerLine()) return undefined
          if (this.#line === 0) return this.#finish(this.#chunks!.body)
          break
      }
    }
  }

  #requestLine(): boolean {
    const lineFeed = this.#input.findLineFeed(0)
    if ((lineFeed < 0 ? this.#input.size : lineFeed) > this.#limits.requestLineBytes) this.#refuseLongLine()
    if (lineFeed < 0) return false
    const end = this.#lineEnd(lineFeed)
    const { start } = this.#input
    if (end === start && !this.#skippedEmptyLine) {
      this.#skippedEmptyLine = true
      this.#input.consume(2)
      return true
    }
    this.#parseRequestLine(start, end)
    this.#line = this.#fieldsStart = lineFeed + 1
    this.#state = 'fields'
    return true
  }

  #parseRequestLine(from: number, to: number): void {
    const { bytes } = this.#input
    const methodEnd = tokenEnd(bytes, from, to)
    if (methodEnd === from || bytes[methodEnd] !== SPACE) throw new HttpError(400, 'Malformed request line')
    const end = targetEnd(bytes, methodEnd + 1, to)
    if (end === methodEnd + 1 || bytes[end] !== SPACE) throw new HttpError(400, 'Malformed request target')
    this.#minorVersion = minorVersion(latin1(bytes, end + 1, to))
    this.#method = latin1(bytes, from, methodEnd)
    this.#target = latin1(bytes, methodEnd + 1, end)
    checkTargetForm(this.#method, this.#target)
  }

  #fieldLine(): boolean {
    const lineFeed = this.#nextFieldLine(this.#fieldsStart)
    if (lineFeed < 0) return false
    const { bytes, start } = this.#input
    const end = this.#lineEnd(lineFeed)
    const from = start + this.#line
    if (end === from) this.#finishHead(lineFeed + 1)
    else {
      this.#parseOneField(bytes, from, end)
      this.#noteSpan(from - start, start)
      this.#line = lineFeed + 1
    }
    return true
  }

  #parseOneField(bytes: Uint8Array, from: number, end: number): void {
    parseField(bytes, from, end, this.#span)
    if (this.#spans.length >= 4 * this.#limits.headerCount) throw new HttpError(431, 'Too many headers')
    this.#framing.note(bytes, from, this.#span)
  }

  #noteSpan(name: number, start: number): void {
    const { nameEnd, valueStart, valueEnd } = this.#span
    this.#spans.push(name, nameEnd - start, valueStart - start, valueEnd - start)
  }

  #finishHead(length: number): void {
    const { bytes, start } = this.#input
    this.#fields = new Fields(latin1(bytes, start, start + length), this.#spans)
    const framing = this.#framing
    framing.finishRequest(this.#minorVersion)
    if (framing.contentLength > this.#limits.bodyBytes) throw new HttpError(413, 'Body too large')
    this.#input.consume(length)
    this.#line = 0
    if (framing.chunked) this.#chunks = new ChunkedBody(this.#limits.bodyBytes)
    this.#state = framing.chunked ? 'chunked-body' : 'sized-body'
  }

  #sizedBody(): HttpRequest | undefined {
    const length = this.#framing.contentLength || 0 // NaN: no body
    if (length === 0) return this.#finish(EMPTY)
    const { bytes, start, size } = this.#input
    if (size < length) return undefined
    const body = bytes.slice(start, start + length)
    this.#input.consume(length)
    return this.#finish(body)
  }

  /** Trailers are checked like headers and dropped: merging them is what RFC 9110, 6.5.1 warns of. */
  #trailerLine(): boolean {
    const lineFeed = this.#nextFieldLine(0)
    if (lineFeed < 0) return false
    const { bytes, start } = this.#input
    const end = this.#lineEnd(lineFeed)
    const from = start + this.#line
    if (end === from) {
      this.#input.consume(lineFeed + 1)
      this.#line = 0
      return true
    }
    parseField(bytes, from, end, this.#span)
    if (++this.#trailers > this.#limits.headerCount) throw new HttpError(431, 'Too many trailers')
    this.#line = lineFeed + 1
    return true
  }

  /** The offset of the LF that ends the line at `#line`, -1 while it has not come. */
  #nextFieldLine(sectionStart: number): number {
    const lineFeed = this.#input.findLineFeed(this.#line)
    const section = (lineFeed < 0 ? this.#input.size : lineFeed) - sectionStart
    if (section > this.#limits.headerBytes) throw new HttpError(431, 'Header section too large')
    return lineFeed
  }

  /** The position of the CR that ends the line whose LF lies at `lineFeed`. */
  #lineEnd(lineFeed: number): number {
    const { bytes, start } = this.#input
    if (lineFeed === this.#line || bytes[start + lineFeed - 1] !== CR) {
      throw new HttpError(400, 'Line does not end in CRLF')
    }
    return start + lineFeed - 1
  }

  #refuseLongLine(): never {
    const { bytes, start } = this.#input
    const to = start + this.#limits.requestLineBytes
    if (tokenEnd(bytes, start, to) === to) throw new HttpError(501, 'Method too long')
    throw new HttpError(414, 'Request target too long')
  }

  #finish(body: Uint8Array): HttpRequest {
    const request: HttpRequest = {
      method: this.#method,
      target: this.#target,
      minorVersion: this.#minorVersion,
      fields: this.#fields,
      body,
      keepAlive: this.#framing.keepsAlive(this.#minorVersion),
    }
    this.#state = 'request-line'
    this.#framing = new Framing()
    this.#spans = []
    this.#chunks = undefined
    this.#trailers = 0
    this.#skippedEmptyLine = false
    return request
  }
}

/** 0 or 1. Throws `HttpError` 505 for another version, 400 for what is none. */
function minorVersion(text: string): number {
  if (text === 'HTTP/1.1') return 1
  if (text === 'HTTP/1.0') return 0
  if (/^HTTP\/\d\.\d$/.test(text)) throw new HttpError(505, `Version not supported: ${text}`)
  throw new HttpError(400, 'Malformed HTTP version')
}

/** RFC 9112, 3.2: the four forms, each where it belongs. Throws `HttpError` 400. */
function checkTargetForm(method: string, target: string): void {
  if (target.charCodeAt(0) === SLASH && method !== 'CONNECT') return
  const wellFormed =
    method === 'CONNECT'
      ? /^[^/?@]+:\d+$/.test(target)
      : (target === '*' && method === 'OPTIONS') || /^https?:\/\/[^/?@]+([/?]|$)/i.test(target)
  if (!wellFormed) throw new HttpError(400, 'Malformed request target')
}

const SLASH = 0x2f
