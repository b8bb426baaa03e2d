import { type Loop, ms, type Stream, TimeoutError } from '../../harness/api.ts'
import { CLOSE, closePayload, encodeFrame, OPCODE, WebSocketError } from './frames.ts'
import { type Message, MessageParser } from './messages.ts'

/** How long the peer may take to answer a Close and to end its side. */
const CLOSING_NS = ms(500)

export interface WebSocketOptions {
  readonly maxMessageBytes: number
  /** Gives the 32 bits that mask the next frame. Absent on the server's side, which must not mask. */
  readonly nextMask?: () => number
  /** Bytes have come from the peer: it is there. */
  readonly heard?: () => void
}

export type Data = Extract<Message, { kind: 'text' | 'binary' }>

/** Either end of a WebSocket whose handshake is done. One task at a time may receive. */
export class WebSocket {
  readonly #loop: Loop
  readonly #stream: Stream
  readonly #parser: MessageParser
  readonly #options: WebSocketOptions
  #closeSent = false
  /** What the connection ended with, as far as it has: the peer's code, ours where it broke the rules, or 1006. */
  closeCode: number | undefined
  closeReason = ''
  /** The peer broke the protocol. */
  violated = false

  /** `first`: what came with the handshake's last bytes. */
  constructor(loop: Loop, stream: Stream, options: WebSocketOptions, first?: Uint8Array) {
    this.#loop = loop
    this.#stream = stream
    this.#options = options
    const { nextMask, maxMessageBytes } = options
    this.#parser = new MessageParser({ masked: nextMask === undefined, maxMessageBytes })
    if (first !== undefined) this.#parser.feed(first)
  }

  /** Bytes written and not yet taken by the OS. */
  get bufferedBytes(): number {
    return this.#stream.bufferedBytes
  }

  /** True once we have sent a Close: nothing may follow it. */
  get isClosing(): boolean {
    return this.#closeSent
  }

  /**
   * The next message; `undefined` once the connection is over, in whatever way: `closeCode` says which. Answers pings,
   * and closes with the proper code where the peer breaks the protocol. Never fails for what the peer does.
   */
  async receive(): Promise<Data | undefined> {
    try {
      while (this.closeCode === undefined) {
        const message = this.#parser.next()
        if (message === undefined) await this.#read()
        else if (message.kind === 'text' || message.kind === 'binary') return message
        else if (message.kind === 'ping') await this.#answer(message.bytes)
        else if (message.kind === 'close') this.#closedByPeer(message.code, message.reason)
      }
    } catch (error) {
      this.#failed(error)
    }
    return undefined
  }

  sendText(text: string): void {
    this.#send(OPCODE.text, Buffer.from(text))
  }

  /** Bytes that are frames already: a server sends the same ones to many. */
  sendEncoded(frames: Uint8Array): void {
    if (!this.#closeSent) this.#stream.write(frames)
  }

  ping(payload: Uint8Array): void {
    this.#send(OPCODE.ping, payload)
  }

  /** Unasked, it says "I am here" (RFC 6455, 5.5.3). */
  pong(payload: Uint8Array): void {
    this.#send(OPCODE.pong, payload)
  }

  /** Done when little enough waits to be sent. Fails with the connection's error. */
  drain(): PromiseLike<void> {
    return this.#stream.drain()
  }

  /** Begins to close. What was sent before still goes out; `receive` gives what the peer sends until its own Close. */
  sendClose(code: number, reason?: string): void {
    if (this.#closeSent) return
    this.#send(OPCODE.close, closePayload(code, reason))
    this.#closeSent = true
  }

  /** Gives up at once. */
  abort(): void {
    this.#closeSent = true
    this.#stream.reset()
  }

  /** Closes in order: our Close, the peer's, the end of both sides; resets where that takes too long. */
  async close(code: number, reason?: string): Promise<void> {
    this.sendClose(code, reason)
    try {
      await this.#loop.timeout(CLOSING_NS, async () => {
        while ((await this.receive()) !== undefined);
        this.#stream.end()
        while ((await this.#stream.read()) !== undefined);
      })
      this.#stream.close()
    } catch (error) {
      if (!isNetworkError(error)) {
        this.abort()
        if (!(error instanceof TimeoutError)) throw error
      }
    }
  }

  #send(opcode: number, payload: Uint8Array): void {
    const { nextMask } = this.#options
    this.sendEncoded(encodeFrame(opcode, payload, { mask: nextMask?.() }))
  }

  async #read(): Promise<void> {
    const chunk = await this.#stream.read()
    if (chunk === undefined) this.closeCode = CLOSE.abnormal
    else {
      this.#options.heard?.()
      this.#parser.feed(chunk)
    }
  }

  /** A peer that pings and does not read is not read from either, so that its pongs cannot pile up. */
  async #answer(payload: Uint8Array): Promise<void> {
    this.pong(payload)
    await this.drain()
  }

  #closedByPeer(code: number, reason: string): void {
    this.closeCode = code
    this.closeReason = reason
    this.sendClose(code === CLOSE.noCode ? CLOSE.normal : code)
  }

  #failed(error: unknown): void {
    if (error instanceof WebSocketError) {
      this.violated = true
      this.closeCode = error.code
      this.closeReason = error.message
      this.sendClose(error.code, error.message)
    } else if (isNetworkError(error)) this.closeCode = CLOSE.abnormal
    else throw error
  }
}

/** Errors of the connection, which belong to it alone; anything else is a mistake of ours, or a cancellation. */
export function isNetworkError(error: unknown): boolean {
  return error instanceof Error && typeof (error as Error & { code?: unknown }).code === 'string'
}
