import { HttpError } from '../../../scenarios/http/grammar.ts'
import { type ParserLimits, RequestParser } from '../../../scenarios/http/parser.ts'

/** A request in plain values, so that two can be compared. */
export interface Parsed {
  readonly method: string
  readonly target: string
  readonly minorVersion: number
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
  readonly keepAlive: boolean
}

export interface Outcome {
  readonly requests: readonly Parsed[]
  /** The status of the error that ended it, if one did. */
  readonly error: number | undefined
  /** Whether the input ended between two requests. */
  readonly idle: boolean
}

/** Feeds the chunks one by one, as a connection would, and tells all that came out. */
export function parseAll(chunks: Iterable<Uint8Array>, limits?: Partial<ParserLimits>): Outcome {
  const parser = new RequestParser(limits)
  const requests: Parsed[] = []
  try {
    for (const chunk of chunks) {
      parser.feed(chunk)
      takeAll(parser, requests)
    }
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    return { requests, error: error.status, idle: false }
  }
  return { requests, error: undefined, idle: parser.idle }
}

function takeAll(parser: RequestParser, into: Parsed[]): void {
  for (let request = parser.next(); request !== undefined; request = parser.next()) {
    const { fields, body, ...rest } = request
    into.push({ ...rest, fields: fields.entries(), body: Buffer.from(body).toString('latin1') })
  }
}

/** One chunk, from text in which every character is a byte. */
export function parseText(text: string, limits?: Partial<ParserLimits>): Outcome {
  return parseAll([Buffer.from(text, 'latin1')], limits)
}

/** Cuts at the given positions, which may come in any order, repeat themselves and lie beyond the end. */
export function splitAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const cuts = [
    0,
    ...positions.filter((position) => position < bytes.length).sort((a, b) => a - b),
    bytes.length,
  ]
  return cuts.slice(1).map((cut, i) => bytes.subarray(cuts[i], cut))
}

export function byteByByte(text: string): Uint8Array[] {
  return Array.from(Buffer.from(text, 'latin1'), (byte) => Uint8Array.of(byte))
}
