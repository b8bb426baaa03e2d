import { describe, expect, test } from 'vitest'
import { World } from '../../harness/world/world.ts'
import { addHost, simulate } from './simulate.ts'

const ROUND_TRIP_NS = 50_000

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
