import { describe, expect, test } from 'vitest'
import { RequestParser } from '../../../scenarios/http/parser.ts'
import type { HttpRequest } from '../../../scenarios/http/request.ts'
import {
  acceptOf,
  acceptUpgrade,
  refusal,
  UpgradeResponse,
  upgradeRequest,
} from '../../../scenarios/websocket/handshake.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

function parse(text: string): HttpRequest {
  const parser = new RequestParser()
  parser.feed(Buffer.from(text, 'latin1'))
  return parser.next()!
}

const LINES = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
]

function ask(lines: readonly string[], first = 'GET / HTTP/1.1'): HttpRequest {
  return parse(`${[first, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`)
}

function without(start: string, ...instead: string[]): string[] {
  return [...LINES.filter((line) => !line.startsWith(start)), ...instead]
}

describe('the handshake', () => {
  test('answers the key of RFC 6455 as it does', () => {
    expect(acceptOf(KEY)).toBe(ACCEPT)
    const response = Buffer.from(
      acceptUpgrade(parse(Buffer.from(upgradeRequest('/', 'a', KEY)).toString())),
    ).toString()
    expect(response).toMatch(/^HTTP\/1\.1 101 /)
    expect(response).toContain(`Sec-WebSocket-Accept: ${ACCEPT}\r\n`)
  })

  test('takes the lists and the capitals that browsers send, and offers no extension', () => {
    const lines = ['upgrade: WebSocket', 'Connection: keep-alive, Upgrade', ...LINES.slice(2)]
    const response = acceptUpgrade(ask([...lines, 'Sec-WebSocket-Extensions: permessage-deflate']))
    expect(Buffer.from(response).toString().toLowerCase()).not.toContain('extensions')
  })

  test.each([
    ['a POST', LINES, 'POST / HTTP/1.1', 405],
    ['HTTP/1.0', LINES, 'GET / HTTP/1.0', 400],
    ['another protocol', without('Upgrade', 'Upgrade: h2c'), undefined, 501],
    ['no Connection', without('Connection'), undefined, 400],
    ['no version', without('Sec-WebSocket-Version'), undefined, 426],
    ['an old version', without('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'), undefined, 426],
    ['no key', without('Sec-WebSocket-Key'), undefined, 400],
    ['two keys', [...LINES, `Sec-WebSocket-Key: ${KEY}`], undefined, 400],
    ['a short key', without('Sec-WebSocket-Key', 'Sec-WebSocket-Key: dGhl'), undefined, 400],
    [
      'a key with bits too many',
      without('Sec-WebSocket-Key', `Sec-WebSocket-Key: ${KEY.replace('Q==', 'R==')}`),
      undefined,
      400,
    ],
  ])('%s is refused', (_, lines, first, status) => {
    expect(() => acceptUpgrade(ask(lines, first))).toThrow(expect.objectContaining({ status }))
  })

  test('says which version it knows', () => {
    expect(Buffer.from(refusal({ status: 426, message: 'x' } as never)).toString()).toContain(
      'Sec-WebSocket-Version: 13',
    )
  })
})

describe("the client's half", () => {
  const good = `HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`

  test('gives back what is a frame already, however the head was split', () => {
    const bytes = Buffer.from(`${good}\x81\x00`, 'latin1')
    for (let cut = 1; cut < bytes.length - 2; cut++) {
      const response = new UpgradeResponse(KEY)
      expect(response.feed(bytes.subarray(0, cut))).toBeUndefined()
      expect([...response.feed(bytes.subarray(cut))!]).toEqual([0x81, 0])
    }
  })

  test.each([
    ['another status', good.replace('101', '200'), 'HTTP/1.1 200'],
    ['a wrong answer to its key', good.replace(ACCEPT, ACCEPT.replace('s', 't')), 'Accept is wrong'],
    ['no upgrade', good.replace('Connection: Upgrade\r\n', ''), 'did not upgrade'],
    [
      'an extension nobody asked for',
      good.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: x\r\n\r\n'),
      'no extension',
    ],
    ['a line without CR', 'HTTP/1.1 101 x\n', 'lacks its CR'],
    ['a head without end', `HTTP/1.1 101 ${'x'.repeat(9000)}`, 'too large'],
  ])('refuses %s', (_, text, message) => {
    expect(() => new UpgradeResponse(KEY).feed(Buffer.from(text, 'latin1'))).toThrow(message)
  })
})
