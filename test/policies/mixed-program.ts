/** A little of everything a loop can do: the load under which no policy may lose a handle. */
import type { Loop } from '../../harness/loop/loop.ts'
import type { Stream } from '../../harness/loop/streams.ts'

export const CLASSES = { interactive: { priority: 0, deadlineMs: 5 }, batch: { priority: 10, weight: 2 } }

const CLASS_NAMES = Object.keys(CLASSES)
const WORKERS = 12
const STEPS = 6
const TIMERS = 30
const CLIENTS = 5

/** What `mixedProgram` answers when nothing is lost. */
export const WHOLE = {
  steps: WORKERS * STEPS,
  // Every third is cancelled.
  timers: (TIMERS * 2) / 3,
  callbacks: 40,
  futures: 20,
  echoes: CLIENTS * 3,
  threads: 6,
}

export type Tally = typeof WHOLE

export async function mixedProgram(loop: Loop): Promise<Tally> {
  const tally = { steps: 0, timers: 0, callbacks: 0, futures: 0, echoes: 0, threads: 0 }
  const parts = [workers, callbacks, futures, echoes, threads].map((part) =>
    loop.spawn(() => part(loop, tally)),
  )
  timers(loop, tally)
  for (const part of parts) await part
  // Until the timers are over and connections are closed.
  await loop.sleep(5e6)
  return tally
}

async function workers(loop: Loop, tally: Tally): Promise<void> {
  const tasks = Array.from({ length: WORKERS }, (_, i) =>
    loop.spawn(() => worker(loop, tally, i), { className: CLASS_NAMES[i % 2]! }),
  )
  await loop.gather(tasks)
}

async function worker(loop: Loop, tally: Tally, index: number): Promise<void> {
  for (let step = 0; step < STEPS; step++) {
    await loop.sleep(index * step * 3000)
    loop.work(2000)
    tally.steps++
  }
}

/** The cancelled ones are due so late that even a slow machine cancels them in time. */
function timers(loop: Loop, tally: Tally): void {
  for (let i = 0; i < TIMERS; i++) {
    const cancelled = i % 3 === 0
    const timer = loop.callLater(cancelled ? 60e9 : i * 40_000, () => tally.timers++, { priority: i % 5 })
    if (cancelled) loop.callSoon(() => timer.cancel())
  }
}

async function callbacks(loop: Loop, tally: Tally): Promise<void> {
  const count = () => tally.callbacks++
  for (let i = 0; i < 20; i++) {
    loop.callSoon(() => {
      count()
      loop.callSoon(count)
    })
  }
}

async function futures(loop: Loop, tally: Tally): Promise<void> {
  const all = Array.from({ length: 20 }, () => loop.createFuture<number>())
  for (const [i, future] of all.entries()) loop.callLater((20 - i) * 7000, () => future.setResult(i))
  for (const [i, future] of all.entries()) if ((await future) === i) tally.futures++
}

async function threads(loop: Loop, tally: Tally): Promise<void> {
  const jobs = [1, 2, 3].map((n) => loop.runInThread((m: number) => m, n))
  for (const job of jobs) tally.threads += await job
}

async function echoes(loop: Loop, tally: Tally): Promise<void> {
  const listener = loop.listen({ host: '127.0.0.1', port: 0 }, echo)
  const clients = Array.from({ length: CLIENTS }, () =>
    loop.spawn(async () => {
      const stream = await loop.connect(listener.address)
      for (let i = 0; i < 3; i++) {
        stream.write(Buffer.from('ping'))
        if ((await stream.readExactly(4)) !== undefined) tally.echoes++
      }
      stream.close()
    }),
  )
  for (const client of clients) await client
  listener.close()
}

async function echo(stream: Stream): Promise<void> {
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) stream.write(chunk)
}
