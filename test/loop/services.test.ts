import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ThreadPool } from '../../harness/loop/threads.ts'
import { errorOf } from './bench.ts'
import { REAL_GROUNDS } from './grounds.ts'

const folder = mkdtempSync(join(tmpdir(), 'loopdyno-'))
afterAll(() => rmSync(folder, { recursive: true }))

const add = (a: number, b: number) => a + b
const spin = (ms: number) => {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
  return ms
}

describe.each(REAL_GROUNDS)('threads and files on $name', (ground) => {
  it('run a function elsewhere and bring its result back', async () => {
    expect(await ground.run((loop) => loop.runInThread(add, 2, 3))).toBe(5)
    expect(await ground.run((loop) => loop.runInThread(async (a: number) => a * 2, 4))).toBe(8)
  })

  it('bring an error back', async () => {
    const failing = ground.run((loop) =>
      loop.runInThread(() => {
        throw new RangeError('in the thread')
      }),
    )
    const error = await errorOf(failing)
    expect([error.name, error.message]).toEqual(['RangeError', 'in the thread'])
  })

  it('refuse what cannot be sent, and go on with the next job', async () => {
    const results = await ground.run(async (loop) => {
      const unsendable = await errorOf(
        loop.runInThread(
          (f: () => void) => f(),
          () => {},
        ),
      )
      const unreturnable = await errorOf(loop.runInThread(() => () => {}))
      return [unsendable.name, unreturnable.message, await loop.runInThread(add, 1, 1)]
    })
    expect(results).toEqual([
      'DataCloneError',
      'A thread cannot send its answer: () => {} could not be cloned.',
      2,
    ])
  })

  it('work several at once while the loop serves timers', async () => {
    const { ticks, results } = await ground.run(async (loop) => {
      let count = 0
      const ticking = loop.spawn(async () => {
        for (;;) {
          await loop.sleep(2e6)
          count++
        }
      })
      const jobs = [60, 61, 62, 63].map((ms) => loop.runInThread(spin, ms))
      const values = await loop.gather(jobs)
      ticking.cancel()
      return { ticks: count, results: values }
    })
    expect(results).toEqual([60, 61, 62, 63])
    expect(ticks).toBeGreaterThan(5)
  })

  it('can be given up', async () => {
    const name = await ground.run(async (loop) => {
      const error = await errorOf(loop.timeout(5e6, async () => void (await loop.runInThread(spin, 40))))
      return error.name
    })
    expect(name).toBe('TimeoutError')
  })

  it('write and read files, and fail with the code', async () => {
    const path = join(folder, `${ground.name}.txt`)
    const bytes = await ground.run(async (loop) => {
      await loop.writeFile(path, Buffer.from('content'))
      return loop.readFile(path)
    })
    expect(Buffer.from(bytes).toString()).toBe('content')
    const error = await errorOf(ground.run((loop) => loop.readFile(join(folder, 'missing'))))
    expect(error.code).toBe('ENOENT')
    expect(ground.complaints).toEqual([])
  })
})

describe('a pool of threads', () => {
  it('fails what it was doing, what waits and what comes when it is closed', async () => {
    const pool = new ThreadPool(1)
    const jobs = [pool.run(spin, [1000]), pool.run(spin, [1])]
    const failures = Promise.all(jobs.map(errorOf))
    pool.close()
    const late = await errorOf(pool.run(spin, [1]))
    const messages = [...(await failures), late].map((error) => error.message)
    expect(new Set(messages)).toEqual(new Set(['The loop is closed: its threads have ended']))
  })
})
