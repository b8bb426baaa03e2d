/** Programs in two languages about locks, semaphores, queues and conditions. */
import { Queue } from '../../harness/loop/queue.ts'
import { Condition, Lock, Semaphore } from '../../harness/loop/sync.ts'
import { asPython, type Program } from './asyncio-programs.ts'

const MS = 1e6

export const SYNC_PROGRAMS: Program[] = [
  {
    name: 'a lock is handed on in order, past the cancelled',
    python: `
      lock = asyncio.Lock()
      async def taker(name):
          try:
              async with lock:
                  log(name, 'has it')
                  await asyncio.sleep(0)
          except CancelledError:
              log(name, 'cancelled')
      await lock.acquire()
      tasks = [asyncio.create_task(taker(n)) for n in 'abcd']
      await asyncio.sleep(0)
      tasks[1].cancel()
      lock.release()
      tasks[0].cancel()
      late = asyncio.create_task(taker('late'))
      log(lock.locked())
      await asyncio.wait([*tasks, late])
      log(lock.locked())
    `,
    async typescript(loop, log) {
      const lock = new Lock(loop)
      const taker = (name: string) => async () => {
        try {
          await lock.with(async () => {
            log(name, 'has it')
            await loop.sleep(0)
          })
        } catch {
          log(name, 'cancelled')
        }
      }
      await lock.acquire()
      const tasks = [...'abcd'].map((name) => loop.spawn(taker(name)))
      await loop.sleep(0)
      tasks[1]!.cancel()
      lock.release()
      tasks[0]!.cancel()
      const late = loop.spawn(taker('late'))
      log(asPython(lock.locked))
      await loop.wait([...tasks, late])
      log(asPython(lock.locked))
    },
  },
  {
    name: 'a semaphore lets as many in as it has permits, in order',
    python: `
      semaphore = asyncio.Semaphore(2)
      async def taker(name):
          async with semaphore:
              log(name, 'in')
              await sleep_ms(2)
          log(name, 'out')
      tasks = [asyncio.create_task(taker(n)) for n in 'abcdef']
      await sleep_ms(1)
      tasks[2].cancel()
      await asyncio.wait(tasks)
      log(semaphore.locked())
    `,
    async typescript(loop, log) {
      const semaphore = new Semaphore(loop, 2)
      const taker = (name: string) => async () => {
        await semaphore.with(async () => {
          log(name, 'in')
          await loop.sleep(2 * MS)
        })
        log(name, 'out')
      }
      const tasks = [...'abcdef'].map((name) => loop.spawn(taker(name)))
      await loop.sleep(1 * MS)
      tasks[2]!.cancel()
      await loop.wait(tasks)
      log(asPython(semaphore.locked))
    },
  },
  {
    name: 'a bounded queue between producers and consumers, and join',
    python: `
      queue = asyncio.Queue(2)
      async def producer(name):
          for i in range(3):
              await queue.put((name, i))
              log('put', name, i)
      async def consumer():
          while True:
              name, i = await queue.get()
              log('got', name, i)
              queue.task_done()
      producers = [asyncio.create_task(producer(n)) for n in 'ab']
      await asyncio.sleep(0)
      consumers = [asyncio.create_task(consumer()) for _ in range(2)]
      await asyncio.gather(*producers)
      await queue.join()
      log('joined', queue.qsize())
      for task in consumers:
          task.cancel()
      await asyncio.wait(consumers)
    `,
    async typescript(loop, log) {
      const queue = new Queue<[string, number]>(loop, 2)
      const producer = (name: string) => async () => {
        for (let i = 0; i < 3; i++) {
          await queue.put([name, i])
          log('put', name, i)
        }
      }
      const consumer = async () => {
        for (;;) {
          log('got', ...(await queue.get()))
          queue.taskDone()
        }
      }
      const producers = [...'ab'].map((name) => loop.spawn(producer(name)))
      await loop.sleep(0)
      const consumers = [loop.spawn(consumer), loop.spawn(consumer)]
      await loop.gather(producers)
      await queue.join()
      log('joined', queue.size)
      for (const task of consumers) task.cancel()
      await loop.wait(consumers)
    },
  },
  {
    name: 'a condition wakes as many as are notified, and the next where one is cancelled',
    since: 13,
    python: `
      condition = asyncio.Condition()
      async def waiter(name):
          async with condition:
              try:
                  await condition.wait()
                  log(name, 'woken')
              except CancelledError:
                  log(name, 'cancelled', condition.locked())
                  raise
      tasks = [asyncio.create_task(waiter(n)) for n in 'abcd']
      await sleep_ms(1)
      async with condition:
          condition.notify(1)
          tasks[0].cancel()
      await sleep_ms(1)
      async with condition:
          condition.notify_all()
          log('notified all')
      await asyncio.wait(tasks)
    `,
    async typescript(loop, log) {
      const condition = new Condition(loop)
      const waiter = (name: string) => () =>
        condition.lock.with(async () => {
          try {
            await condition.wait()
            log(name, 'woken')
          } catch (error) {
            log(name, 'cancelled', asPython(condition.lock.locked))
            throw error
          }
        })
      const tasks = [...'abcd'].map((name) => loop.spawn(waiter(name)))
      await loop.sleep(MS)
      await condition.lock.with(() => {
        condition.notify(1)
        tasks[0]!.cancel()
      })
      await loop.sleep(MS)
      await condition.lock.with(() => {
        condition.notifyAll()
        log('notified all')
      })
      await loop.wait(tasks)
    },
  },
]
