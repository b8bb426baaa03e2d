import { createHash } from 'node:crypto'
import { ByteQueue, latin1 } from '../http/bytes.ts'
import { type FieldSpan, HttpError, parseField } from '../http/grammar.ts'
import type { HttpRequest } from '../http/request.ts'
import { encodeResponse } from '../http/response.ts'
import { CLOSE, WebSocketError } from './frames.ts'

/** RFC 6455, 1.3: what turns a key into its answer, so that nobody answers who does not speak WebSocket. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const VERSION = '13'
/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/
const CR = 0x0d
const HEAD_BYTES = 8192

/** What the server must answer to a key. */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** True where a request asks to leave HTTP, whether or not it does so properly. */
export function asksForUpgrade(request: HttpRequest): boolean {
  return valuesOf(request.fields.entries(), 'upgrade').length > 0
}

/**
 * The answer that makes the connection a WebSocket; extensions and subprotocols are never agreed on. Throws
 * `HttpError` 400, 405, 426 or 501.
 */
export function acceptUpgrade(request: HttpRequest): Uint8Array {
  const fields = request.fields.entries()
  if (request.method !== 'GET') throw new HttpError(405, 'A WebSocket is asked for with GET')
  if (request.minorVersion !== 1) throw new HttpError(400, 'A WebSocket needs HTTP/1.1')
  if (!hasElement(fields, 'upgrade', 'websocket')) throw new HttpError(501, 'Only websocket is known')
  if (!hasElement(fields, 'connection', 'upgrade')) throw new HttpError(400, 'Connection lacks upgrade')
  if (only(fields, 'sec-websocket-version') !== VERSION) {
    throw new HttpError(426, `Only version ${VERSION} is known`)
  }
  const key = only(fields, 'sec-websocket-key')
  if (key === undefined || !KEY.test(key)) throw new HttpError(400, 'Malformed Sec-WebSocket-Key')
  return switching(acceptOf(key))
}

function switching(accept: string): Uint8Array {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  return Buffer.from(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
}

/** What is said to one that cannot have a WebSocket; the connection ends with it. */
export function refusal({ status, message }: HttpError): Uint8Array {
  const headers =
    status === 426 ? [['Upgrade', 'websocket'] as const, ['Sec-WebSocket-Version', VERSION] as const] : []
  return encodeResponse(status, JSON.stringify({ error: message }), { keepAlive: false, headers })
}

/** A client's request. `key`: sixteen random bytes in base64. */
export function upgradeRequest(target: string, host: string, key: string): Uint8Array {
  const lines = [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${VERSION}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

/** Reads the server's answer to a client's request, up to the first byte that is a frame's. */
export class UpgradeResponse {
  readonly #accept: string
  readonly #input = new ByteQueue()
  #line = 0

  constructor(key: string) {
    this.#accept = acceptOf(key)
  }

  /**
   * Gives what came after the head once that is complete, before it `undefined`. Throws `WebSocketError` where the
   * server did not agree.
   */
  feed(chunk: Uint8Array): Uint8Array | undefined {
    this.#input.append(chunk)
    for (let end = this.#lineEnd(); end >= 0; end = this.#lineEnd()) {
      if (end - this.#line === 1) return this.#finish(end + 1)
      this.#line = end + 1
    }
    return undefined
  }

  #lineEnd(): number {
    const end = this.#input.findLineFeed(this.#line)
    if ((end < 0 ? this.#input.size : end) > HEAD_BYTES) throw refused('its head is too large')
    const { bytes, start } = this.#input
    if (end >= 0 && (end === this.#line || bytes[start + end - 1] !== CR))
      throw refused('a line lacks its CR')
    return end
  }

  #finish(length: number): Uint8Array {
    const { bytes, start, size } = this.#input
    const [status, ...fields] = this.#lines(length)
    if (status !== 'HTTP/1.1 101' && !status!.startsWith('HTTP/1.1 101 ')) throw refused(status!)
    const entries = fields.map(entryOf)
    if (!hasElement(entries, 'upgrade', 'websocket') || !hasElement(entries, 'connection', 'upgrade'))
      throw refused('it did not upgrade')
    if (only(entries, 'sec-websocket-accept') !== this.#accept) throw refused('Sec-WebSocket-Accept is wrong')
    if (valuesOf(entries, 'sec-websocket-extensions').length > 0) throw refused('no extension was asked for')
    return bytes.subarray(start + length, start + size)
  }

  #lines(length: number): string[] {
    const { bytes, start } = this.#input
    return latin1(bytes, start, start + length - 4).split('\r\n')
  }
}

type Entry = readonly [name: string, value: string]

function entryOf(line: string): Entry {
  const bytes = Buffer.from(line, 'latin1')
  const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0 }
  parseField(bytes, 0, bytes.length, span)
  return [line.slice(0, span.nameEnd), line.slice(span.valueStart, span.valueEnd)]
}

function valuesOf(fields: readonly Entry[], lowerCaseName: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value)
}

/** The value of a field that may stand there once. */
function only(fields: readonly Entry[], lowerCaseName: string): string | undefined {
  const values = valuesOf(fields, lowerCaseName)
  return values.length === 1 ? values[0] : undefined
}

/** Whether a list that may be spread over several fields has that element, whatever its case. */
function hasElement(fields: readonly Entry[], lowerCaseName: string, element: string): boolean {
  const elements = valuesOf(fields, lowerCaseName).join(',').split(',')
  return elements.some((each) => each.trim().toLowerCase() === element)
}

function refused(why: string): WebSocketError {
  return new WebSocketError(CLOSE.protocolError, `The server did not open a WebSocket: ${why}`)
}
