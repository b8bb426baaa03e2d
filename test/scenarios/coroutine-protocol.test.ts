import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Loop } from '../../harness/loop/loop.ts'
import { runVirtual } from '../../harness/measure/round.ts'
import { createRealRuntime } from '../../harness/measure/runtime.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import {
  asyncConversation,
  type Conversation,
  checkConversations,
  conversation,
  driveByHand,
  driveByLoop,
} from '../../scenarios/coroutine-protocol/conversation.ts'
import { measureCoroutineMemory, type Waiters } from '../../scenarios/coroutine-protocol/memory.ts'
import { measureSwitches, PASSERS } from '../../scenarios/coroutine-protocol/switches.ts'
import {
  measureThreadMemory,
  measureThreadSwitch,
  PLAYER_SOURCE,
} from '../../scenarios/coroutine-protocol/threads.ts'
import scenario from '../../scenarios/coroutine-protocol.ts'
import { modelOf, simulate } from '../world/simulate.ts'
import { testContext } from './context.ts'

describe('coroutine-protocol (virtual time)', () => {
  test.each(['fifo', 'lifo', 'hrrn'])(
    'drives one conversation by hand and by the loop, under %s',
    async (name) => {
      const policy = await preparePolicy(name)
      const { status, findings, tables } = await runVirtual({
        policy,
        plain: policy,
        scenario,
        params: scenario.params.parse({}),
        selector: 'epoll',
        seed: 1,
        world: modelOf({}),
      })
      expect([status, findings]).toEqual(['ok', []])
      expect(tables).toHaveLength(1)
      expect(tables[0]!.rows).toEqual([
        ['next()', 'yields first', 'spawn', 'yields first', 'begins'],
        ["next('one')", 'yields second', "setResult('one')", 'yields second', 'is given one'],
        ["throw('two')", 'yields third', "setError('two')", 'yields third', 'catches two'],
        ["next('three')", 'yields fourth', "setResult('three')", 'yields fourth', 'is given three'],
        ["return('enough')", 'is done: enough', 'cancel()', 'is cancelled', 'tidies up'],
        ['next()', 'is done: undefined', 'cancel()', 'is cancelled', 'nothing'],
      ])
    },
  )
})

/** What is found wrong where the coroutine is another one. */
async function faultsOf(byHand: typeof conversation, byLoop: Conversation): Promise<string[]> {
  const { ctx, failures } = testContext(scenario, {})
  const acts = driveByHand(byHand)
  const { value } = await simulate('fifo', (loop) => driveByLoop(loop, byLoop))
  checkConversations(ctx, acts, { async: value })
  return failures
}

describe('coroutine-protocol notices', () => {
  test('nothing where all is well', async () => {
    expect(await faultsOf(conversation, asyncConversation)).toEqual([])
  })

  test('a generator that does not do what the language promises', async () => {
    function* deaf(...[ask, hear]: Parameters<typeof conversation>): ReturnType<typeof conversation> {
      hear('begins')
      hear(`is given ${yield ask('first')}`)
      yield ask('second')
    }
    expect(await faultsOf(deaf, deaf)).toEqual([
      "By hand, at throw('two') the coroutine throws two and hears: nothing; it should: catches two",
      "By hand, at next('three') the coroutine is done: undefined and hears: nothing; it should: is given three",
      "By hand, at return('enough') the coroutine is done: enough and hears: nothing; it should: tidies up",
    ])
  })

  test('a task that hears something else than the generator', async () => {
    const hardOfHearing: Conversation = (ask, hear) =>
      asyncConversation(ask, (what) => {
        if (what !== 'catches two' && what !== 'tidies up') hear(what)
      })
    expect(await faultsOf(conversation, hardOfHearing)).toEqual([
      "By the loop, at setError('two') the async hears: nothing; by hand: catches two",
      'By the loop, at cancel() the async hears: nothing; by hand: tidies up',
    ])
  })

  test('a coroutine that does not give way as often as it should', async () => {
    const { ctx, failures } = testContext(scenario, {})
    const hasty = {
      ...PASSERS,
      generator: (times: number, passed: () => void) => PASSERS.generator(times - 1, passed),
    }
    await simulate('fifo', (loop) => measureSwitches(loop, ctx, 4200, hasty))
    expect(new Set(failures)).toEqual(
      new Set([
        'Of 200 switches of the generator by hand 100 were made',
        'Of 200 switches of the generator task 100 were made',
      ]),
    )
  })

  test('a suspended coroutine that does not go on, and how much each of them holds', async () => {
    const { ctx, failures } = testContext(scenario, {})
    let calls = 0
    const waiters: Waiters = {
      *generator(gate, wentOn) {
        const held = new Array(1250).fill(0.5)
        yield gate
        if (held.length > 0) wentOn()
      },
      async async(gate, wentOn) {
        await gate
        if (++calls % 100 > 0) wentOn()
      },
    }
    const { value } = await simulate('fifo', (loop) => measureCoroutineMemory(loop, ctx, 1000, waiters))
    expect(failures).toEqual([
      'Of 100 suspended coroutines (async) 99 went on',
      'Of 1000 suspended coroutines (async) 990 went on',
    ])
    // The array alone takes 10,000 bytes.
    for (const bytes of [value.byHand, value.generator]) expect(Math.abs(bytes - 10_500)).toBeLessThan(1500)
    expect(Math.abs(value.async - 1000)).toBeLessThan(900)
  })
})

describe('threads', () => {
  async function onLoop<T>(program: (loop: Loop) => Promise<T>): Promise<T> {
    const policy = await preparePolicy('fifo')
    const { loop, run } = createRealRuntime({
      policy,
      selector: 'libuv',
      classes: {},
      random: createRandom(1),
    })
    const task = loop.spawn(() => program(loop))
    await run(task)
    try {
      return task.result()
    } finally {
      loop.close()
    }
  }

  /** What one counts by itself, and says at the end. */
  async function play(source?: string): Promise<string[]> {
    const { ctx, failures } = testContext(scenario, {})
    await onLoop((loop) => measureThreadSwitch(loop, ctx, 1000, source))
    return failures
  }

  test('hand a token to and fro', async () => {
    expect(await play()).toEqual([])
  })

  test('are noticed where one has the token more often than the other', async () => {
    const greedy = PLAYER_SOURCE.replace('turn % players !== index', 'index === 1')
    expect(await play(greedy)).toEqual([
      'Thread 1 had the token 1100 times, not 550',
      'Thread 2 had the token 0 times, not 550',
    ])
  })

  test.skipIf(process.platform !== 'linux')(
    'weigh something, and are gone when one fails as well',
    async () => {
      const threads = () => readdirSync('/proc/self/task').length
      await play()
      const before = threads()
      expect(await onLoop((loop) => measureThreadMemory(loop, 2))).toBeGreaterThan(100_000)
      const failing = `if (require('node:worker_threads').workerData.index === 0) throw new Error('Fell asleep')
        ${PLAYER_SOURCE}`
      await expect(play(failing)).rejects.toThrow('Fell asleep')
      expect(threads()).toBeLessThanOrEqual(before)
    },
  )
})
