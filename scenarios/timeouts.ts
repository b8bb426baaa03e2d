import { defineScenario, type Loop } from '../harness/api.ts'
import { armAndCancel } from './timeouts/churn.ts'
import { type Context, params, type Timers } from './timeouts/params.ts'
import { weatherStorm } from './timeouts/storm.ts'

export default defineScenario({
  name: 'timeouts',
  summary:
    'Many timers, most cancelled, then a storm that fires at once: look at latency.urgent and storm.lateness',
  params,
  classes: {
    urgent: { priority: 0, deadlineMs: 5 },
    churn: { priority: 1 },
    expired: { priority: 2, deadlineMs: 1000 },
  },
  time: ['real', 'virtual'],

  main: (loop, ctx) => runTimeouts(loop, ctx, loop),
})

export async function runTimeouts(loop: Loop, ctx: Context, timers: Timers): Promise<void> {
  await armAndCancel(loop, ctx, timers)
  await weatherStorm(loop, ctx, timers)
}
