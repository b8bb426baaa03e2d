import { expect, test } from 'vitest'
import { simulate } from '../world/simulate.ts'

const at = (...times: number[]) => times.map((atNs) => ({ atNs }))

test('an arrival is admitted at its time and is no handle', async () => {
  const { value, loop } = await simulate('fifo:batch=1', async (loop) => {
    const seen: number[] = []
    await loop.arrivals(at(10, 25, 25, 40), () => seen.push(loop.nowNs()))
    return seen
  })
  expect(value).toEqual([10, 25, 25, 40])
  // The program's first step and its end; nothing ran for an arrival.
  expect(loop.turns).toBeLessThanOrEqual(6)
})

test('what came while a handle held the loop is queued before what that handle makes ready', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    const ran: string[] = []
    const done = loop.arrivals(at(5, 10), ({ atNs }) => {
      loop.callSoon(() => ran.push(`came at ${atNs}`))
    })
    loop.work(10)
    loop.callSoon(() => ran.push('made ready at 10'))
    await done
    await loop.sleep(1)
    return ran
  })
  expect(value).toEqual(['came at 5', 'came at 10', 'made ready at 10'])
})

test('what an arrival makes ready counts as ready since it came', async () => {
  const ready: number[] = []
  const observers = [
    {
      name: 'ready',
      handlePushed: (handle: { readyAtNs: number; name: string }) => ready.push(handle.readyAtNs),
    },
  ]
  await simulate(
    'fifo:batch=1',
    async (loop) => {
      const done = loop.arrivals(at(3, 7), () => loop.callSoon(() => {}))
      loop.work(10)
      await done
    },
    { observers },
  )
  expect(ready).toEqual([0, 3, 7])
})

test('an arrival inherits nothing from what it interrupts', async () => {
  const { value } = await simulate(
    'fifo:batch=1',
    async (loop) => {
      const names: string[] = []
      const done = loop.arrivals(at(5), () => {
        loop.spawn(function* () {
          names.push(loop.currentTask!.attributes.className)
          yield
        })
      })
      const urgent = loop.spawn(
        async () => {
          loop.work(10)
          await loop.yieldNow()
          names.push(loop.currentTask!.attributes.className)
        },
        { className: 'urgent' },
      )
      await loop.gather([done, urgent] as never[])
      return names
    },
    { classes: { urgent: { priority: -1 } } },
  )
  expect(value).toEqual(['default', 'urgent'])
})

test('several sources are merged in order of time, equal times in order of the sources', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    const seen: string[] = []
    const first = loop.arrivals(at(1, 5, 9), ({ atNs }) => seen.push(`a${atNs}`))
    const second = loop.arrivals(at(2, 5, 6), ({ atNs }) => seen.push(`b${atNs}`))
    await first
    await second
    return seen
  })
  expect(value).toEqual(['a1', 'b2', 'a5', 'b5', 'b6', 'a9'])
})

test.each([
  ['descend', at(5, 4), 'An arrival at 4 ns follows one at 5'],
  ['are no numbers', at(Number.NaN), 'An arrival at NaN ns'],
])('times that %s fail the future', async (_, items, message) => {
  const program = simulate(
    'fifo:batch=1',
    (loop) => loop.arrivals(items, () => {}) as unknown as Promise<void>,
  )
  await expect(program).rejects.toThrow(message)
})

test('what the callback throws fails the future, and no more is admitted', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    let admitted = 0
    try {
      await loop.arrivals(at(1, 2, 3), () => {
        if (++admitted === 2) throw new Error('no room')
      })
    } catch (error) {
      return `${(error as Error).message} after ${admitted}`
    }
    return undefined
  })
  expect(value).toBe('no room after 2')
})

test('what comes while the loop works is there before the work is over', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    const seen: string[] = []
    void loop.arrivals(at(5), () => seen.push('arrival'))
    loop.work(5)
    seen.push('worked')
    return seen
  })
  expect(value).toEqual(['arrival', 'worked'])
})

test('giving up on arrivals ends them, and the loop goes on', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    const seen: number[] = []
    let released = false
    const source = (function* () {
      try {
        for (let atNs = 1e6; ; atNs += 1e6) yield { atNs }
      } finally {
        released = true
      }
    })()
    const came = loop.arrivals(source, ({ atNs }) => seen.push(atNs))
    await loop.timeout(3.5e6, async () => came).catch(() => {})
    await loop.sleep(5e6)
    return { seen, released }
  })
  expect(value).toEqual({ seen: [1e6, 2e6, 3e6], released: true })
})

test('sources that have ended are not kept', async () => {
  const { value } = await simulate('fifo:batch=1', async (loop) => {
    let came = 0
    for (let i = 0; i < 3000; i++) await loop.arrivals([{ atNs: loop.nowNs() + 1 }], () => came++)
    return came
  })
  expect(value).toBe(3000)
})
