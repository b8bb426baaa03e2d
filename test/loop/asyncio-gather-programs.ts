/** Programs in two languages about cancelling a gather: what random programs have found (`differential.test.ts`). */
import { asPython, type Program } from './asyncio-programs.ts'

const MS = 1e6

export const GATHER_PROGRAMS: Program[] = [
  {
    name: 'a gather cancels a child as often as it was given',
    python: `
      async def child():
          try:
              await sleep_ms(1000)
          except CancelledError:
              log(asyncio.current_task().cancelling())
          await asyncio.sleep(0)
          log('goes on')
      task = asyncio.create_task(child())
      await asyncio.sleep(0)
      gathering = asyncio.gather(task, task)
      gathering.cancel()
      try:
          await gathering
      except CancelledError:
          log(task.cancelled())
    `,
    async typescript(loop, log) {
      const task = loop.spawn(async () => {
        try {
          await loop.sleep(1000 * MS)
        } catch {
          log(loop.currentTask!.cancelling)
        }
        await loop.sleep(0)
        log('goes on')
      })
      await loop.sleep(0)
      const gathering = loop.gather([task, task])
      gathering.cancel()
      try {
        await gathering
      } catch {
        log(asPython(task.cancelled))
      }
    },
  },
  {
    name: 'what a wait was cancelled with comes before a cancellation that is pending',
    python: `
      async def body():
          gathering = asyncio.gather(asyncio.get_running_loop().create_future())
          gathering.cancel('of the wait')
          asyncio.current_task().cancel('pending')
          try:
              await gathering
          except CancelledError as error:
              log(error)
          await asyncio.sleep(0)
          log('once only', asyncio.current_task().cancelling())
      await asyncio.wait([asyncio.create_task(body())])
    `,
    async typescript(loop, log) {
      const body = async () => {
        const gathering = loop.gather([loop.createFuture()])
        gathering.cancel('of the wait')
        loop.currentTask!.cancel('pending')
        try {
          await gathering
        } catch (error) {
          log((error as Error).message)
        }
        await loop.sleep(0)
        log('once only', loop.currentTask!.cancelling)
      }
      await loop.wait([loop.spawn(body)])
    },
  },
  {
    name: 'a gather that is cancelled passes on the message of the child given last',
    python: `
      async def show(gathering):
          try:
              await gathering
          except CancelledError as error:
              log(error)
      loop = asyncio.get_running_loop()
      futures = [loop.create_future() for _ in range(2)]
      gathering = asyncio.gather(*futures, return_exceptions=True)
      futures[1].cancel('given last')
      await asyncio.sleep(0)
      log(gathering.cancel('done last'))
      await show(gathering)
      async def stubborn():
          try:
              await asyncio.sleep(0)
          except CancelledError:
              log('suppressed')
      gathering = asyncio.gather(asyncio.create_task(stubborn()))
      await asyncio.sleep(0)
      log(gathering.cancel('suppressed below'))
      await show(gathering)
    `,
    async typescript(loop, log) {
      const show = async (gathering: PromiseLike<unknown>) => {
        try {
          await gathering
        } catch (error) {
          log((error as Error).message)
        }
      }
      const futures = [loop.createFuture(), loop.createFuture()]
      const gathering = loop.gather(futures, { returnExceptions: true })
      futures[1]!.cancel('given last')
      await loop.sleep(0)
      log(asPython(gathering.cancel('done last')))
      await show(gathering)
      const stubborn = loop.gather([
        loop.spawn(async () => {
          try {
            await loop.sleep(0)
          } catch {
            log('suppressed')
          }
        }),
      ])
      await loop.sleep(0)
      log(asPython(stubborn.cancel('suppressed below')))
      await show(stubborn)
    },
  },
]
