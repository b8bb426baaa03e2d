import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CONTINUE,
  encodeResponse,
  type HttpResponse,
  ResponseParser,
} from '../../../scenarios/http/response.ts'
import { splitAt } from './parse-all.ts'

function parse(chunks: Iterable<Uint8Array>, toHead = false): HttpResponse[] {
  const parser = new ResponseParser()
  const responses: HttpResponse[] = []
  for (const chunk of chunks) {
    parser.feed(chunk)
    for (let next = parser.next(toHead); next !== undefined; next = parser.next(toHead)) responses.push(next)
  }
  expect(parser.idle).toBe(true)
  return responses
}

describe('a response', () => {
  test('carries status, length in bytes, type and body', () => {
    const text = Buffer.from(encodeResponse(200, '{"a":"é"}', { keepAlive: true })).toString()
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n'
    expect(text).toBe(`${head}\r\n{"a":"é"}`)
  })

  test('says that it closes, and to a 1.0 client that it stays', () => {
    expect(Buffer.from(encodeResponse(400, '', { keepAlive: false })).toString()).toContain(
      'Connection: close',
    )
    const old = encodeResponse(200, '', { keepAlive: true, minorVersion: 0 })
    expect(Buffer.from(old).toString()).toContain('Connection: keep-alive')
  })

  test('to HEAD has the length but not the body', () => {
    const text = Buffer.from(encodeResponse(200, 'hello', { keepAlive: true, headOnly: true })).toString()
    expect(text).toMatch(/Content-Length: 5\r\n\r\n$/)
  })
})

describe('the response parser', () => {
  test('reads back what was encoded, interim responses left out, however it is split', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.array(fc.nat(600)), (bodies, cuts) => {
        const encoded = bodies.map((body) => encodeResponse(200, body, { keepAlive: body.length > 2 }))
        const bytes = Buffer.concat([CONTINUE, ...encoded])
        const parser = parse(splitAt(bytes, cuts))
        expect(parser.map(({ body }) => Buffer.from(body).toString())).toEqual(
          bodies.map((b) => Buffer.from(b).toString()),
        )
        expect(parser.map(({ keepAlive }) => keepAlive)).toEqual(bodies.map((body) => body.length > 2))
      }),
    )
  })

  test('expects no body after HEAD', () => {
    const answer = encodeResponse(200, 'hello', { keepAlive: true, headOnly: true })
    expect(parse([answer, answer], true)).toHaveLength(2)
  })

  test.each([
    ['no length', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n'],
    ['a line that ends in LF', 'HTTP/1.1 200 OK\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nx\r\n'],
  ])('refuses %s', (_name, text) => {
    expect(() => parse([Buffer.from(text)])).toThrow()
  })
})
