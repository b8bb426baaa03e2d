/** Programs in two languages. Every line that one logs, the other has to log. */
import { CancelledError } from '../../harness/loop/future.ts'
import type { Loop } from '../../harness/loop/loop.ts'

export interface Program {
  readonly name: string
  /** The first Python 3.x that does as we do, where older ones had it wrong. */
  readonly since?: number
  /** The body of an `async def` with a function `log`. */
  readonly python: string
  typescript(loop: Loop, log: (...words: unknown[]) => void): Promise<void>
}

const MS = 1e6

export const TASK_PROGRAMS: Program[] = [
  {
    name: 'callbacks, tasks and timers take turns',
    python: `
      loop = asyncio.get_running_loop()
      async def worker(name):
          for i in range(3):
              log(name, i)
              await asyncio.sleep(0)
      def chained():
          log('soon')
          loop.call_soon(log, 'sooner')
      loop.call_later(0.005, log, 'later')
      loop.call_soon(chained)
      tasks = [asyncio.create_task(worker(n)) for n in 'ab']
      loop.call_soon(log, 'after the tasks')
      await asyncio.gather(*tasks)
      log('gathered')
      await sleep_ms(10)
      log('end')
    `,
    async typescript(loop, log) {
      const worker = (name: string) => async () => {
        for (let i = 0; i < 3; i++) {
          log(name, i)
          await loop.sleep(0)
        }
      }
      loop.callLater(5 * MS, () => log('later'))
      loop.callSoon(() => {
        log('soon')
        loop.callSoon(() => log('sooner'))
      })
      const tasks = [...'ab'].map((name) => loop.spawn(worker(name)))
      loop.callSoon(() => log('after the tasks'))
      await loop.gather(tasks)
      log('gathered')
      await loop.sleep(10 * MS)
      log('end')
    },
  },
  {
    name: 'done-callbacks and waiters are scheduled in order of registration',
    python: `
      loop = asyncio.get_running_loop()
      future = loop.create_future()
      async def waiter(name):
          log(name, await future)
      future.add_done_callback(lambda f: log('callback 1'))
      tasks = [asyncio.create_task(waiter('a'))]
      await asyncio.sleep(0)
      future.add_done_callback(lambda f: log('callback 2'))
      tasks.append(asyncio.create_task(waiter('b')))
      await asyncio.sleep(0)
      future.set_result(7)
      log('set')
      future.add_done_callback(lambda f: log('callback 3'))
      tasks.append(asyncio.create_task(waiter('c')))
      log('done already', await future)
      await asyncio.wait(tasks)
    `,
    async typescript(loop, log) {
      const future = loop.createFuture<number>()
      const waiter = (name: string) => async () => log(name, await future)
      future.addDoneCallback(() => log('callback 1'))
      const tasks = [loop.spawn(waiter('a'))]
      await loop.sleep(0)
      future.addDoneCallback(() => log('callback 2'))
      tasks.push(loop.spawn(waiter('b')))
      await loop.sleep(0)
      future.setResult(7)
      log('set')
      future.addDoneCallback(() => log('callback 3'))
      tasks.push(loop.spawn(waiter('c')))
      log('done already', await future)
      await loop.wait(tasks)
    },
  },
  {
    name: 'gather fails first, leaves the others running and broadcasts a cancellation',
    python: `
      async def part(name, ms, fails=False):
          try:
              await sleep_ms(ms)
          except CancelledError:
              log(name, 'cancelled')
              raise
          log(name, 'ends')
          if fails:
              raise ValueError(name)
          return name
      slow = asyncio.create_task(part('slow', 20))
      try:
          await asyncio.gather(slow, part('fails', 5, True), part('fails too', 6, True), slow)
      except ValueError as error:
          log('error', error)
      log(await slow)
      both = asyncio.gather(part('x', 50), part('y', 50), return_exceptions=True)
      await asyncio.sleep(0)
      log(both.cancel(), both.done())
      try:
          await both
      except CancelledError:
          log('gather cancelled', both.cancelled())
    `,
    async typescript(loop, log) {
      const part =
        (name: string, ms: number, fails = false) =>
        async () => {
          try {
            await loop.sleep(ms * MS)
          } catch (error) {
            log(name, 'cancelled')
            throw error
          }
          log(name, 'ends')
          if (fails) throw new Error(name)
          return name
        }
      const slow = loop.spawn(part('slow', 20))
      try {
        await loop.gather([slow, part('fails', 5, true), part('fails too', 6, true), slow])
      } catch (error) {
        log('error', (error as Error).message)
      }
      log(await slow)
      const both = loop.gather<unknown>([part('x', 50), part('y', 50)], { returnExceptions: true })
      await loop.sleep(0)
      log(asPython(both.cancel()), asPython(both.done))
      try {
        await both
      } catch (error) {
        if (error instanceof CancelledError) log('gather cancelled', asPython(both.cancelled))
      }
    },
  },
  {
    name: 'wait for the first, for an exception, and for a while',
    python: `
      async def part(ms, fails=False):
          await sleep_ms(ms)
          if fails:
              raise ValueError(ms)
      tasks = [asyncio.create_task(part(ms, ms == 20)) for ms in (10, 20, 30, 40)]
      async def show(**options):
          done, pending = await asyncio.wait(tasks, **options)
          log(len(done), len(pending))
      asyncio.get_running_loop().call_soon(log, 'before the wait ends')
      await show(timeout=0.001)
      await show(return_when=asyncio.FIRST_COMPLETED)
      asyncio.get_running_loop().call_soon(log, 'waiting for what is done takes a turn')
      await show(return_when=asyncio.FIRST_COMPLETED)
      await show(return_when=asyncio.FIRST_EXCEPTION)
      await show(timeout=0.001)
      await show()
    `,
    async typescript(loop, log) {
      const part = (ms: number) => async () => {
        await loop.sleep(ms * MS)
        if (ms === 20) throw new Error('20')
      }
      const tasks = [10, 20, 30, 40].map((ms) => loop.spawn(part(ms)))
      const show = async (options?: Parameters<Loop['wait']>[1]) => {
        const { done, pending } = await loop.wait(tasks, options)
        log(done.size, pending.size)
      }
      loop.callSoon(() => log('before the wait ends'))
      await show({ timeoutNs: MS })
      await show({ returnWhen: 'first' })
      loop.callSoon(() => log('waiting for what is done takes a turn'))
      await show({ returnWhen: 'first' })
      await show({ returnWhen: 'exception' })
      await show({ timeoutNs: MS })
      await show()
    },
  },
]

export function asPython(value: boolean): string {
  return value ? 'True' : 'False'
}
