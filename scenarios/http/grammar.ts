import { latin1 } from './bytes.ts'

/** What the peer sent is refused; `status` is the answer that RFC 9110 and 9112 give it. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const COLON = 0x3a
const SPACE = 0x20
const TAB = 0x09
const ALPHANUMERIC = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** RFC 9110, 5.6.2. */
const TOKEN = table(byteIn(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`))
/** RFC 9110, 5.5: visible characters, obs-text, space and tab. Everything else is how smuggling starts. */
const FIELD_VALUE = table((byte) => byte === TAB || (byte >= 0x20 && byte !== 0x7f))
/** Visible ASCII. Wider than RFC 3986 (`|`, `{` are in daily use), but a fragment is never sent. */
const TARGET = table((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x23)
/** RFC 3986, 3.2: host and port, without user information. */
const AUTHORITY = table(byteIn(`${ALPHANUMERIC}-._~%!$&'()*+,;=:[]`))

function table(belongs: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(belongs(byte)))
}

function byteIn(characters: string): (byte: number) => boolean {
  const codes = new Set(Array.from(characters, (character) => character.charCodeAt(0)))
  return (byte) => codes.has(byte)
}

/** The first position, up to `to`, whose byte is not in the table. */
function span(belongs: Uint8Array, bytes: Uint8Array, from: number, to: number): number {
  let i = from
  while (i < to && belongs[bytes[i]!] === 1) i++
  return i
}

/** The end of the token that begins at `from`; `from` itself where there is none. */
export function tokenEnd(bytes: Uint8Array, from: number, to: number): number {
  return span(TOKEN, bytes, from, to)
}

/** The end of the run of request-target characters that begins at `from`. */
export function targetEnd(bytes: Uint8Array, from: number, to: number): number {
  return span(TARGET, bytes, from, to)
}

export function isFieldText(bytes: Uint8Array, from: number, to: number): boolean {
  return span(FIELD_VALUE, bytes, from, to) === to
}

/** True for a Host value; an empty one is allowed (RFC 9112, 3.2). */
export function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  return span(AUTHORITY, bytes, from, to) === to
}

/** True where the bytes are `lowerCaseText`, whatever their case. Only for texts of letters and hyphens. */
export function equalsIgnoringCase(
  bytes: Uint8Array,
  from: number,
  to: number,
  lowerCaseText: string,
): boolean {
  if (to - from !== lowerCaseText.length) return false
  for (let i = 0; i < lowerCaseText.length; i++) {
    if ((bytes[from + i]! | 0x20) !== lowerCaseText.charCodeAt(i)) return false
  }
  return true
}

/** The elements of a comma-separated list in lower case, empty ones included: the caller judges them. */
export function listOf(bytes: Uint8Array, from: number, to: number): string[] {
  const elements = latin1(bytes, from, to).toLowerCase().split(',')
  return elements.map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''))
}

/** Where a header field's parts begin and end. One object, overwritten by each `parseField`. */
export interface FieldSpan {
  nameEnd: number
  valueStart: number
  valueEnd: number
}

/**
 * Checks one field line (without its CRLF) and finds its parts. An obsolete fold and a space before the colon
 * both fail here, as neither leaves a token that is followed by a colon. Throws `HttpError` 400.
 */
export function parseField(bytes: Uint8Array, from: number, to: number, into: FieldSpan): void {
  const nameEnd = tokenEnd(bytes, from, to)
  if (nameEnd === from || nameEnd === to || bytes[nameEnd] !== COLON) {
    throw new HttpError(400, 'Malformed header line: expected "name: value"')
  }
  let valueStart = nameEnd + 1
  let valueEnd = to
  while (valueStart < valueEnd && isBlank(bytes[valueStart]!)) valueStart++
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1]!)) valueEnd--
  if (!isFieldText(bytes, valueStart, valueEnd))
    throw new HttpError(400, 'Control character in a header value')
  into.nameEnd = nameEnd
  into.valueStart = valueStart
  into.valueEnd = valueEnd
}

/** Space or tab: RFC 9110's OWS. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB
}
