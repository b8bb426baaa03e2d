import { defineScenario, type Loop } from '../harness/api.ts'
import { reportMistakes } from './thread-safe/mistakes.ts'
import { type Context, params } from './thread-safe/params.ts'
import { measureIdle, type Parts, parts, runThreads } from './thread-safe/threads.ts'

export default defineScenario({
  name: 'thread-safe',
  summary:
    'Worker threads submit work to a busy loop: look at wakeUp.lookup (submit to running) beside wakeUp.idle',
  params,
  classes: {
    lookup: { priority: 0, deadlineMs: 5 },
    own: { priority: 1, deadlineMs: 20 },
    crunch: { priority: 2, deadlineMs: 200 },
  },
  // What it costs to wake a loop from another thread is the subject, and virtual time would make it nothing.
  time: ['real'],

  main: (loop, ctx) => runThreadSafe(loop, ctx, parts),
})

/** All of it, made of the given parts. */
export async function runThreadSafe(loop: Loop, ctx: Context, made: Parts): Promise<void> {
  await measureIdle(loop, ctx, made)
  await runThreads(loop, ctx, made)
  await reportMistakes(loop, ctx, made)
}
