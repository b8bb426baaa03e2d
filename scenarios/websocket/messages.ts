import { isUtf8 } from 'node:buffer'
import { CLOSE, type Frame, FrameParser, type FrameRules, OPCODE, WebSocketError } from './frames.ts'

/** What a connection carries, once frames are put together. */
export type Message =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  | { readonly kind: 'ping' | 'pong'; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }

/** Fragments of one message: without a bound, empty ones could be sent for ever. */
const MOST_FRAGMENTS = 1024

/**
 * Frames made into messages: fragments joined, text checked, close codes judged. After a Close nothing more is
 * parsed, and after an error every call throws it again.
 */
export class MessageParser {
  readonly #frames: FrameParser
  #kind: 'text' | 'binary' | undefined
  #fragments: Uint8Array[] = []
  #failure: WebSocketError | undefined
  #closed = false

  constructor(rules: FrameRules) {
    this.#frames = new FrameParser(rules)
  }

  /** The chunk must not change until the messages in it have been taken. What comes after a Close is dropped. */
  feed(chunk: Uint8Array): void {
    if (!this.#closed && this.#failure === undefined) this.#frames.feed(chunk)
  }

  /** The next message, or `undefined` when more bytes are needed. Throws `WebSocketError` 1002, 1007 or 1009. */
  next(): Message | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#next()
    } catch (error) {
      if (error instanceof WebSocketError) this.#failure = error
      throw error
    }
  }

  #next(): Message | undefined {
    while (!this.#closed) {
      const frame = this.#frames.next()
      if (frame === undefined) return undefined
      const message = this.#take(frame)
      if (message !== undefined) return message
    }
    return undefined
  }

  #take(frame: Frame): Message | undefined {
    const { opcode, payload } = frame
    if (opcode === OPCODE.ping) return { kind: 'ping', bytes: payload }
    if (opcode === OPCODE.pong) return { kind: 'pong', bytes: payload }
    if (opcode === OPCODE.close) {
      this.#closed = true
      return closeOf(payload)
    }
    return this.#takeData(frame)
  }

  #takeData({ opcode, fin, payload }: Frame): Message | undefined {
    this.#kind ??= opcode === OPCODE.text ? 'text' : 'binary'
    this.#fragments.push(payload)
    if (this.#fragments.length > MOST_FRAGMENTS) {
      throw new WebSocketError(CLOSE.tooBig, 'Too many fragments')
    }
    return fin ? this.#finish(this.#kind) : undefined
  }

  #finish(kind: 'text' | 'binary'): Message {
    const fragments = this.#fragments
    this.#kind = undefined
    this.#fragments = []
    const bytes = fragments.length === 1 ? fragments[0]! : Buffer.concat(fragments)
    return kind === 'text' ? { kind, text: textOf(bytes) } : { kind, bytes }
  }
}

/** Throws `WebSocketError` 1007. */
function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new WebSocketError(CLOSE.invalidText, 'Text that is not UTF-8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

function closeOf(payload: Uint8Array): Message {
  if (payload.length === 0) return { kind: 'close', code: CLOSE.noCode, reason: '' }
  const code = payload.length === 1 ? Number.NaN : payload[0]! * 256 + payload[1]!
  if (!mayBeSent(code)) throw new WebSocketError(CLOSE.protocolError, 'Close with an invalid code')
  return { kind: 'close', code, reason: textOf(payload.subarray(2)) }
}

/** RFC 6455, 7.4, and the codes registered with IANA since. */
function mayBeSent(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  )
}
