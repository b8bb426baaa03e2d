import { describe, expect, test } from 'vitest'
import { RequestParser } from '../../../scenarios/http/parser.ts'
import { pathOf } from '../../../scenarios/http/request.ts'
import { SAMPLES } from './messages.ts'
import { byteByByte, parseAll, parseText } from './parse-all.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('the request parser', () => {
  test.each(SAMPLES)('answers $status to $name', ({ text, status }) => {
    const { requests, error, idle } = parseText(text)
    expect(error ?? 200).toBe(status)
    expect(requests).toHaveLength(status === 200 ? 1 : 0)
    expect(idle).toBe(status === 200)
  })

  test('gives method, target, version, headers and body as they were sent', () => {
    const text = 'POST /a?b=c HTTP/1.1\r\nHost: a\r\nX-Two:  b \r\nContent-Length: 2\r\n\r\nhi'
    expect(parseText(text).requests).toEqual([
      {
        method: 'POST',
        target: '/a?b=c',
        minorVersion: 1,
        fields: [
          ['Host', 'a'],
          ['X-Two', 'b'],
          ['Content-Length', '2'],
        ],
        body: 'hi',
        keepAlive: true,
      },
    ])
  })

  test('finds a header whatever its case, and the first of several', () => {
    const parser = new RequestParser()
    parser.feed(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX-ID: 1\r\nx-id: 2\r\n\r\n'))
    const { fields } = parser.next()!
    expect([fields.get('x-id'), fields.get('nothing')]).toEqual(['1', undefined])
  })

  test('takes pipelined requests one after another from one chunk', () => {
    const body =
      'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nT: x\r\n\r\n'
    const { requests } = parseText(GET + body + GET)
    expect(requests.map(({ method, body }) => method + body)).toEqual(['GET', 'POSThi', 'GET'])
  })

  test('gives the requests before a malformed one, then the error again and again', () => {
    const parser = new RequestParser()
    parser.feed(Buffer.from(`${GET}bad\r\n\r\n${GET}`))
    expect(parser.next()?.target).toBe('/')
    expect(() => parser.next()).toThrow('Malformed request line')
    expect(() => parser.next()).toThrow('Malformed request line')
  })

  test('refuses a malformed line at once, without waiting for the end of the head', () => {
    expect(parseText('GET / HTTP/1.1\r\nno colon\r\n').error).toBe(400)
  })

  test.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'Connection: x, Close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive\r\nConnection: close\r\n', false],
  ])('%s with %j keeps the connection: %s', (version, header, keeps) => {
    expect(parseText(`GET / ${version}\r\nHost: a\r\n${header}\r\n`).requests[0]?.keepAlive).toBe(keeps)
  })

  test('tells once that the client waits for 100 Continue', () => {
    const parser = new RequestParser()
    parser.feed(
      Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n'),
    )
    expect(parser.next()).toBeUndefined()
    expect([parser.takeExpectation(), parser.takeExpectation()]).toEqual([true, false])
    parser.feed(Buffer.from('x'))
    expect(parser.next()?.body).toHaveLength(1)
  })
})

describe('the limits of the request parser', () => {
  const limits = { requestLineBytes: 40, headerBytes: 60, headerCount: 3, bodyBytes: 10 }
  const long = 'x'.repeat(70)

  test.each([
    ['a target too long', `GET /${long} HTTP/1.1\r\n`, 414],
    ['a target too long that never ends', `GET /${long}`, 414],
    ['a method too long', long, 501],
    ['a header too long', `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`, 431],
    ['a header too long that never ends', `GET / HTTP/1.1\r\nX: ${long}`, 431],
    ['too many headers', 'GET / HTTP/1.1\r\nHost: a\r\nA: a\r\nB: b\r\nC: c\r\n\r\n', 431],
    ['a body too large', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n', 413],
    [
      'a body of absurd size',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1${'0'.repeat(20)}\r\n\r\n`,
      413,
    ],
    [
      'chunks too large',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n',
      413,
    ],
    [
      'chunks that grow too large',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\n',
      413,
    ],
    [
      'a chunk extension without end',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${long.repeat(4)}`,
      400,
    ],
    [
      'trailers too long',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${long}`,
      431,
    ],
  ])('%s is refused, whole or byte by byte', (_name, text, status) => {
    expect(parseText(text, limits).error).toBe(status)
    expect(parseAll(byteByByte(text), limits).error).toBe(status)
  })

  test('what just fits is taken', () => {
    const target = `/${'x'.repeat(25)}`
    const text = `GET ${target} HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(44)}\r\nContent-Length: 10\r\n\r\n0123456789`
    expect(parseText(text, { ...limits, headerBytes: 80 }).requests[0]?.target).toBe(target)
  })
})

describe('the path of a target', () => {
  test.each([
    ['/a/b?c=d', '/a/b'],
    ['/', '/'],
    ['http://h/a?b', '/a'],
    ['http://h', '/'],
    ['http://h?x', '/'],
  ])('of %s is %s', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })
})
