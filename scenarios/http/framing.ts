import { latin1 } from './bytes.ts'
import { equalsIgnoringCase, type FieldSpan, HttpError, isAuthority, listOf } from './grammar.ts'

/**
 * What the headers say about where the message ends and whether the connection goes on (RFC 9112, 6 and 9.3).
 * Two readings of one message are how requests are smuggled, so every doubt is an error.
 */
export class Framing {
  /** `NaN` where no Content-Length was given. */
  contentLength = Number.NaN
  chunked = false
  /** The peer waits for `100 Continue` before it sends the body. */
  expectsContinue = false
  #codings: string[] | undefined
  #hosts = 0
  #close = false
  #keepAlive = false

  /** Takes note of a field that begins at `from`. Tells fields apart by length first: most are none of these. */
  note(bytes: Uint8Array, from: number, field: FieldSpan): void {
    const { nameEnd, valueStart, valueEnd } = field
    switch (nameEnd - from) {
      case 4:
        if (equalsIgnoringCase(bytes, from, nameEnd, 'host')) this.#noteHost(bytes, valueStart, valueEnd)
        break
      case 6:
        if (equalsIgnoringCase(bytes, from, nameEnd, 'expect')) this.#noteExpect(bytes, valueStart, valueEnd)
        break
      case 10:
        if (equalsIgnoringCase(bytes, from, nameEnd, 'connection')) {
          this.#noteConnection(bytes, valueStart, valueEnd)
        }
        break
      case 14:
        if (equalsIgnoringCase(bytes, from, nameEnd, 'content-length')) {
          this.#noteLength(bytes, valueStart, valueEnd)
        }
        break
      case 17:
        if (equalsIgnoringCase(bytes, from, nameEnd, 'transfer-encoding')) {
          this.#codings = [...(this.#codings ?? []), ...listOf(bytes, valueStart, valueEnd)]
        }
        break
    }
  }

  /** Judges a request's fields together. Throws `HttpError` 400 or 501. */
  finishRequest(minorVersion: number): void {
    if (this.#hosts > 1) throw new HttpError(400, 'More than one Host header')
    if (this.#hosts === 0 && minorVersion === 1) throw new HttpError(400, 'Missing Host header')
    if (this.#codings !== undefined) this.#judgeCodings(this.#codings, minorVersion)
    // Only HTTP/1.1 knows the interim response; a 1.0 client that asks for it must not get one.
    if (minorVersion === 0) this.expectsContinue = false
  }

  /** Whether the connection goes on after this message. `close` outweighs `keep-alive`. */
  keepsAlive(minorVersion: number): boolean {
    if (this.#close) return false
    return minorVersion === 1 || this.#keepAlive
  }

  #judgeCodings(codings: readonly string[], minorVersion: number): void {
    if (!Number.isNaN(this.contentLength)) {
      throw new HttpError(400, 'Both Content-Length and Transfer-Encoding')
    }
    if (minorVersion === 0) throw new HttpError(400, 'Transfer-Encoding in HTTP/1.0')
    if (codings.includes('')) throw new HttpError(400, 'Empty element in Transfer-Encoding')
    if (codings.slice(0, -1).includes('chunked')) throw new HttpError(400, 'Chunked is not the last coding')
    if (codings.length > 1 || codings[0] !== 'chunked') {
      throw new HttpError(501, `Transfer coding not implemented: ${codings.join(', ')}`)
    }
    this.chunked = true
  }

  #noteHost(bytes: Uint8Array, from: number, to: number): void {
    this.#hosts++
    if (!isAuthority(bytes, from, to)) throw new HttpError(400, 'Malformed Host header')
  }

  #noteExpect(bytes: Uint8Array, from: number, to: number): void {
    if (latin1(bytes, from, to).toLowerCase() !== '100-continue') {
      throw new HttpError(417, 'Expectation not supported')
    }
    this.expectsContinue = true
  }

  #noteConnection(bytes: Uint8Array, from: number, to: number): void {
    for (const option of listOf(bytes, from, to)) {
      if (option === 'close') this.#close = true
      else if (option === 'keep-alive') this.#keepAlive = true
    }
  }

  #noteLength(bytes: Uint8Array, from: number, to: number): void {
    const length = decimal(bytes, from, to)
    if (Number.isNaN(length)) throw new HttpError(400, 'Content-Length is not a number')
    if (!Number.isNaN(this.contentLength) && this.contentLength !== length) {
      throw new HttpError(400, 'Conflicting Content-Length headers')
    }
    this.contentLength = length
  }
}

/** The value of a run of digits; `NaN` for anything else. Past 2^53 it is inexact, yet far above every limit. */
function decimal(bytes: Uint8Array, from: number, to: number): number {
  if (from === to) return Number.NaN
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
