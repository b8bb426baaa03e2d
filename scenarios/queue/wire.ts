import type { Stream } from '../../harness/api.ts'
import { ByteQueue } from '../http/bytes.ts'

/** A peer that does not speak the protocol. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

const LENGTH_BYTES = 4
const LARGEST_BYTES = 64 * 1024

/** One message: its length as 32 bits, highest byte first, then JSON. */
export function encode(message: object): Uint8Array {
  const json = JSON.stringify(message)
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + Buffer.byteLength(json))
  bytes.writeUInt32BE(bytes.length - LENGTH_BYTES)
  bytes.write(json, LENGTH_BYTES)
  return bytes
}

/** Messages out of bytes, however these were split. */
export class WireParser {
  readonly #input = new ByteQueue()

  feed(chunk: Uint8Array): void {
    this.#input.append(chunk)
  }

  /** The next message, or `undefined` when more bytes are needed. Throws `WireError`. */
  next(): unknown {
    const { bytes, start, size } = this.#input
    if (size < LENGTH_BYTES) return undefined
    const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0)
    if (length > LARGEST_BYTES) throw new WireError(`A message of ${length} bytes is too large`)
    if (size < LENGTH_BYTES + length) return undefined
    const from = start + LENGTH_BYTES
    const json = Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString()
    this.#input.consume(LENGTH_BYTES + length)
    return parse(json)
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) ?? {}
  } catch {
    throw new WireError('A message is not JSON')
  }
}

/** A stream of messages, either end of it. `Received` is what the other end says. */
export class Wire<Received extends object> {
  readonly stream: Stream
  readonly #parser = new WireParser()

  constructor(stream: Stream) {
    this.stream = stream
  }

  send(message: object): void {
    this.stream.write(encode(message))
  }

  /** The next message; `undefined` at the end. Fails with the connection's error or `WireError`. */
  async receive(): Promise<Received | undefined> {
    while (true) {
      const message = this.#parser.next()
      if (message !== undefined) return message as Received
      const chunk = await this.stream.read()
      if (chunk === undefined) return undefined
      this.#parser.feed(chunk)
    }
  }
}

/** Errors of the connection, which belong to it alone; anything else is a mistake of ours, or a cancellation. */
export function isNetworkError(error: unknown): boolean {
  return error instanceof Error && typeof (error as Error & { code?: unknown }).code === 'string'
}
