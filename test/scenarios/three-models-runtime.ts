/** A whole real loop for scenarios with threads and processes, which need Node's loop beside ours. */
import type { Address, Scenario, ScenarioContext, Timeline } from '../../harness/contracts.ts'
import { classesOf } from '../../harness/define.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { createRealRuntime } from '../../harness/measure/runtime.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import { testContext } from './context.ts'

interface Given {
  readonly params?: Readonly<Record<string, unknown>>
  readonly policy?: string
  readonly address?: Address
}

/** Runs the body as `main` under a policy, in real time. */
export async function inRealTime(
  scenario: Scenario,
  body: (loop: Loop, ctx: ScenarioContext<never>) => Promise<void>,
  { params = {}, policy = 'fifo', ...meeting }: Given = {},
) {
  const runtime = createRealRuntime({
    policy: await preparePolicy(policy),
    selector: policy === 'node' ? 'libuv' : 'epoll',
    classes: classesOf(scenario, scenario.params.parse(params)),
    random: createRandom(1),
  })
  const given = testContext(scenario, params, meeting)
  const timelines: Timeline[] = []
  const meter = { ...given.ctx.meter, timeline: (timeline: Timeline) => void timelines.push(timeline) }
  const task = runtime.loop.spawn(() => body(runtime.loop, { ...given.ctx, meter } as never))
  try {
    await runtime.run(task)
    task.result()
  } finally {
    runtime.loop.close()
  }
  return { ...given, timelines }
}
