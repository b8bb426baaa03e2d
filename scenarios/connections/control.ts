/**
 * How the two sides agree on where a step begins and ends: lines of JSON over a connection of their own, the first one
 * that is made. What is counted are the other connections, which carry pings.
 */
import type { Address, Loop, Stream } from '../../harness/api.ts'
import type { Room } from './room.ts'

/** First byte of a control connection; pings begin with another. */
export const CONTROL_BYTE = 0x7b // {

export type Question =
  | { readonly ask: 'welcome' }
  /** Answered once so many connections have been accepted, or when there is no more hope of it. */
  | { readonly ask: 'begin'; readonly connections: number }
  /** What the driver found comes along: the server makes the report. */
  | { readonly ask: 'end'; readonly size: number; readonly roundTripNs: number }

export interface Answers {
  /** Where to connect: to all of them in turn. */
  readonly welcome: Room & { readonly addresses: readonly Address[] }
  /** Connections that the server holds. */
  readonly begin: { readonly held: number }
  /** Pings that the server has answered since `begin`. */
  readonly end: { readonly events: number }
}

export class ControlClient {
  readonly #stream: Stream
  readonly #lines: Lines

  constructor(stream: Stream) {
    this.#stream = stream
    this.#lines = new Lines(stream)
  }

  static async connect(loop: Loop, address: Address): Promise<ControlClient> {
    return new ControlClient(await loop.connect(address))
  }

  async ask<A extends Question['ask']>(question: Extract<Question, { ask: A }>): Promise<Answers[A]> {
    writeLine(this.#stream, question)
    const line = await this.#lines.next()
    if (line === undefined) throw new Error('The server closed the control connection')
    return JSON.parse(line) as Answers[A]
  }

  close(): void {
    this.#stream.close()
  }
}

export function writeLine(stream: Stream, message: object): void {
  stream.write(Buffer.from(`${JSON.stringify(message)}\n`))
}

/** Reads a stream line by line. */
export class Lines {
  readonly #stream: Stream
  #text: string

  /** `first` has been read from the stream already. */
  constructor(stream: Stream, first: Uint8Array = new Uint8Array()) {
    this.#stream = stream
    this.#text = textOf(first)
  }

  /** `undefined` at the end of the stream. */
  async next(): Promise<string | undefined> {
    while (!this.#text.includes('\n')) {
      const chunk = await this.#stream.read()
      if (chunk === undefined) return undefined
      this.#text += textOf(chunk)
    }
    const end = this.#text.indexOf('\n')
    const line = this.#text.slice(0, end)
    this.#text = this.#text.slice(end + 1)
    return line
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
