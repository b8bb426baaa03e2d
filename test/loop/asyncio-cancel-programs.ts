/** Programs in two languages about cancellation and what is built on it. */
import { CancelledError } from '../../harness/loop/future.ts'
import { asPython, type Program } from './asyncio-programs.ts'

const MS = 1e6

export const CANCEL_PROGRAMS: Program[] = [
  {
    name: 'cancellation: before the start, at an await, caught, counted, suppressed',
    python: `
      async def body(name, stubborn):
          log(name, 'starts')
          try:
              await sleep_ms(1000)
          except CancelledError as error:
              log(name, 'cancelled', error.args[0] if error.args else '')
              task = asyncio.current_task()
              log(task.cancelling(), task.uncancel())
              if not stubborn:
                  raise
          await asyncio.sleep(0)
          return name
      tasks = [asyncio.create_task(body(n, n == 'c')) for n in 'abc']
      tasks[0].cancel()
      await asyncio.sleep(0)
      log(tasks[1].cancel('why'), tasks[2].cancel(), tasks[2].cancel())
      for result in await asyncio.gather(*tasks, return_exceptions=True):
          log('cancelled' if isinstance(result, CancelledError) else result)
      log(tasks[0].cancelled(), tasks[1].cancelled(), tasks[2].cancelled(), tasks[0].cancel())
    `,
    async typescript(loop, log) {
      const body = (name: string, stubborn: boolean) => async () => {
        log(name, 'starts')
        try {
          await loop.sleep(1000 * MS)
        } catch (error) {
          log(name, 'cancelled', (error as Error).message)
          const task = loop.currentTask!
          log(task.cancelling, task.uncancel())
          if (!stubborn) throw error
        }
        await loop.sleep(0)
        return name
      }
      const [a, b, c] = [...'abc'].map((name) => loop.spawn(body(name, name === 'c')))
      a!.cancel()
      await loop.sleep(0)
      log(...[b!.cancel('why'), c!.cancel(), c!.cancel()].map(asPython))
      for (const result of await loop.gather<unknown>([a!, b!, c!], { returnExceptions: true }))
        log(result instanceof CancelledError ? 'cancelled' : result)
      log(...[a!.cancelled, b!.cancelled, c!.cancelled, a!.cancel()].map(asPython))
    },
  },
  {
    name: 'timeouts: expired, in time, nested, zero, cancelled from outside',
    python: `
      async def limited(name, limit_ms, ms):
          try:
              async with asyncio.timeout(limit_ms / 1000):
                  log(name, 'starts')
                  await sleep_ms(ms)
                  log(name, 'in time')
          except TimeoutError:
              log(name, 'timed out', asyncio.current_task().cancelling())
          except CancelledError:
              log(name, 'cancelled', asyncio.current_task().cancelling())
              raise
      await limited('expires', 2, 50)
      await limited('ends', 50, 2)
      await limited('zero', 0, 50)
      try:
          async with asyncio.timeout(0.003):
              await limited('inner', 50, 100)
      except TimeoutError:
          log('outer timed out')
      task = asyncio.create_task(limited('outside', 50, 100))
      await sleep_ms(2)
      task.cancel()
      await asyncio.wait([task])
      log(task.cancelled())
    `,
    async typescript(loop, log) {
      const limited = async (name: string, limitMs: number, ms: number) => {
        try {
          await loop.timeout(limitMs * MS, async () => {
            log(name, 'starts')
            await loop.sleep(ms * MS)
            log(name, 'in time')
          })
        } catch (error) {
          const how = (error as Error).name === 'TimeoutError' ? 'timed out' : 'cancelled'
          log(name, how, loop.currentTask!.cancelling)
          if (how === 'cancelled') throw error
        }
      }
      await limited('expires', 2, 50)
      await limited('ends', 50, 2)
      await limited('zero', 0, 50)
      try {
        await loop.timeout(3 * MS, () => limited('inner', 50, 100))
      } catch {
        log('outer timed out')
      }
      const task = loop.spawn(() => limited('outside', 50, 100))
      await loop.sleep(2 * MS)
      task.cancel()
      await loop.wait([task])
      log(asPython(task.cancelled))
    },
  },
  {
    name: 'a task group cancels siblings and body, and collects the errors',
    python: `
      cancelled = []
      async def child(name, ms, fails=None, late=None):
          try:
              await sleep_ms(ms)
              log(name, 'ends')
              if fails:
                  raise ValueError(fails)
          except CancelledError:
              # Python cancels in the order of a set, that is in none.
              cancelled.append(name)
              if late:
                  raise ValueError(late)
              raise
      try:
          async with asyncio.TaskGroup() as group:
              group.create_task(child('quick', 1))
              group.create_task(child('fails', 5, 'first'))
              group.create_task(child('sibling', 100))
              group.create_task(child('late', 100, None, 'second'))
              try:
                  await sleep_ms(100)
              except CancelledError:
                  log('body cancelled', asyncio.current_task().cancelling())
                  raise
      except* ValueError as errors:
          log(*[str(error) for error in errors.exceptions], *sorted(cancelled))
      log(asyncio.current_task().cancelling())
      async with asyncio.TaskGroup() as group:
          alone = group.create_task(child('alone', 100))
          await asyncio.sleep(0)
          alone.cancel()
      log('a cancelled child is no failure')
    `,
    async typescript(loop, log) {
      const cancelled: string[] = []
      const child = (name: string, ms: number, fails?: string, late?: string) => async () => {
        try {
          await loop.sleep(ms * MS)
          log(name, 'ends')
          if (fails) throw new Error(fails)
        } catch (error) {
          if (!(error instanceof CancelledError)) throw error
          cancelled.push(name)
          throw late ? new Error(late) : error
        }
      }
      try {
        await loop.taskGroup(async (group) => {
          group.spawn(child('quick', 1))
          group.spawn(child('fails', 5, 'first'))
          group.spawn(child('sibling', 100))
          group.spawn(child('late', 100, undefined, 'second'))
          try {
            await loop.sleep(100 * MS)
          } catch (error) {
            log('body cancelled', loop.currentTask!.cancelling)
            throw error
          }
        })
      } catch (error) {
        const messages = (error as AggregateError).errors.map((each: Error) => each.message)
        log(...messages, ...cancelled.sort())
      }
      log(loop.currentTask!.cancelling)
      await loop.taskGroup(async (group) => {
        const alone = group.spawn(child('alone', 100))
        await loop.sleep(0)
        alone.cancel()
      })
      log('a cancelled child is no failure')
    },
  },
  {
    name: 'shield keeps a cancellation from the task, and a task that waits for a task passes it on',
    python: `
      async def inner(name):
          try:
              await sleep_ms(5)
              log(name, 'ends')
          except CancelledError:
              log(name, 'cancelled')
              await asyncio.sleep(0)
              log(name, 'has cleaned up')
              raise
      async def outer(awaitable):
          try:
              await awaitable
          except CancelledError:
              log('outer cancelled')
              raise
      shielded = asyncio.create_task(inner('shielded'))
      plain = asyncio.create_task(inner('plain'))
      tasks = [asyncio.create_task(outer(asyncio.shield(shielded))), asyncio.create_task(outer(plain))]
      await sleep_ms(1)
      for task in tasks:
          task.cancel()
      await asyncio.wait([*tasks, shielded, plain])
      log(shielded.cancelled(), plain.cancelled())
    `,
    async typescript(loop, log) {
      const inner = (name: string) => async () => {
        try {
          await loop.sleep(5 * MS)
          log(name, 'ends')
        } catch (error) {
          log(name, 'cancelled')
          await loop.sleep(0)
          log(name, 'has cleaned up')
          throw error
        }
      }
      const outer = (awaited: PromiseLike<void>) => async () => {
        try {
          await awaited
        } catch (error) {
          log('outer cancelled')
          throw error
        }
      }
      const shielded = loop.spawn(inner('shielded'))
      const plain = loop.spawn(inner('plain'))
      const tasks = [loop.spawn(outer(loop.shield(shielded))), loop.spawn(outer(plain))]
      await loop.sleep(MS)
      for (const task of tasks) task.cancel()
      await loop.wait([...tasks, shielded, plain])
      log(asPython(shielded.cancelled), asPython(plain.cancelled))
    },
  },
]
