import { describe, expect, it } from 'vitest'
import type { Address } from '../../harness/contracts.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { Stream } from '../../harness/loop/streams.ts'
import { GROUNDS, type Ground } from './grounds.ts'

const KIB = 1024

/** Serves until the client is done; gives what the client gives. */
async function session<T>(
  ground: Ground,
  handler: (stream: Stream) => Promise<void>,
  client: (stream: Stream, loop: Loop) => Promise<T>,
): Promise<T> {
  return ground.run(async (loop) => {
    const listener = loop.listen(ground.address(), handler)
    try {
      return await client(await loop.connect(listener.address), loop)
    } finally {
      listener.close()
    }
  })
}

async function echo(stream: Stream): Promise<void> {
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    stream.write(chunk)
    await stream.drain()
  }
}

async function readAll(stream: Stream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const text = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString()

describe.each(GROUNDS)('a stream over $name', (ground) => {
  it('carries bytes there and back, and ends', async () => {
    const answer = await session(ground, echo, async (stream) => {
      stream.write(Buffer.from('hello'))
      stream.end()
      return text(await readAll(stream))
    })
    expect(answer).toBe('hello')
  })

  it('carries more than its buffers hold, unharmed and in order', async () => {
    const sent = Buffer.from(Uint8Array.from({ length: 700 * KIB }, (_, i) => (i * 31) % 251))
    const received = await session(ground, echo, async (stream, loop) => {
      const reading = loop.spawn(() => readAll(stream))
      for (let at = 0; at < sent.length; at += 64 * KIB) {
        stream.write(sent.subarray(at, at + 64 * KIB))
        await stream.drain()
      }
      stream.end()
      return reading
    })
    expect(received.equals(sent)).toBe(true)
  })

  it('holds a writer back whose reader does not read', async () => {
    const buffered = await session(
      ground,
      async (stream) => void (await stream.loop.sleep(300e6)),
      async (stream, loop) => {
        const drained = await Promise.resolve(
          loop.timeout(60e6, async () => {
            for (;;) {
              stream.write(new Uint8Array(256 * KIB))
              await stream.drain()
            }
          }),
        ).catch((error: Error) => error.name)
        expect(drained).toBe('TimeoutError')
        const { bufferedBytes } = stream
        stream.reset()
        return bufferedBytes
      },
    )
    expect(buffered).toBeGreaterThan(0)
    expect(buffered).toBeLessThanOrEqual(600 * KIB)
  })

  it('goes on reading after its own half-close', async () => {
    const answer = await session(
      ground,
      async (stream) => {
        const question = await readAll(stream)
        stream.write(Buffer.from(`${question.length} bytes`))
      },
      async (stream) => {
        stream.write(Buffer.from('question'))
        stream.end()
        return text(await readAll(stream))
      },
    )
    expect(answer).toBe('8 bytes')
  })

  it('fails a read with ECONNRESET when the peer resets it', async () => {
    const code = await session(
      ground,
      async (stream) => {
        await stream.read()
        stream.reset()
      },
      async (stream) => {
        stream.write(Buffer.from('x'))
        return Promise.resolve(stream.read()).then(
          () => 'no error',
          (error: Error & { code: string }) => error.code,
        )
      },
    )
    expect(code).toBe('ECONNRESET')
  })

  it('refuses a second reader', async () => {
    const message = await session(ground, echo, async (stream, loop) => {
      const first = loop.spawn(() => stream.read())
      await loop.yieldNow()
      const second = await stream.read().then(String, (error: Error) => error.message)
      stream.write(Buffer.from('for the first'))
      expect(text(await first)).toBe('for the first')
      return second
    })
    expect(message).toBe('Another task is reading this stream')
  })

  it('can be read again after a read was cancelled', async () => {
    const answer = await session(ground, echo, async (stream, loop) => {
      await loop.timeout(1e6, () => stream.read()).catch(() => {})
      stream.write(Buffer.from('later'))
      return text(await stream.read())
    })
    expect(answer).toBe('later')
  })

  it('keeps a woken reader waiting where somebody else took the bytes', async () => {
    const log = await session(ground, echo, async (stream, loop) => {
      const seen: (string | undefined)[] = []
      const first = loop.spawn(async () => void seen.push(text(await stream.read())))
      await loop.yieldNow()
      stream.received(Buffer.from('stolen')) // wakes the first, which runs after us
      seen.push(text(await stream.read()))
      await loop.yieldNow()
      stream.write(Buffer.from('own'))
      await first
      return seen
    })
    expect(log).toEqual(['stolen', 'own'])
  })

  it('gives exactly as many bytes as are asked for, or the end', async () => {
    const parts = await session(ground, echo, async (stream) => {
      stream.write(Buffer.from('abcde'))
      stream.end()
      const [two, three, none] = [
        await stream.readExactly(2),
        await stream.readExactly(3),
        await stream.readExactly(1),
      ]
      return [text(two), text(three), text(none)]
    })
    expect(parts).toEqual(['ab', 'cde', undefined])
  })

  it('reports what a handler throws, and closes the connection', async () => {
    const failing = async (stream: Stream) => {
      await stream.read()
      throw new Error('handler')
    }
    const left = await session(ground, failing, async (stream, loop) => {
      stream.write(Buffer.from('x'))
      const rest = await stream.read()
      await loop.sleep(1e6)
      return rest
    })
    expect(left).toBeUndefined()
    expect(ground.complaints.map((each) => each.message)).toEqual(['Exception in failing: handler'])
  })

  it('takes a generator as a handler', async () => {
    const answer = await ground.run(async (loop) => {
      const listener = loop.listen(ground.address(), function* (stream) {
        const chunk: Uint8Array = yield loop.spawn(() => stream.read())
        stream.write(chunk)
      })
      const stream = await loop.connect(listener.address)
      stream.write(Buffer.from('generator'))
      const bytes = await stream.read()
      listener.close()
      return text(bytes)
    })
    expect(answer).toBe('generator')
  })

  it('cannot be connected where nobody listens', async () => {
    const code = await ground.run(async (loop) => {
      const listener = loop.listen(ground.address(), echo)
      const address: Address = listener.address
      listener.close()
      await loop.sleep(1e6)
      return Promise.resolve(loop.connect(address)).then(
        () => 'connected',
        (error: Error & { code: string }) => error.code,
      )
    })
    expect(code).toBe('ECONNREFUSED')
  })
})
