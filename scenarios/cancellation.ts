import { defineScenario, type Loop, ms, Queue, Semaphore, seconds } from '../harness/api.ts'
import { serveEcho } from './cancellation/echo.ts'
import type { Parts } from './cancellation/ground.ts'
import { leaves } from './cancellation/leaves.ts'
import { Ledger } from './cancellation/ledger.ts'
import { type Context, params } from './cancellation/params.ts'
import { Forest } from './cancellation/trees.ts'

export default defineScenario({
  name: 'cancellation',
  summary:
    'Trees of tasks with deadlines, cancelled at random; nothing may leak: look at unwind.urgent beside unwind.bulk',
  params,
  classes: { urgent: { priority: 0 }, bulk: { priority: 1 } },
  time: ['real', 'virtual'],

  main: (loop, ctx) =>
    runCancellation(loop, ctx, {
      leaves,
      taskGroup: (body) => loop.taskGroup(body),
      timeout: (delayNs, body) => loop.timeout(delayNs, body),
    }),
})

/** How long what is under way may take to end once all trees have. */
const PATIENCE_NS = seconds(5)

export async function runCancellation(loop: Loop, ctx: Context, parts: Parts): Promise<void> {
  const ledger = new Ledger()
  const before = loop.taskCount
  const permits = new Semaphore(loop, ctx.params.permits)
  const queue = new Queue<number>(loop, ctx.params.queueSize)
  const echo = serveEcho(loop, ctx, ledger)
  const consumer = loop.spawn(() => consume(loop, queue, ledger), { className: 'bulk', name: 'consumer' })
  await new Forest({ loop, ctx, ledger, permits, queue, address: echo.address }, parts).run()
  await settled(loop, () => queue.size === 0 && loop.taskCount === before + 1)
  consumer.cancel()
  echo.close()
  await settled(loop, () => loop.taskCount === before && ledger.unbalanced().length === 0)
  checkEmpty(loop, ctx, loop.taskCount - before)
  checkPermits(ctx, permits)
  ledger.report(ctx)
}

async function consume(loop: Loop, queue: Queue<number>, ledger: Ledger): Promise<void> {
  for (;;) {
    await queue.get()
    ledger.closed('queue items')
    await loop.sleep(ms(0.1))
  }
}

/** Waits until it holds, but no longer than the patience. */
async function settled(loop: Loop, holds: () => boolean): Promise<void> {
  for (const endNs = loop.nowNs() + PATIENCE_NS; !holds() && loop.nowNs() < endNs; ) await loop.sleep(ms(1))
  // A turn later the loop has dropped the timers that were cancelled.
  for (let turns = 0; turns < 2; turns++) await loop.yieldNow()
}

function checkEmpty({ timerCount }: Loop, { check, meter }: Context, tasks: number): void {
  meter.value('left.tasks', tasks, 'count', 'lower')
  meter.value('left.timers', timerCount, 'count', 'lower')
  check(tasks === 0, `${tasks} tasks are still there after all trees have ended`)
  check(timerCount === 0, `${timerCount} timers are still there after all trees have ended`)
}

/** Takes all that there should be: a semaphore does not tell. */
function checkPermits({ check, params }: Context, permits: Semaphore): void {
  let taken = 0
  for (; taken <= params.permits && !permits.locked; taken++) void permits.acquire()
  check(taken === params.permits, `Of ${params.permits} permits ${taken} are there at the end`)
}
