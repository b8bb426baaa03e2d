import { type ByteQueue, latin1 } from './bytes.ts'
import { HttpError, isBlank, isFieldText } from './grammar.ts'

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
/** A chunk's size line: sixteen digits and room for extensions, which nobody uses and an attacker would pad. */
const SIZE_LINE_BYTES = 256
const SMALLEST = 256

/**
 * Decodes one chunked body up to its last chunk (RFC 9112, 7.1); the trailers are left to the caller. Extensions
 * are checked for control characters and ignored.
 */
export class ChunkedBody {
  readonly #limit: number
  #body = new Uint8Array(0)
  #length = 0
  /** Bytes still to come of the chunk under way; -1 while a size line is expected. */
  #remaining = -1

  constructor(limit: number) {
    this.#limit = limit
  }

  get body(): Uint8Array {
    return this.#body.subarray(0, this.#length)
  }

  /** Takes what it can; true when the last chunk has come. Throws `HttpError` 400 or 413. */
  feed(input: ByteQueue): boolean {
    while (true) {
      if (this.#remaining < 0) {
        if (!this.#sizeLine(input)) return false
        if (this.#remaining === 0) return true
      }
      this.#data(input)
      if (this.#remaining > 0 || !this.#dataEnd(input)) return false
    }
  }

  #sizeLine(input: ByteQueue): boolean {
    const lineFeed = input.findLineFeed(0)
    if ((lineFeed < 0 ? input.size : lineFeed) > SIZE_LINE_BYTES)
      throw new HttpError(400, 'Chunk size line too long')
    if (lineFeed < 0) return false
    const { bytes, start } = input
    if (lineFeed === 0 || bytes[start + lineFeed - 1] !== CR)
      throw new HttpError(400, 'Line does not end in CRLF')
    this.#remaining = chunkSize(bytes, start, start + lineFeed - 1)
    if (this.#length + this.#remaining > this.#limit) throw new HttpError(413, 'Body too large')
    input.consume(lineFeed + 1)
    return true
  }

  #data(input: ByteQueue): void {
    const count = Math.min(this.#remaining, input.size)
    this.#makeRoom(count)
    this.#body.set(input.bytes.subarray(input.start, input.start + count), this.#length)
    this.#length += count
    this.#remaining -= count
    input.consume(count)
  }

  /** The CRLF that follows a chunk's data. */
  #dataEnd(input: ByteQueue): boolean {
    const { bytes, start, size } = input
    if ((size > 0 && bytes[start] !== CR) || (size > 1 && bytes[start + 1] !== LF)) {
      throw new HttpError(400, 'Chunk data is longer than its size')
    }
    if (size < 2) return false
    input.consume(2)
    this.#remaining = -1
    return true
  }

  /** One growing buffer rather than a list of pieces: a body of one-byte chunks must not cost a view each. */
  #makeRoom(count: number): void {
    if (this.#length + count <= this.#body.length) return
    const grown = new Uint8Array(Math.max(SMALLEST, 2 * (this.#length + count)))
    grown.set(this.body)
    this.#body = grown
  }
}

function chunkSize(bytes: Uint8Array, from: number, to: number): number {
  const digits = hexEnd(bytes, from, to)
  let extension = digits
  while (extension < to && isBlank(bytes[extension]!)) extension++
  const wellFormed = extension === to ? extension === digits : bytes[extension] === SEMICOLON
  if (digits === from || !wellFormed || !isFieldText(bytes, extension, to)) {
    throw new HttpError(400, 'Malformed chunk size')
  }
  return Number.parseInt(latin1(bytes, from, digits), 16)
}

function hexEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from
  while (i < to && isHex(bytes[i]!)) i++
  return i
}

function isHex(byte: number): boolean {
  const letter = byte | 0x20
  return (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66)
}
