import { describe, expect, test } from 'vitest'
import type { Offers, ThreadGate, ThreadPort } from '../../harness/api.ts'
import { reportMistakes } from '../../scenarios/thread-safe/mistakes.ts'
import { parts, runThreads } from '../../scenarios/thread-safe/threads.ts'
import threadSafe, { runThreadSafe } from '../../scenarios/thread-safe.ts'
import { testContext } from './context.ts'
import { runReal } from './thread-safe-ground.ts'

const SMALL = {
  threads: 2,
  submissions: 8,
  gapMs: 1,
  timeoutMs: 60,
  idle: 3,
  ownTasks: 2,
  ownEveryMs: 3,
  ownUs: 200,
}

/** On real threads, the whole of it or a part, with some of its parts replaced. */
async function runWith(
  replaced: Partial<typeof parts>,
  params: Record<string, unknown> = {},
  run = runThreadSafe,
) {
  const { ctx, measured, failures } = testContext(threadSafe, { ...SMALL, ...params })
  const made = { ...parts, ...replaced }
  const left = await runReal(threadSafe, ctx.params, (loop) => run(loop, ctx, made))
  return { measured, failures, left }
}

/** A gate whose offers are not what they should be. */
function offering(change: (offers: Offers) => Offers): Partial<typeof parts> {
  return { open: (loop, offers) => loop.openGate(change(offers)) }
}

function replacing(name: string, run: (given: unknown, value: number) => unknown) {
  return offering((offers) => (offers[name] === undefined ? offers : { ...offers, [name]: { run } }))
}

describe('thread-safe', () => {
  test('answers all that is not meant to hang, and keeps its promises', async () => {
    const { measured, failures, left } = await runWith({})
    expect(failures).toEqual([])
    expect(left).toBe(0)
    const timedOut = measured.counts.get('timedOut')!
    expect(measured.operations).toBeGreaterThanOrEqual(16 - timedOut)
    expect(measured.durations.get('delivery')).toHaveLength(measured.operations)
    expect(measured.durations.get('wakeUp.idle')).toHaveLength(3)
    expect(Math.min(...measured.durations.get('wakeUp.lookup')!)).toBeGreaterThan(0)
  })

  test.each<[string, Partial<typeof parts>, RegExp]>([
    [
      'a wrong answer',
      replacing('lookup', (_, value) => value),
      /lookup \d+ was answered with \d+ in thread 0/,
    ],
    [
      'a submission that fails',
      replacing('crunch', () => {
        throw new Error('out of order')
      }),
      /A submission of thread 0 failed: out of order/,
    ],
    [
      'an answer where none was to come',
      replacing('hang', () => 0),
      /Of 1 submissions of thread 0 that hang 0 timed/,
    ],
    [
      'a task that goes on after its thread has given up',
      {
        patienceNs: 0,
        open: (loop, offers) => {
          const hang = { run: () => loop.shield(loop.spawn(() => loop.sleep(3.6e12))) }
          return loop.openGate('hang' in offers ? { ...offers, hang } : offers)
        },
      },
      /2 tasks go on whose threads have given up/,
    ],
    [
      'a thread that does not end',
      {
        patienceNs: 0,
        open: (loop, offers) => {
          const gate = loop.openGate(offers)
          if (!('hang' in offers)) return gate
          const thread = gate.startThread((port: ThreadPort) => port.submit('hang'))
          thread.addDoneCallback(() => thread.error()) // that its gate is closed
          return gate
        },
      },
      /1 threads and 1 submissions are left at the end/,
    ],
    ['a loop that forgets its own tasks', { ownStep: () => {} }, /Own task 1 of the loop never ran/],
  ])('notices %s', async (_, replaced, message) => {
    const { failures } = await runWith(replaced, { submissions: 4, crunchShare: 0.5 }, runThreads)
    expect(failures.join('\n')).toMatch(message)
  })

  test.each<[string, Partial<typeof parts>, RegExp]>([
    [
      'a mistake that nobody notices',
      offering((offers) => ({ ...offers, nobody: { run: () => 0 } })),
      /Who submits what the loop does not offer is told nothing, not not-offered/,
    ],
    [
      'a gate that does not close',
      {
        open: (loop, offers) => {
          const gate = loop.openGate(offers)
          return {
            startThread: gate.startThread.bind(gate),
            close() {},
            threadCount: 0,
            pendingCount: 0,
          } as unknown as ThreadGate
        },
      },
      /Who submits after the gate was closed is told nothing, not closed/,
    ],
  ])('notices %s', async (_, replaced, message) => {
    const { failures } = await runWith(replaced, {}, reportMistakes)
    expect(failures.join('\n')).toMatch(message)
  })
})
