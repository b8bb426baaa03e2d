import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SAMPLES } from './messages.ts'
import { byteByByte, parseAll, parseText, splitAt } from './parse-all.ts'

const cuts = fc.array(fc.nat(2000), { maxLength: 40 })

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const value = fc.stringMatching(/^([!-~\xa1-\xff]([ \t!-~]{0,20}[!-~])?)?$/)
const target = fc.stringMatching(/^\/[!-"$-~]{0,30}$/)
const body = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const RESERVED = /^(host|expect|connection|content-length|transfer-encoding)$/i

interface Message {
  readonly method: string
  readonly target: string
  readonly fields: readonly [string, string][]
  readonly body: string
  readonly chunks: readonly number[] | undefined
}

const message: fc.Arbitrary<Message> = fc.record({
  method: token.filter((method) => method !== 'CONNECT'),
  target,
  fields: fc.array(
    fc.tuple(
      token.filter((name) => !RESERVED.test(name)),
      value,
    ),
    { maxLength: 5 },
  ),
  body,
  chunks: fc.option(fc.array(fc.nat(40), { maxLength: 4 }), { nil: undefined }),
})

function fieldsOf({ fields, body, chunks }: Message): [string, string][] {
  const framing: [string, string] =
    chunks === undefined ? ['Content-Length', String(body.length)] : ['Transfer-Encoding', 'chunked']
  return [['Host', 'example.org:80'], ...fields, framing]
}

function encode(message: Message): string {
  const { method, target, body, chunks } = message
  const head = fieldsOf(message).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${head.join('')}\r\n${chunks === undefined ? body : chunked(body, chunks)}`
}

function chunked(body: string, cuts: readonly number[]): string {
  const pieces = splitAt(Buffer.from(body, 'latin1'), cuts).map((piece) =>
    Buffer.from(piece).toString('latin1'),
  )
  const full = pieces.filter((piece) => piece !== '')
  return `${full.map((piece) => `${piece.length.toString(16)};x=y\r\n${piece}\r\n`).join('')}0\r\nX: y\r\n\r\n`
}

describe('the request parser, on generated input', () => {
  test('reads back whatever was encoded, pipelined and split anywhere', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), cuts, (messages, positions) => {
        const bytes = Buffer.from(messages.map(encode).join(''), 'latin1')
        const { requests, error, idle } = parseAll(splitAt(bytes, positions))
        const expected = messages.map((m) => ({
          method: m.method,
          target: m.target,
          fields: fieldsOf(m),
          body: m.body,
        }))
        expect(
          requests.map(({ method, target, fields, body }) => ({ method, target, fields, body })),
        ).toEqual(expected)
        expect([error, idle]).toEqual([undefined, true])
      }),
    )
  })

  test('gives the same outcome however valid and malformed requests are split', () => {
    const texts = fc.array(
      fc.constantFrom(...SAMPLES).map(({ text }) => text),
      { minLength: 1, maxLength: 4 },
    )
    fc.assert(
      fc.property(texts, cuts, (parts, positions) => {
        const text = parts.join('')
        const whole = parseText(text)
        expect(parseAll(splitAt(Buffer.from(text, 'latin1'), positions))).toEqual(whole)
        expect(parseAll(byteByByte(text))).toEqual(whole)
      }),
    )
  })

  test('gives the same outcome for damaged requests however they are split', () => {
    const damage = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(message, damage, cuts, (original, changes, positions) => {
        const bytes = Buffer.from(encode(original), 'latin1')
        for (const [position, byte] of changes) bytes[position % bytes.length] = byte
        expect(parseAll(splitAt(bytes, positions))).toEqual(parseAll([bytes]))
      }),
      { numRuns: 500 },
    )
  })

  test('never changes the chunks it was given', () => {
    const text = SAMPLES.map((sample) => sample.text)[0]!
    fc.assert(
      fc.property(cuts, (positions) => {
        const bytes = Buffer.from(text.repeat(20))
        parseAll(splitAt(bytes, positions))
        expect(bytes.toString()).toBe(text.repeat(20))
      }),
    )
  })

  test('looks at each byte of a drip a bounded number of times', () => {
    // Counted, not timed: a proxy would cost too much, so the buffer's copies stand for all work done twice.
    const text = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`
    const set = Uint8Array.prototype.set
    let copied = 0
    Uint8Array.prototype.set = function (source, offset) {
      copied += source.length
      set.call(this, source, offset)
    }
    try {
      expect(parseAll(byteByByte(text)).requests).toHaveLength(1)
    } finally {
      Uint8Array.prototype.set = set
    }
    expect(copied).toBeLessThan(4 * text.length)
  })
})
