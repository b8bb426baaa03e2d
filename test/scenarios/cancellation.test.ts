import { readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CancelledError, ms } from '../../harness/api.ts'
import { classesOf } from '../../harness/define.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { TaskGroup } from '../../harness/loop/task-group.ts'
import type { Leaf, Parts } from '../../scenarios/cancellation/ground.ts'
import { leaves, opened } from '../../scenarios/cancellation/leaves.ts'
import cancellation, { runCancellation } from '../../scenarios/cancellation.ts'
import { simulate } from '../world/simulate.ts'
import { realLoop, run } from './bench-loop.ts'
import { testContext } from './context.ts'

const SMALL = { trees: 20, cancelEveryMs: 1 }

function partsOf(loop: Loop): Parts {
  return {
    leaves,
    taskGroup: (body) => loop.taskGroup(body),
    timeout: (delayNs, body) => loop.timeout(delayNs, body),
  }
}

async function measure(
  policy: string,
  change: (loop: Loop) => Partial<Parts> = () => ({}),
  params = {},
  seed = 1,
) {
  const { ctx, measured, failures } = testContext(cancellation, { ...SMALL, ...params }, { seed })
  const classes = classesOf(cancellation, ctx.params)
  const program = (loop: Loop) => runCancellation(loop, ctx, { ...partsOf(loop), ...change(loop) })
  const { digest } = await simulate(policy, program, { classes, seed })
  return { measured, failures, digest }
}

describe('cancellation (virtual time)', () => {
  test.each(['fifo', 'lifo', 'priority', 'sjf', 'edf', 'hrrn', 'las', 'timing'])(
    'leaks nothing under %s',
    async (policy) => {
      const { measured, failures } = await measure(policy)
      expect(failures).toEqual([])
      expect(measured.counts.get('cancelled')).toBeGreaterThan(30)
      expect(measured.counts.get('timedOut')).toBeGreaterThan(3)
      expect(measured.values.get('left.timers')).toBe(0)
    },
  )

  test('is the same each time', async () => {
    expect((await measure('fifo')).digest).toBe((await measure('fifo')).digest)
  })

  test.each([1, 2, 3, 4])('leaks nothing with seed %i and much more of everything', async (seed) => {
    const much = { cancelEveryMs: 0.2, failing: 0.2, resets: 0.5, timed: 0.8, permits: 1, queueSize: 1 }
    expect((await measure('fifo', undefined, much, seed)).failures).toEqual([])
  })

  test.each([
    ['no groups at all', { depth: 0, failing: 0.5 }],
    ['long chains', { depth: 6, width: 1 }],
    ['nobody to cancel them', { cancelEveryMs: 6e4, timed: 0, failing: 0 }],
  ])('leaks nothing with %s', async (_, params) => {
    expect((await measure('priority', undefined, params)).failures).toEqual([])
  })
})

describe.runIf(process.platform === 'linux')('cancellation (real sockets)', () => {
  test('leaves no descriptor behind', async () => {
    const loop = realLoop(classesOf(cancellation, cancellation.params.parse({})))
    const { ctx, measured, failures } = testContext(cancellation, {
      ...SMALL,
      treesPerSecond: 300,
      workUs: 10,
    })
    const sockets = openSockets()
    await run(loop, () => runCancellation(loop, ctx, partsOf(loop)))
    expect(failures).toEqual([])
    expect(openSockets()).toBe(sockets)
    expect(measured.counts.get('cancelled')).toBeGreaterThan(10)
    loop.close()
  })
})

/** Counts those of this process. */
function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // the descriptor of the folder itself
    }
  }).length
}

const instead = (leaf: Leaf) => () => ({ leaves: { ...leaves, leaf } })

describe('cancellation notices', () => {
  test.each<[string, (loop: Loop) => Partial<Parts>, RegExp]>([
    [
      'a stream that nobody owns when its task is cancelled as it connects',
      () => ({
        leaves: {
          async naive(ground) {
            const task = ground.loop.currentTask!
            const connecting = opened(ground)
            connecting.addDoneCallback(() => task.cancel())
            const stream = await connecting
            stream.close()
          },
        },
      }),
      /client sockets were opened and \d+ closed/,
    ],
    [
      'a connection that is never closed',
      instead(async (ground) => void (await opened(ground))),
      /client sockets were opened and \d+ closed/,
    ],
    [
      'a permit that is not given back',
      instead(async ({ permits, loop }) => {
        await permits.acquire()
        await loop.sleep(ms(20))
        permits.release()
      }),
      /Of 4 permits \d are there at the end/,
    ],
    [
      'a permit that is given back twice',
      instead(async ({ permits }) => permits.release()),
      /Of 4 permits 5 are there/,
    ],
    [
      'a timer that is left behind',
      instead(async ({ loop }) => void loop.callLater(ms(3.6e6), () => {})),
      /\d+ timers are still there/,
    ],
    [
      'a task that nobody waits for',
      instead(async ({ loop }) => void loop.spawn(() => loop.sleep(ms(3.6e6)), { name: 'stray' })),
      /\d+ tasks are still there/,
    ],
    [
      'a commit that is cancelled with who wants it',
      instead(async ({ loop, ledger }) => {
        ledger.opened('shielded tasks')
        await loop.sleep(ms(10))
        ledger.closed('shielded tasks')
      }),
      /shielded tasks were opened and \d+ closed/,
    ],
    [
      'an item that is lost',
      instead(async ({ ledger }) => ledger.opened('queue items')),
      /queue items were opened and \d+ closed/,
    ],
    [
      'a leaf that fails in another way',
      instead(async () => {
        throw new Error('out of order')
      }),
      /A tree failed: out of order/,
    ],
    [
      'a group that does not wait',
      (loop) => ({
        taskGroup: (body) => Promise.resolve(body({ spawn: loop.spawn.bind(loop) } as unknown as TaskGroup)),
      }),
      /\d children outlived their task group/,
    ],
    [
      'a time-out that comes too early',
      (loop) => ({ timeout: (_, body) => loop.timeout(1, body) }),
      /A time-out of \d+(\.\d+)? ns ran out after 1 ns/,
    ],
    [
      'a tree that is cancelled by nobody',
      () => ({
        taskGroup: async () => {
          throw new CancelledError()
        },
      }),
      /A root was cancelled, but nobody had cancelled it/,
    ],
  ])('%s', async (_, change, message) => {
    const { failures } = await measure('fifo', change, { resets: 0 })
    expect(failures.join('\n')).toMatch(message)
  })
})
