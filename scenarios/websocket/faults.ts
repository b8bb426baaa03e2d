import { ms, type ScenarioContext, type Stream, TimeoutError } from '../../harness/api.ts'
import { hostOf } from './client.ts'
import { isNetworkError } from './connection.ts'
import { CLOSE, encodeFrame, OPCODE } from './frames.ts'
import { upgradeRequest } from './handshake.ts'
import type { MemberOptions } from './members.ts'
import { MessageParser } from './messages.ts'
import { largestMessage, type RoomParams } from './params.ts'

/** A key whose secrecy does not matter: that of RFC 6455, 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ROOM = 'faulty'
const SUBSCRIBE = Buffer.from(JSON.stringify({ type: 'subscribe', room: ROOM }))
const MASK = 0x01020304
/** Longer than the server takes for any of this, on a busy machine too. */
const PATIENCE_NS = ms(10_000)

/** Bytes after the handshake, and the code with which a server must close. */
const MALFORMED: readonly (readonly [
  what: string,
  bytes: (params: RoomParams) => Uint8Array,
  code: number,
])[] = [
  ['an unmasked frame', () => encodeFrame(OPCODE.text, SUBSCRIBE), CLOSE.protocolError],
  ['a reserved bit', () => Uint8Array.of(0xc1, 0x80), CLOSE.protocolError],
  ['an unknown opcode', () => Uint8Array.of(0x83, 0x80), CLOSE.protocolError],
  ['a continuation of nothing', () => masked(OPCODE.continuation, SUBSCRIBE), CLOSE.protocolError],
  ['text that is not UTF-8', () => masked(OPCODE.text, Uint8Array.of(0xc0, 0xaf)), CLOSE.invalidText],
  ['an invalid close code', () => masked(OPCODE.close, Uint8Array.of(3, 0xed)), CLOSE.protocolError],
  ['an oversized frame', (params) => headerOf(largestMessage(params) + 1), CLOSE.tooBig],
  ['what is no message', () => masked(OPCODE.text, Buffer.from('{"type":"fire"}')), CLOSE.policyViolation],
]

function masked(opcode: number, payload: Uint8Array): Uint8Array {
  return encodeFrame(opcode, payload, { mask: MASK })
}

/** Announces a payload, and that is enough. */
function headerOf(length: number): Uint8Array {
  const header = Buffer.alloc(14)
  header[0] = 0x80 | OPCODE.binary
  header[1] = 0x80 | 127
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

export interface Faults {
  /** Done when every faulty client has ended as it must. */
  end(): Promise<void>
}

/** Sets the faulty clients upon the server, beside the others. */
export function misbehave(options: MemberOptions, ctx: ScenarioContext<RoomParams>): Faults {
  const { loop } = options
  const over = loop.createFuture()
  const kit = new Kit(options, ctx, over)
  const clients = Array.from({ length: ctx.params.faults }, () => KINDS).flat()
  const tasks = clients.map((client) => loop.spawn(() => client(kit), { name: 'faulty client' }))
  ctx.meter.count('faults', tasks.length)
  return {
    async end() {
      over.setResult()
      await loop.gather(tasks)
    },
  }
}

/** What faulty clients need. */
class Kit {
  readonly options: MemberOptions
  /** The others have gone: who did nothing may go as well. */
  readonly over: PromiseLike<void>
  readonly #ctx: ScenarioContext<RoomParams>

  constructor(options: MemberOptions, ctx: ScenarioContext<RoomParams>, over: PromiseLike<void>) {
    this.options = options
    this.#ctx = ctx
    this.over = over
  }

  /** A stream on which the handshake is done, and nothing sees to what follows. */
  async open(): Promise<Stream> {
    const { loop, address } = this.options
    const stream = await loop.connect(address)
    stream.write(upgradeRequest('/', hostOf(address), KEY))
    await this.next(stream) // the server's answer comes in one piece
    return stream
  }

  expect(condition: boolean, message: string): void {
    this.#ctx.check(condition, message)
  }

  /** What comes next; `undefined` where that is the end, or takes too long. */
  next(stream: Stream): Promise<Uint8Array | undefined> {
    return this.#patiently(() => stream.read())
  }

  /** All that comes until the server ends or resets the connection; `undefined` where it does neither. */
  async rest(stream: Stream): Promise<Uint8Array | undefined> {
    const chunks: Uint8Array[] = []
    const over = await this.#patiently(async () => {
      try {
        for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read())
          chunks.push(chunk)
      } catch (error) {
        if (!isNetworkError(error)) throw error
      }
      return true
    })
    return over ? Buffer.concat(chunks) : undefined
  }

  async #patiently<T>(body: () => PromiseLike<T>): Promise<T | undefined> {
    try {
      return await this.options.loop.timeout(PATIENCE_NS, body)
    } catch (error) {
      if (error instanceof TimeoutError) return undefined
      throw error
    }
  }
}

const KINDS: readonly ((kit: Kit) => Promise<void>)[] = [
  ...MALFORMED.map((fault) => (kit: Kit) => malformed(kit, fault)),
  resets,
  halfCloses,
  trickles,
  isSilent,
  neverReads,
  speaksHttp,
]

async function malformed(kit: Kit, [what, bytes, code]: (typeof MALFORMED)[number]): Promise<void> {
  const stream = await kit.open()
  stream.write(bytes(kit.options.params))
  const answer = await kit.rest(stream)
  stream.close()
  const closedWith = answer && closeCodeIn(answer)
  kit.expect(closedWith === code, `The server closed with ${closedWith} instead of ${code} on ${what}`)
}

/** The code of the Close in what a server sent; it may have sent a ping before. */
function closeCodeIn(bytes: Uint8Array): number | undefined {
  const parser = new MessageParser({ masked: false, maxMessageBytes: bytes.length })
  parser.feed(bytes)
  for (let message = parser.next(); message !== undefined; message = parser.next()) {
    if (message.kind === 'close') return message.code
  }
  return undefined
}

/** Subscribes, and is gone in the middle of a frame. */
async function resets(kit: Kit): Promise<void> {
  const stream = await kit.open()
  stream.write(masked(OPCODE.text, SUBSCRIBE))
  stream.write(masked(OPCODE.text, SUBSCRIBE).subarray(0, 9))
  await kit.options.loop.sleep(ms(5))
  stream.reset()
}

/** Ends its side without a Close: the server has to end the other. */
async function halfCloses(kit: Kit): Promise<void> {
  const stream = await kit.open()
  stream.write(masked(OPCODE.text, SUBSCRIBE))
  stream.end()
  kit.expect(
    (await kit.rest(stream)) !== undefined,
    'The server did not end a connection that its peer had ended',
  )
  stream.close()
}

/** One byte at a time is as good as all at once. */
async function trickles(kit: Kit): Promise<void> {
  const { loop, address } = kit.options
  const stream = await loop.connect(address)
  const text = Buffer.from('{"type":"subscribe","room":"trickle"}')
  for (const bytes of [upgradeRequest('/', hostOf(address), KEY), masked(OPCODE.text, text)]) {
    for (let i = 0; i < bytes.length; i++) {
      stream.write(bytes.subarray(i, i + 1))
      await loop.sleep(0)
    }
    const answer = await kit.next(stream)
    const isAnswer = /^HTTP\/1\.1 101|"type":"subscribed"/.test(Buffer.from(answer ?? []).toString('latin1'))
    kit.expect(isAnswer, 'The server did not understand what came byte by byte')
  }
  stream.write(masked(OPCODE.close, Uint8Array.of(3, 0xe8)))
  kit.expect((await kit.rest(stream)) !== undefined, 'The server did not end a connection after its Close')
  stream.close()
}

/** Half-open: the peer has vanished, and no packet says so. The server has to find out. */
async function isSilent(kit: Kit): Promise<void> {
  const stream = await kit.open()
  kit.expect((await kit.rest(stream)) !== undefined, 'The server did not give up a peer that fell silent')
  stream.close()
}

/** Subscribes to all there is, says that it is there, and never takes a byte. */
async function neverReads(kit: Kit): Promise<void> {
  const { loop, params } = kit.options
  const stream = await kit.open()
  for (let i = 1; i <= params.rooms; i++) {
    stream.write(masked(OPCODE.text, Buffer.from(JSON.stringify({ type: 'subscribe', room: `room ${i}` }))))
  }
  let here = true
  const beat = async () => {
    for (; here; await loop.sleep(ms(params.silenceMs / 2)))
      stream.write(masked(OPCODE.pong, new Uint8Array(0)))
  }
  const beating = loop.spawn(beat)
  await kit.over
  here = false
  stream.reset()
  await beating
}

/** No WebSocket at all. */
async function speaksHttp(kit: Kit): Promise<void> {
  const { loop, address } = kit.options
  const stream = await loop.connect(address)
  stream.write(Buffer.from('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n'))
  const answer = Buffer.from((await kit.rest(stream)) ?? []).toString('latin1')
  kit.expect(answer.startsWith('HTTP/1.1 404'), 'The server did not answer a plain request with 404')
  stream.close()
}
