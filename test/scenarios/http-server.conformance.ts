import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json, RawClient, request } from './raw-client.ts'

export interface RunningServer {
  readonly port: number
  /** Stops it in order; fails where the server failed a check of its own. */
  stop(): Promise<void>
}

/** Starts `http-server` with the given parameters, as `--set` would. */
export type StartServer = (params: Readonly<Record<string, number>>) => Promise<RunningServer>

// Quick handlers, so that only what is meant to take time does.
const PARAMS = { healthUs: 0, apiUs: 100, reportUs: 3000, headerTimeoutMs: 300, idleTimeoutMs: 600 }

/** What every way of running the server must keep: real sockets, bytes chosen one by one. */
export function describeHttpServer(name: string, start: StartServer): void {
  describe.runIf(process.platform === 'linux')(`the http-server scenario over raw sockets, ${name}`, () => {
    let server: RunningServer
    const open: RawClient[] = []

    beforeAll(async () => {
      server = await start(PARAMS)
    })

    afterAll(async () => {
      await Promise.all(open.map((client) => client.close()))
      await server?.stop()
    })

    function client(): RawClient {
      const made = new RawClient(server.port)
      open.push(made)
      return made
    }

    test('answers in JSON and keeps the connection', async () => {
      const c = client()
      for (const id of ['1', '2']) {
        const answer = await c.send(request(`/api/x?y=${id}`, `X-Request-Id: ${id}\r\n`)).response()
        expect(answer.status).toBe(200)
        expect(answer.fields.get('content-type')).toBe('application/json')
        expect(json(answer)).toMatchObject({
          class: 'api',
          requestId: id,
          request: `GET /api/x?y=${id} HTTP/1.1`,
        })
        expect(json(answer)).toMatchObject({ client: expect.any(Number), timestampNs: expect.any(Number) })
      }
    })

    test.each([
      ['GET', '/health', 200],
      ['POST', '/health', 200],
      ['GET', '/', 404],
      ['GET', '/healthy', 404],
      ['PUT', '/health', 405],
      ['DELETE', '/api/x', 405],
      ['BREW', '/health', 501],
      ['GET', 'http://other/report/x', 200],
    ])('%s %s gives %i', async (method, target, status) => {
      const answer = await client()
        .send(request(target, '', method))
        .response()
      expect([answer.status, answer.keepAlive]).toEqual([status, true])
    })

    test('names the methods it allows', async () => {
      const answer = await client()
        .send(request('/health', '', 'PUT'))
        .response()
      expect(answer.fields.get('allow')).toBe('GET, HEAD, POST')
    })

    test('answers HEAD with the length and without the body', async () => {
      const c = client()
      const answer = await c.send(request('/health', '', 'HEAD')).response(true)
      expect([answer.status, answer.body.length]).toEqual([200, 0])
      expect(Number(answer.fields.get('content-length'))).toBeGreaterThan(50)
      expect((await c.send(request('/health')).response()).status).toBe(200)
    })

    test('answers pipelined requests in their order, whatever their class', async () => {
      const paths = ['/report/a', '/health', '/api/b', '/nothing', '/report/c', '/health']
      const c = client().send(paths.map((path) => request(path)).join(''))
      const answers = await c.responses(paths.length)
      expect(answers.map((answer) => json(answer).class)).toEqual([
        'report',
        'health',
        'api',
        undefined,
        'report',
        'health',
      ])
    })

    test('answers more pipelined requests than it takes at once', async () => {
      const ids = Array.from({ length: 300 }, (_, i) => String(i))
      const text = ids.map((id) => request('/api/x', `X-Request-Id: ${id}\r\n`)).join('')
      const answers = await client().send(text).responses(ids.length)
      expect(answers.map((answer) => json(answer).requestId)).toEqual(ids)
    })

    test('puts requests together from single bytes', async () => {
      const c = client()
      const body = request('/api/x', 'Transfer-Encoding: chunked\r\n', 'POST').concat('3\r\nabc\r\n0\r\n\r\n')
      await c.sendSlowly(body + request('/health'))
      const [first, second] = await c.responses(2)
      expect(json(first!)).toMatchObject({ class: 'api', bodyBytes: 3 })
      expect(json(second!)).toMatchObject({ class: 'health' })
    })

    test('takes a body that comes in many packets', async () => {
      const size = 900_000
      const c = client().send(request('/api/x', `Content-Length: ${size}\r\n`, 'POST'))
      for (let i = 0; i < 9; i++) c.send('x'.repeat(size / 9))
      expect(json(await c.response())).toMatchObject({ bodyBytes: size })
    })

    test('asks a client that waits for it to go on', async () => {
      const c = client().send(request('/api/x', 'Expect: 100-continue\r\nContent-Length: 2\r\n', 'POST'))
      const interim = await new Promise<Buffer>((resolve) => c.socket.once('data', resolve))
      expect(interim.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      expect(json(await c.send('hi').response())).toMatchObject({ bodyBytes: 2 })
    })

    test.each([
      ['a malformed request', 'nonsense\r\n\r\n', 400],
      ['a request without Host', 'GET / HTTP/1.1\r\n\r\n', 400],
      ['oversized headers', request('/health', `X: ${'x'.repeat(20_000)}\r\n`), 431],
      ['oversized headers that never end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`, 431],
      ['too many headers', request('/health', 'X: y\r\n'.repeat(101)), 431],
      ['an oversized target', request(`/${'x'.repeat(20_000)}`), 414],
      ['an oversized body', request('/api/x', 'Content-Length: 99999999\r\n', 'POST'), 413],
      ['another version', 'GET / HTTP/2.0\r\n\r\n', 505],
      ['an unknown transfer coding', request('/api/x', 'Transfer-Encoding: gzip\r\n', 'POST'), 501],
      ['both lengths', request('/', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n', 'POST'), 400],
    ])('answers %s with its status, after what came before, and closes', async (_name, text, status) => {
      const c = client().send(request('/report/x') + text)
      expect((await c.response()).status).toBe(200)
      const answer = await c.response()
      expect([answer.status, answer.keepAlive]).toEqual([status, false])
      await c.end()
    })

    test('closes after Connection: close and ignores what follows', async () => {
      const c = client().send(request('/api/x', 'Connection: close\r\n') + request('/health'))
      expect((await c.response()).keepAlive).toBe(false)
      await c.end()
    })

    test('closes after an HTTP/1.0 request, unless it asks to stay', async () => {
      const c = client().send('GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
      expect((await c.response()).fields.get('connection')).toBe('keep-alive')
      expect((await c.send('GET /health HTTP/1.0\r\n\r\n').response()).keepAlive).toBe(false)
      await c.end()
    })

    test('answers a client that has half-closed', async () => {
      const c = client()
        .send(request('/report/x') + request('/api/x'))
        .finish()
      expect((await c.responses(2)).map(({ status }) => status)).toEqual([200, 200])
      await c.end()
    })

    test('tells a client that half-closed in the middle of a request', async () => {
      const c = client()
        .send(`${request('/report/x')}GET /hea`)
        .finish()
      expect((await c.responses(2)).map(({ status }) => status)).toEqual([200, 400])
      await c.end()
    })

    test('says nothing to a client that connects and leaves', async () => {
      await client().finish().end()
    })

    test('closes a connection whose request does not come, with 408 where it has begun', async () => {
      const silent = client()
      const dripping = client()
      const drip = setInterval(() => dripping.socket.writable && dripping.send('x'), 20)
      try {
        dripping.send('GET /')
        expect((await dripping.response()).status).toBe(408)
        await silent.end()
      } finally {
        clearInterval(drip)
      }
    })

    test('closes an idle connection', async () => {
      const c = client()
      await c.send(request('/health')).response()
      await c.end()
    })

    test('a client that does not read stalls nobody but itself', async () => {
      const slow = client()
      slow.socket.pause()
      const text = request('/health').repeat(200)
      for (let i = 0; i < 200; i++) slow.send(text)
      const other = client()
      for (let i = 0; i < 20; i++) {
        expect((await other.send(request('/health')).response()).status).toBe(200)
      }
      slow.socket.resume()
      await slow.close()
    })

    test('a reset, at whatever moment, harms nobody else', async () => {
      const other = client()
      for (const text of ['', 'GET /hea', request('/report/x'), request('/report/x').repeat(100)]) {
        const broken = client().send(text)
        await new Promise((resolve) => setTimeout(resolve, 2))
        await broken.reset()
        expect((await other.send(request('/api/x')).response()).status).toBe(200)
      }
    })
  })
}
