import { describe, expect, test } from 'vitest'
import { closePayload, encodeFrame, FrameParser, OPCODE } from '../../../scenarios/websocket/frames.ts'
import { MessageParser } from '../../../scenarios/websocket/messages.ts'

const MASK = 0x37fa213d

function errorOf(...chunks: readonly (Uint8Array | readonly number[])[]): unknown {
  const parser = new MessageParser({ masked: true, maxMessageBytes: 1000 })
  try {
    for (const chunk of chunks) {
      parser.feed(Uint8Array.from(chunk))
      while (parser.next() !== undefined);
    }
  } catch (error) {
    return `${(error as { code: number }).code} ${(error as Error).message}`
  }
  return undefined
}

function masked(opcode: number, payload: readonly number[] | Uint8Array, fin = true): Uint8Array {
  return encodeFrame(opcode, Uint8Array.from(payload), { fin, mask: MASK })
}

describe('frames', () => {
  test('are those of the examples in RFC 6455, 5.7', () => {
    const hello = Buffer.from('Hello')
    expect([...encodeFrame(OPCODE.text, hello)]).toEqual([0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
    const inMask = encodeFrame(OPCODE.text, hello, { mask: MASK })
    expect([...inMask]).toEqual([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
    expect(encodeFrame(OPCODE.binary, new Uint8Array(256)).subarray(0, 4)).toEqual(
      Buffer.from([0x82, 126, 1, 0]),
    )
    const long = encodeFrame(OPCODE.binary, new Uint8Array(65_536)).subarray(0, 10)
    expect(long).toEqual(Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]))
  })

  test.each([
    ['unmasked from a client', [encodeFrame(OPCODE.text, Buffer.from('a'))], /^1002 .*mask/],
    ['a reserved bit', [[0xc1]], /^1002 Reserved/],
    ['an unknown opcode', [[0x83]], /^1002 Unknown opcode 3/],
    ['a ping in fragments', [[0x09]], /^1002 Control frame in fragments/],
    ['a ping of 126 bytes', [[0x89, 0xfe]], /^1002 Control frame too long/],
    ['a length in two bytes that fits one', [[0x82, 0xfe, 0, 125]], /^1002 .*longer form/],
    [
      'a length in eight bytes that fits two',
      [[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]],
      /^1002 .*longer form/,
    ],
    ['a length beyond 2^63', [[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]], /^1002 .*highest bit/],
    ['a header that announces too much', [[0x82, 0xfe, 0x03, 0xe9]], /^1009 Message too large/],
    [
      'fragments too large together',
      [masked(2, new Array(900).fill(0), false), masked(0, new Array(900).fill(0))],
      /^1009/,
    ],
    [
      'empty fragments without end',
      [masked(2, [], false), ...new Array(1100).fill(masked(0, [], false))],
      /^1009/,
    ],
    ['a continuation of nothing', [masked(0, [])], /^1002 Continuation of nothing/],
    ['a message within a message', [masked(1, [], false), masked(1, [])], /^1002 Message within/],
    ['overlong UTF-8', [masked(1, [0xc0, 0xaf])], /^1007/],
    ['a surrogate in UTF-8', [masked(1, [0xed, 0xa0, 0x80])], /^1007/],
    ['half a character at the end', [masked(1, [0xe2, 0x82])], /^1007/],
    ['a close of one byte', [masked(8, [3])], /^1002 Close/],
    ['a close with a code that is never sent', [masked(8, [3, 0xee])], /^1002 Close/],
    ['a close with a reason that is not UTF-8', [masked(8, [3, 0xe8, 0xff])], /^1007/],
  ])('%s is refused', (_, chunks, expected) => {
    expect(errorOf(...chunks)).toMatch(expected)
  })

  test('a character cut in two by fragments is whole again, with a ping between them', () => {
    const parser = new MessageParser({ masked: true, maxMessageBytes: 100 })
    for (const frame of [masked(1, [0xe2], false), masked(9, [1]), masked(0, [0x82, 0xac])])
      parser.feed(frame)
    expect([parser.next()?.kind, parser.next(), parser.next()]).toEqual([
      'ping',
      { kind: 'text', text: '€' },
      undefined,
    ])
  })

  test('nothing is read after a close', () => {
    const parser = new MessageParser({ masked: true, maxMessageBytes: 100 })
    parser.feed(masked(8, [3, 0xe8, 0x62, 0x79, 0x65]))
    parser.feed(Buffer.from([0xff, 0xff]))
    expect(parser.next()).toEqual({ kind: 'close', code: 1000, reason: 'bye' })
    parser.feed(Buffer.from([0xff, 0xff]))
    expect(parser.next()).toBeUndefined()
  })

  test('a client refuses a mask', () => {
    const parser = new FrameParser({ masked: false, maxMessageBytes: 10 })
    parser.feed(masked(1, []))
    expect(() => parser.next()).toThrow('A server must not mask')
  })

  test('a reason is cut to what a control frame can carry, never within a character', () => {
    const payload = closePayload(1008, '€'.repeat(60))
    expect(payload.length).toBe(2 + 123)
    expect(closePayload(1008, `a${'€'.repeat(60)}`).length).toBe(2 + 121)
  })
})
