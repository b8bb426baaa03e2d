/** Scenarios on Node's own event loop, with real threads and files. */
import type { z } from 'zod'
import type { Scenario } from '../../harness/contracts.ts'
import { classesOf } from '../../harness/define.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import { runHosted } from '../../harness/loop/drivers/hosted.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import { Loop } from '../../harness/loop/loop.ts'
import { RealServices } from '../../harness/loop/real-services.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { Fifo } from '../loop/bench.ts'

/** Runs the body as a task, first come first served; returns the tasks that are left. Fails with what it threw. */
export async function runReal<Schema extends z.ZodType>(
  scenario: Scenario<Schema>,
  params: z.output<Schema>,
  body: (loop: Loop) => Promise<void>,
): Promise<number> {
  const loop = new Loop({
    policy: { queue: new Fifo(), observers: [] },
    clock: new RealClock(),
    selector: new LibuvSelector(),
    services: new RealServices(),
    classes: classesOf(scenario as Scenario, params),
  })
  try {
    const main = loop.spawn(() => body(loop), { name: 'main' })
    await runHosted(loop, main as AnyFuture)
    main.result()
    return loop.taskCount
  } finally {
    loop.close()
  }
}
