import { describe, expect, test } from 'vitest'
import type { Future } from '../../harness/loop/future.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { World } from '../../harness/world/world.ts'
import { addHost, simulate, type WorldSettings } from './simulate.ts'
import { MS, mean } from './traffic.ts'

const ROUND_TRIP_NS = 50_000

/** When each of the futures is done, ns; all are made at 0. */
async function doneTimes(
  world: WorldSettings,
  count: number,
  make: (loop: Loop, index: number) => Future<unknown>,
  seed = 1,
): Promise<number[]> {
  const program = async (loop: Loop) => {
    const times: number[] = []
    const futures = Array.from({ length: count }, (_, i) => make(loop, i))
    for (const [i, future] of futures.entries()) {
      future.addDoneCallback(() => {
        times[i] = loop.nowNs()
      })
    }
    await loop.gather(futures)
    return times
  }
  return (await simulate('fifo', program, { world, seed })).value
}

const job = (loop: Loop) => loop.runInThread(() => 0)
const write = (bytes: number) => (loop: Loop, index: number) =>
  loop.writeFile(`/${index}`, new Uint8Array(bytes))

describe('threads of a world', () => {
  test('answer after the time of a round trip, in the order they were asked', async () => {
    const { value } = await simulate('fifo', async (loop) => {
      const jobs = [1, 2, 3].map((n) => loop.runInThread((m: number) => m * 10, n))
      const answers = []
      for (const job of jobs) answers.push(await job)
      return { answers, atNs: loop.nowNs() }
    })
    expect(value).toEqual({ answers: [10, 20, 30], atNs: ROUND_TRIP_NS })
  })

  test('fail with what the job threw', async () => {
    const failing = () => {
      throw new RangeError('too far')
    }
    await expect(simulate('fifo', async (loop) => await loop.runInThread(failing))).rejects.toThrow('too far')
  })

  test('answer an async job with its value, to generators as well', async () => {
    const { value } = await simulate('fifo', async (loop) => {
      const byGenerator = loop.spawn(function* (): Generator<unknown, unknown, unknown> {
        return yield loop.runInThread(async () => 7)
      } as never)
      return [await loop.runInThread(async () => 6), await byGenerator]
    })
    expect(value).toEqual([6, 7])
  })

  test('do not run a job whose future was cancelled', async () => {
    let ran = false
    await simulate('fifo', async (loop) => {
      loop
        .runInThread(() => {
          ran = true
        })
        .cancel()
      await loop.sleep(2 * ROUND_TRIP_NS)
    })
    expect(ran).toBe(false)
  })
})

describe('the threads of a pool', () => {
  test('take one job each: so many jobs of 1 ms on one thread take so many ms', async () => {
    const times = await doneTimes({ threads: '1', threadTime: '1ms' }, 5, job)
    expect(times).toEqual([1, 2, 3, 4, 5].map((n) => n * MS))
  })

  test('take what waits first come first served, as they become free', async () => {
    const times = await doneTimes({ threads: '2', threadTime: '1ms' }, 5, job)
    expect(times).toEqual([1, 1, 2, 2, 3].map((n) => n * MS))
  })

  test('are four, where nothing else is said', async () => {
    expect(await doneTimes({ threadTime: '1ms' }, 9, job)).toEqual(
      [1, 1, 1, 1, 2, 2, 2, 2, 3].map((n) => n * MS),
    )
  })

  test('do not count the time in which they had nothing to do', async () => {
    const { value } = await simulate(
      'fifo',
      async (loop) => {
        await job(loop)
        await loop.sleep(10 * MS)
        const startNs = loop.nowNs()
        await job(loop)
        return loop.nowNs() - startNs
      },
      { world: { threads: '1', threadTime: '1ms' } },
    )
    expect(value).toBe(MS)
  })

  test('keep a job whose future was cancelled: who waits behind it waits on', async () => {
    const times = await doneTimes({ threads: '1', threadTime: '1ms' }, 2, (loop, i) => {
      if (i === 0) job(loop).cancel()
      return job(loop)
    })
    expect(times).toEqual([2 * MS, 3 * MS])
  })

  test('take exponential times with the mean that was asked for', async () => {
    const times = await doneTimes({ threads: '2000', threadTime: 'exp:2ms' }, 2000, job)
    // A standard error of 2/√2000 ms: within four of them.
    expect(Math.abs(mean(times) - 2 * MS)).toBeLessThan(0.18 * MS)
    expect(new Set(times).size).toBe(2000)
  })

  test('take uniform times between the bounds', async () => {
    const times = await doneTimes({ threads: '2000', threadTime: 'uniform:1ms-3ms' }, 2000, job)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(MS)
    expect(Math.max(...times)).toBeLessThan(3 * MS)
    // A standard error of 2/√(12 × 2000) ms.
    expect(Math.abs(mean(times) - 2 * MS)).toBeLessThan(0.052 * MS)
  })

  test('take times that the seed decides, whatever files take', async () => {
    const settings = { threads: '1', threadTime: 'exp:2ms', fileTime: 'exp:1ms' }
    const withFiles = (loop: Loop, i: number) => {
      write(10)(loop, i)
      return job(loop)
    }
    const times = await doneTimes(settings, 20, job, 5)
    expect(await doneTimes(settings, 20, withFiles, 5)).toEqual(times)
    expect(await doneTimes(settings, 20, job, 6)).not.toEqual(times)
    const alike = { threadTime: 'exp:1ms', fileTime: 'exp:1ms' }
    expect(await doneTimes(alike, 20, job)).not.toEqual(await doneTimes(alike, 20, write(0)))
  })
})

describe('file operations', () => {
  test('are done by four workers, which are not those of threads', async () => {
    const times = await doneTimes({ fileTime: '1ms', threads: '1' }, 6, write(0))
    expect(times).toEqual([1, 1, 1, 1, 2, 2].map((n) => n * MS))
  })

  test('take the time of their bytes on top', async () => {
    const world = { fileTime: '1ms', fileBandwidth: '1MB' }
    expect(await doneTimes(world, 1, write(2000))).toEqual([3 * MS])
    const { value } = await simulate(
      'fifo',
      async (loop) => {
        await loop.writeFile('/a', new Uint8Array(500))
        await loop.readFile('/a')
        await loop.wait([loop.readFile('/none')])
        return loop.nowNs()
      },
      { world },
    )
    expect(value).toBe(1.5 * MS + 1.5 * MS + 1 * MS)
  })
})

describe('files of a world', () => {
  test('are read as they were written', async () => {
    const { value } = await simulate('fifo', async (loop) => {
      const data = Buffer.from('before')
      await loop.writeFile('/a', data)
      data.set(Buffer.from('after!'))
      const read = await loop.readFile('/a')
      const text = Buffer.from(read).toString()
      read.fill(0)
      return [text, Buffer.from(await loop.readFile('/a')).toString()]
    })
    expect(value).toEqual(['before', 'before'])
  })

  test('have the code ENOENT when there are none', async () => {
    const reading = simulate('fifo', async (loop) => await loop.readFile('/none'))
    await expect(reading).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('belong to their host', async () => {
    const world = new World()
    const [a, b] = [await addHost(world, 0, 'fifo'), await addHost(world, 1, 'fifo')]
    await world.run([a.spawn(async () => await a.writeFile('/a', new Uint8Array(1)))])
    const reading = b.spawn(async () => await b.readFile('/a'))
    await world.run([reading])
    expect(reading.error()).toMatchObject({ code: 'ENOENT' })
  })
})
