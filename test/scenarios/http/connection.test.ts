import { describe, expect, test } from 'vitest'
import type { Stream } from '../../../harness/api.ts'
import type { Future } from '../../../harness/loop/future.ts'
import type { Loop } from '../../../harness/loop/loop.ts'
import { type Answer, Connection, type Job, MAX_IN_FLIGHT } from '../../../scenarios/http/connection.ts'
import { run, virtualLoop } from '../bench-loop.ts'
import { request } from '../raw-client.ts'

/** A stream whose other end is the test. */
class FakeStream {
  readonly #loop: Loop
  readonly #incoming: (Uint8Array | Error | undefined)[]
  /** While set, nothing drains. */
  blocked: Future<void> | undefined
  written = ''
  events: string[] = []

  constructor(loop: Loop, incoming: readonly (string | Error | undefined)[]) {
    this.#loop = loop
    this.#incoming = incoming.map((item) => (typeof item === 'string' ? Buffer.from(item) : item))
  }

  async read(): Promise<Uint8Array | undefined> {
    await this.#loop.yieldNow()
    const item = this.#incoming.shift()
    if (item instanceof Error) throw item
    this.events.push(item === undefined ? 'eof' : 'read')
    return item
  }

  async drain(): Promise<void> {
    await this.blocked
  }

  write(bytes: Uint8Array): void {
    this.written += Buffer.from(bytes).toString()
  }

  end = () => this.events.push('end')
  close = () => this.events.push('close')
  reset = () => this.events.push('reset')
}

const OK: Answer = { status: 200, body: '{}' }

class Server {
  readonly loop = virtualLoop({ slow: {} })
  inFlight = 0
  mostInFlight = 0
  readonly reported: string[] = []

  constructor() {
    this.loop.setExceptionHandler(({ message }) => this.reported.push(message))
  }

  connection(stream: FakeStream, route: () => Job): Connection {
    return new Connection(this.loop, stream as unknown as Stream, {
      route,
      headerTimeoutNs: 10e6,
      idleTimeoutNs: 20e6,
      received: () => {
        this.inFlight++
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
      },
      answered: () => {
        this.inFlight--
      },
    })
  }

  /** A job that takes `ns` of waiting. */
  slow(ns: number): Job {
    const { loop } = this
    return {
      className: 'slow',
      *run() {
        yield loop.sleep(ns)
        return OK
      },
    }
  }
}

function statuses(text: string): string[] {
  return Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status!)
}

describe('a connection', () => {
  test('takes a bounded number of requests at once, and all of them in the end', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [request('/').repeat(300)])
    await run(server.loop, () => server.connection(stream, () => server.slow(1e6)).serve())
    expect(server.mostInFlight).toBe(MAX_IN_FLIGHT)
    expect(statuses(stream.written)).toHaveLength(300)
  })

  test('reads nothing while the client does not take its answers', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [request('/'), request('/')])
    stream.blocked = server.loop.createFuture()
    server.loop.callLater(5e6, () => {
      stream.events.push('drained')
      stream.blocked!.setResult()
    })
    await run(server.loop, () => server.connection(stream, () => OK).serve())
    expect(stream.events).toEqual(['drained', 'read', 'read', 'eof', 'end', 'eof'])
    expect(statuses(stream.written)).toHaveLength(2)
  })

  test('resets a client that takes nothing for too long', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [])
    stream.blocked = server.loop.createFuture()
    stream.reset = () => {
      stream.blocked!.setError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
      return stream.events.push('reset')
    }
    await run(server.loop, () => server.connection(stream, () => OK).serve())
    expect(stream.events).toEqual(['reset'])
  })

  test('waits for a slow handler longer than any time-out of the client', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [request('/')])
    await run(server.loop, () => server.connection(stream, () => server.slow(500e6)).serve())
    expect(statuses(stream.written)).toEqual(['200'])
    expect(stream.events).not.toContain('close')
  })

  test('answers 500 for a handler that throws, reports it and goes on', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [request('/bad') + request('/good')])
    const jobs: Job[] = [{ className: 'slow', run: failing }, OK]
    await run(server.loop, () => server.connection(stream, () => jobs.shift()!).serve())
    expect(statuses(stream.written)).toEqual(['500', '200'])
    expect(server.reported).toEqual(['Exception while answering /bad'])
  })

  test('ends in peace after a reset, when its handlers have', async () => {
    const server = new Server()
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    const stream = new FakeStream(server.loop, [request('/').repeat(3), reset])
    await run(server.loop, () => server.connection(stream, () => server.slow(1e6)).serve())
    expect(server.inFlight).toBe(0)
    expect(server.reported).toEqual([])
  })

  test('does not hide a mistake of the server', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [new TypeError('ours')])
    await expect(run(server.loop, () => server.connection(stream, () => OK).serve())).rejects.toThrow('ours')
  })

  test('answers what is in flight before it shuts down', async () => {
    const server = new Server()
    const stream = new FakeStream(server.loop, [request('/')])
    const connection = server.connection(stream, () => server.slow(5e6))
    server.loop.callLater(1e6, () => connection.shutDown())
    await run(server.loop, () => connection.serve())
    expect(stream.written).toContain('Connection: close')
    expect(stream.events.at(-1)).toBe('eof')
    expect(stream.events).toContain('close')
  })
})

function* failing(): Generator<unknown, Answer> {
  throw new Error('a handler of the test')
}
