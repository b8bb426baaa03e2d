import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as ws from 'ws'
import { encodeFrame, OPCODE, WebSocketError } from '../../../scenarios/websocket/frames.ts'
import { type Message, MessageParser } from '../../../scenarios/websocket/messages.ts'

/** What the types of `ws` leave out. */
const { Receiver, Sender } = ws as unknown as {
  readonly Receiver: new (options: object) => Writable
  readonly Sender: { frame(data: Buffer, options: object): Buffer[] }
}
const MAX_BYTES = 70_000

/** Everything that a parser makes of the chunks: messages, and the close code of the error that ended them. */
function parse(chunks: readonly Uint8Array[], masked: boolean): { messages: Message[]; code?: number } {
  const parser = new MessageParser({ masked, maxMessageBytes: MAX_BYTES })
  const messages: Message[] = []
  try {
    for (const chunk of chunks) {
      parser.feed(chunk)
      for (let message = parser.next(); message !== undefined; message = parser.next()) messages.push(message)
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error
    expect(() => parser.next()).toThrow(error)
    return { messages, code: error.code }
  }
  return { messages }
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  )
  return at.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(at[i], end)))
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => new Uint8Array(length).fill(7)),
)
const character = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800))
const text = fc.array(character, { maxLength: 200 }).map((all) => all.join(''))
const message = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('binary' as const), bytes: payload }),
  fc.record({
    kind: fc.constantFrom('ping' as const, 'pong' as const),
    bytes: fc.uint8Array({ maxLength: 125 }),
  }),
)
const cuts = fc.array(fc.nat(), { maxLength: 12 })
const mask = fc.integer({ min: 0, max: 2 ** 32 - 1 })

type Generated = Exclude<Message, { kind: 'close' }>

/** The frames of a message, cut into fragments where it may be. */
function encode(sent: Generated, key: number | undefined, at: readonly number[]): Uint8Array {
  const bytes = sent.kind === 'text' ? Buffer.from(sent.text) : sent.bytes
  const pieces = sent.kind === 'ping' || sent.kind === 'pong' ? [bytes] : split(bytes, at)
  if (pieces.length === 0) pieces.push(bytes)
  const frames = pieces.map((piece, i) =>
    encodeFrame(i === 0 ? OPCODE[sent.kind] : OPCODE.continuation, piece, {
      fin: i === pieces.length - 1,
      mask: key,
    }),
  )
  return Buffer.concat(frames)
}

/** Uint8Array and Buffer alike. */
function plain(messages: readonly Message[]): unknown[] {
  return messages.map((each) =>
    'bytes' in each ? { ...each, bytes: Buffer.from(each.bytes).toString('hex') } : each,
  )
}

describe('the frame parser, on generated input', () => {
  test('reads back whatever was encoded, in fragments, masked or not, split anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.option(mask, { nil: undefined }),
        cuts,
        (sent, key, at) => {
          const bytes = Buffer.concat(sent.map((each) => encode(each, key, at)))
          const { messages, code } = parse(split(bytes, at), key !== undefined)
          expect([plain(messages), code]).toEqual([plain(sent), undefined])
        },
      ),
    )
  })

  test('judges any bytes alike, however they are split', () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 3 }),
        mask,
        cuts,
        fc.nat(),
        fc.nat(255),
        (...given) => {
          const [sent, key, at, place, byte] = given
          const bytes = Buffer.concat(sent.map((each) => encode(each, key, at)))
          bytes[place % Math.min(bytes.length, 40)] = byte
          const whole = parse([bytes], true)
          const parts = parse(split(bytes, at), true)
          expect([plain(parts.messages), parts.code]).toEqual([plain(whole.messages), whole.code])
        },
      ),
    )
  })
})

/** What the receiver of `ws` makes of bytes from a client: the oracle. */
async function judgedByWs(bytes: Uint8Array): Promise<{ kinds: string[]; code?: number }> {
  const receiver = new Receiver({ isServer: true, maxPayload: MAX_BYTES })
  const kinds: string[] = []
  receiver.on('message', (_: Buffer, isBinary: boolean) => kinds.push(isBinary ? 'binary' : 'text'))
  receiver.on('ping', () => kinds.push('ping'))
  receiver.on('pong', () => kinds.push('pong'))
  receiver.on('conclude', () => kinds.push('close'))
  receiver.on('error', () => {})
  const error = await new Promise<object | null | undefined>((resolve) =>
    receiver.write(Buffer.from(bytes), resolve),
  )
  if (!error) return { kinds }
  const status = Object.getOwnPropertySymbols(error).find((symbol) => symbol.description === 'status-code')
  return { kinds, code: (error as Record<symbol, number>)[status!] }
}

describe('the frame parser, beside ws', () => {
  test('takes what the sender of ws encodes', () => {
    fc.assert(
      fc.property(payload, fc.boolean(), (bytes, fin) => {
        const options = { opcode: 2, fin, mask: true, readOnly: true, rsv1: false }
        const frames = Sender.frame(Buffer.from(bytes), options)
        const rest = fin ? [] : [encodeFrame(OPCODE.continuation, new Uint8Array(0), { mask: 1 })]
        const { messages } = parse([...frames, ...rest], true)
        expect(plain(messages)).toEqual(plain([{ kind: 'binary', bytes }]))
      }),
      { numRuns: 30 },
    )
  })

  test('refuses a length whose first bit is set as an error of protocol', () => {
    expect(parse([Buffer.from([1, 255, 128, ...new Uint8Array(11)])], true).code).toBe(1002)
  })

  test('refuses with the same code as the receiver of ws whatever header bytes are changed', async () => {
    const header = fc.tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ minLength: 14, maxLength: 14 }))
    await fc.assert(
      fc.asyncProperty(fc.array(header, { minLength: 1, maxLength: 3 }), async (headers) => {
        const bytes = Buffer.concat(
          headers.map(([first, second, others]) => Buffer.from([first, second, ...others])),
        )
        const ours = parse([bytes], true)
        let theirs = await judgedByWs(bytes)
        // A length whose first bit is set is an error of protocol (RFC 6455 5.2), and for ws only too much.
        const isHuge = bytes.some((byte, i) => (byte & 0x7f) === 127 && (bytes[i + 1] ?? 0) >= 128)
        if (isHuge && ours.code === 1002 && theirs.code === 1009) return
        // We refuse at the first byte that is wrong, ws at the second: then it gets some more.
        if (ours.code !== undefined && theirs.code === undefined) {
          theirs = { ...theirs, code: (await judgedByWs(Buffer.concat([bytes, Buffer.alloc(2)]))).code }
        }
        expect([ours.messages.map(({ kind }) => kind), ours.code]).toEqual([theirs.kinds, theirs.code])
      }),
      { numRuns: 300 },
    )
  })
})
