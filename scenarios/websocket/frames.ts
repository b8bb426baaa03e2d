import { ByteQueue } from '../http/bytes.ts'

/** What a frame is (RFC 6455, 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Why a connection is closed (RFC 6455, 7.4.1). 1005 and 1006 are never sent: no code came, no Close came. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noCode: 1005,
  abnormal: 1006,
  invalidText: 1007,
  policyViolation: 1008,
  tooBig: 1009,
} as const

/** The peer broke the protocol; `code` is the close code that tells it so. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export interface Frame {
  readonly fin: boolean
  readonly opcode: number
  /** Unmasked, and the receiver's own. */
  readonly payload: Uint8Array
}

export interface FrameRules {
  /** What a server asks of its clients, and a client never accepts of a server (RFC 6455, 5.1). */
  readonly masked: boolean
  /** Largest message, its fragments together, bytes; more is refused (1009) as soon as a header says so. */
  readonly maxMessageBytes: number
}

const FIN = 0x80
const RESERVED = 0x70
const MASKED = 0x80
const CONTROL = 0x08
const LARGEST_CONTROL = 125
const KNOWN = new Set<number>(Object.values(OPCODE))

interface Header {
  readonly fin: boolean
  readonly opcode: number
  readonly maskAt: number
  readonly payloadAt: number
  readonly payloadBytes: number
}

/**
 * A strict, incremental parser of frames. It knows nothing of sockets or loops: `feed` it bytes as they come, then
 * call `next` until it gives `undefined`. How the bytes were split makes no difference.
 */
export class FrameParser {
  readonly #rules: FrameRules
  readonly #input = new ByteQueue()
  #header: Header | undefined
  /** Between the first fragment of a message and its last. */
  #inMessage = false
  #messageBytes = 0

  constructor(rules: FrameRules) {
    this.#rules = rules
  }

  /** The chunk must not change until the frames in it have been taken. */
  feed(chunk: Uint8Array): void {
    this.#input.append(chunk)
  }

  /** The next complete frame. Throws `WebSocketError` 1002 or 1009; nothing after it can be trusted. */
  next(): Frame | undefined {
    this.#header ??= this.#readHeader()
    const header = this.#header
    if (header === undefined) return undefined
    const { fin, opcode, maskAt, payloadAt, payloadBytes } = header
    const { bytes, start, size } = this.#input
    if (size < payloadAt + payloadBytes) return undefined
    // Not `slice`, which for a Buffer is a view: unmasking would change what the caller has.
    const payload = new Uint8Array(bytes.subarray(start + payloadAt, start + payloadAt + payloadBytes))
    if (maskAt < payloadAt) applyMask(payload, bytes.subarray(start + maskAt, start + payloadAt))
    this.#input.consume(payloadAt + payloadBytes)
    this.#header = undefined
    if ((opcode & CONTROL) === 0) this.#noteFragment(fin, payloadBytes)
    return { fin, opcode, payload }
  }

  #noteFragment(fin: boolean, bytes: number): void {
    this.#inMessage = !fin
    this.#messageBytes = fin ? 0 : this.#messageBytes + bytes
  }

  /** Judges each byte as soon as it is there: a bad frame is refused before its payload has come. */
  #readHeader(): Header | undefined {
    const { bytes, start, size } = this.#input
    if (size < 1) return undefined
    const first = bytes[start]!
    const fin = (first & FIN) !== 0
    const opcode = first & 0x0f
    checkFirstByte(first, fin, opcode)
    if ((opcode & CONTROL) === 0) this.#checkOrder(opcode)
    if (size < 2) return undefined
    const second = bytes[start + 1]!
    if (((second & MASKED) !== 0) !== this.#rules.masked) {
      throw protocolError(this.#rules.masked ? 'A client must mask its frames' : 'A server must not mask')
    }
    const short = second & 0x7f
    if ((opcode & CONTROL) !== 0 && short > LARGEST_CONTROL) throw protocolError('Control frame too long')
    const maskAt = short < 126 ? 2 : short === 126 ? 4 : 10
    if (size < maskAt) return undefined
    const payloadBytes = short < 126 ? short : longLength(bytes, start + 2, maskAt - 2)
    this.#checkSize(opcode, payloadBytes)
    const payloadAt = maskAt + (this.#rules.masked ? 4 : 0)
    return size < payloadAt ? undefined : { fin, opcode, maskAt, payloadAt, payloadBytes }
  }

  #checkOrder(opcode: number): void {
    const continues = opcode === OPCODE.continuation
    if (continues === this.#inMessage) return
    throw protocolError(continues ? 'Continuation of nothing' : 'Message within a message')
  }

  #checkSize(opcode: number, payloadBytes: number): void {
    const before = (opcode & CONTROL) === 0 ? this.#messageBytes : 0
    if (before + payloadBytes > this.#rules.maxMessageBytes) {
      throw new WebSocketError(CLOSE.tooBig, 'Message too large')
    }
  }
}

function checkFirstByte(first: number, fin: boolean, opcode: number): void {
  if ((first & RESERVED) !== 0) throw protocolError('Reserved bit set: no extension was agreed on')
  if (!KNOWN.has(opcode)) throw protocolError(`Unknown opcode ${opcode}`)
  if ((opcode & CONTROL) !== 0 && !fin) throw protocolError('Control frame in fragments')
}

/** Two bytes or eight. Only the shortest form is allowed: two readings of one length are one too many. */
function longLength(bytes: Uint8Array, from: number, count: number): number {
  let length = 0
  for (let i = 0; i < count; i++) length = length * 256 + bytes[from + i]!
  if (count === 8 && bytes[from]! >= 0x80) throw protocolError('Length with its highest bit set')
  if (length <= (count === 2 ? LARGEST_CONTROL : 0xffff))
    throw protocolError('Length in a longer form than needed')
  return length
}

function protocolError(message: string): WebSocketError {
  return new WebSocketError(CLOSE.protocolError, message)
}

/** In place, and its own inverse. Four bytes at a time would be faster; payloads here are kilobytes. */
function applyMask(payload: Uint8Array, mask: Uint8Array): void {
  const [a, b, c, d] = mask as unknown as [number, number, number, number]
  const whole = payload.length & ~3
  let i = 0
  for (; i < whole; i += 4) {
    payload[i]! ^= a
    payload[i + 1]! ^= b
    payload[i + 2]! ^= c
    payload[i + 3]! ^= d
  }
  for (; i < payload.length; i++) payload[i]! ^= mask[i & 3]!
}

export interface FrameOptions {
  /** False for all but the last fragment; true by default. */
  readonly fin?: boolean
  /** Masks with these 32 bits, as every client must. */
  readonly mask?: number
}

/** One frame as bytes, ready to write. */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  { fin = true, mask }: FrameOptions = {},
): Uint8Array {
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length <= 0xffff ? 2 : 8
  const maskAt = 2 + lengthBytes
  const payloadAt = maskAt + (mask === undefined ? 0 : 4)
  const frame = Buffer.allocUnsafe(payloadAt + length)
  frame[0] = (fin ? FIN : 0) | opcode
  frame[1] = (mask === undefined ? 0 : MASKED) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.set(payload, payloadAt)
  if (mask !== undefined) {
    frame.writeUInt32BE(mask, maskAt)
    applyMask(frame.subarray(payloadAt), frame.subarray(maskAt, payloadAt))
  }
  return frame
}

/** The payload of a Close frame: a code, and a reason cut to what a control frame can carry. */
export function closePayload(code: number, reason = ''): Uint8Array {
  let text = Buffer.from(reason)
  let end = Math.min(text.length, LARGEST_CONTROL - 2)
  while (end > 0 && end < text.length && (text[end]! & 0xc0) === 0x80) end-- // never within a character
  text = text.subarray(0, end)
  return Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), text])
}
