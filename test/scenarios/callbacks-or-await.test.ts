import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { UnsupportedError } from '../../harness/errors.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { runVirtual } from '../../harness/measure/round.ts'
import { createRealRuntime } from '../../harness/measure/runtime.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import { openLevel, openStore, type Store } from '../../scenarios/callbacks-or-await/store.ts'
import { WRITINGS, type Writing } from '../../scenarios/callbacks-or-await/writings.ts'
import scenario, { makeCallbacksOrAwait, type Parts } from '../../scenarios/callbacks-or-await.ts'
import { modelOf } from '../world/simulate.ts'

const SMALL = { workflows: 20, concurrency: 3, costRuns: 100 }

async function round(tested: typeof scenario, policy = 'fifo') {
  return runVirtual({
    policy: await preparePolicy(policy),
    plain: await preparePolicy('fifo'),
    scenario: tested,
    params: tested.params.parse(SMALL),
    selector: 'epoll',
    seed: 1,
    world: modelOf({}),
  })
}

/** What is found wrong where a part is replaced. */
async function faultsOf(parts: Partial<Parts>): Promise<string[]> {
  const { findings } = await round(makeCallbacksOrAwait({ writings: WRITINGS, openStore, ...parts }))
  return findings.map(({ message }) => message)
}

const asyncAwait = WRITINGS.find(({ name }) => name === 'async')!

function broken(start: Writing['start']): Partial<Parts> {
  return { writings: [{ name: 'broken', title: 'broken', isCareful: true, start }] }
}

function brokenStore(change: (store: Store) => Partial<Store>): Partial<Parts> {
  return {
    openStore: async (loop) => {
      const store = await openStore(loop)
      return { ...store, ...change(store) }
    },
  }
}

describe('callbacks-or-await (virtual time)', () => {
  test.each(['fifo', 'lifo', 'priority', 'sjf'])('passes its own checks under %s', async (policy) => {
    const { status, findings, metrics } = await round(scenario, policy)
    expect([status, findings]).toEqual(['ok', []])
    expect(metrics.operations!.value).toBe(60)
    expect([metrics['errors.caught']!.value, metrics['errors.dropped']!.value]).toEqual([12, 8])
  })

  test('shows who catches the error of each stage', async () => {
    const { tables } = await round(scenario)
    const byHand = Array(4).fill('caught by hand')
    const once = Array(4).fill('caught in one place')
    const unheard = Array(4).fill('dropped: only the loop hears of it')
    expect(tables.find(({ title }) => title.startsWith('What happens to an error'))!.rows).toEqual([
      ['callbacks, checked', ...byHand, '4'],
      ['generator, one try', ...once, '1'],
      ['async, one try', ...once, '1'],
      [
        'callbacks, one try',
        'dropped: only the loop hears a SyntaxError',
        'dropped: only the loop hears of it',
        'dropped: passes for success',
        'dropped: passes for success',
        '0',
      ],
      ['async, not awaited', ...unheard, '0'],
    ])
  })

  test('counts the handles of a workflow: a callback is one, an await two', async () => {
    const { tables } = await round(scenario)
    const costs = tables.find(({ title }) => title === 'What a style costs')!
    expect(costs.rows.map((row) => row.at(-1))).toEqual([3, 7, 7])
  })

  test('gives steps a cost where the world has costs', async () => {
    const fifo = await preparePolicy('fifo')
    const { metrics } = await runVirtual({
      policy: fifo,
      plain: fifo,
      scenario,
      params: scenario.params.parse(SMALL),
      selector: 'epoll',
      seed: 1,
      world: modelOf({ dispatchNs: '1000' }),
    })
    // Three handles and seven, for four stages each; the measuring has a few of its own.
    const { 'step.callbacks': callbacks, 'step.async': awaited } = metrics
    expect(callbacks!.value / 750).toBeCloseTo(1, 0)
    expect(awaited!.value / callbacks!.value).toBeCloseTo(7 / 3, 0)
  })
})

describe('callbacks-or-await notices', () => {
  test('a style that forgets to save', async () => {
    const forgetful = broken((loop, steps, job, ending) =>
      asyncAwait.start(loop, steps, { ...job, logKey: job.logKey && job.resultKey }, ending),
    )
    expect(await faultsOf(forgetful)).toContain(
      'Of 40 entries the style broken should have stored 20 are right',
    )
  })

  test('a database that loses what it was given', async () => {
    const lossy = brokenStore(({ save }) => ({
      save: (key, value, done) => (key?.includes('async/log/7') ? done(undefined) : save(key, value, done)),
    }))
    expect(await faultsOf(lossy)).toContain('Of 40 entries the style async should have stored 39 are right')
  })

  test('a careful style that drops an error', async () => {
    const unchecked = WRITINGS.find(({ name }) => name === 'callbacks-unchecked')!
    expect(await faultsOf(broken(unchecked.start))).toEqual(
      ['get', 'process', 'save', 'save again'].map(
        (stage) => `An error of the stage '${stage}' was dropped by broken`,
      ),
    )
  })

  test('a style that makes another error of it', async () => {
    const hiding = broken((loop, steps, job, ending) =>
      asyncAwait.start(loop, steps, job, {
        ...ending,
        caught: (_error, place) => ending.caught(new Error('Something went wrong'), place),
      }),
    )
    expect(await faultsOf(hiding)).toContain("An error of the stage 'save' came out of broken as another one")
  })

  test('a stage that was to fail and does not', async () => {
    const takesAll = brokenStore(({ save }) => ({
      save: (key, value, done) => save(key ?? 'nothing', value, done),
    }))
    expect(await faultsOf(takesAll)).toContain("The stage 'save' of generator was made to fail and did not")
  })

  test('a workflow that never ends', async () => {
    expect(await faultsOf(broken(() => undefined))).toEqual([
      'Of 20 workflows written as broken 0 ended',
      'Of 40 entries the style broken should have stored 0 are right',
      ...['get', 'process', 'save', 'save again'].flatMap((stage) => [
        `The stage '${stage}' of broken was made to fail and did not`,
        `An error of the stage '${stage}' was dropped by broken`,
      ]),
      'serve failed: Timed out after 10005 ms',
    ])
  })

  test('a workflow that ends twice', async () => {
    const twice = broken((loop, steps, job, ending) =>
      asyncAwait.start(loop, steps, job, {
        ...ending,
        finished(item) {
          ending.finished(item)
          if (job.path === '/item/3') ending.finished(item)
        },
      }),
    )
    expect(await faultsOf(twice)).toContain('A workflow written as broken ended twice')
  })

  test('a workflow that fails', async () => {
    const lost = broken((loop, steps, job, ending) =>
      asyncAwait.start(loop, steps, { ...job, path: job.path.replace('/item/4', '/nowhere') }, ending),
    )
    expect(await faultsOf(lost)).toContain(
      "A workflow written as broken failed at 'the one catch': Error: The origin answered with status 404",
    )
  })

  test('what a callback throws after the trials', async () => {
    const late = broken((loop, steps, job, ending) => {
      if (job.path === '/')
        loop.callSoon(() => {
          throw new Error('Late')
        })
      return asyncAwait.start(loop, steps, job, ending)
    })
    expect((await faultsOf(late)).some((message) => message.endsWith(': Error: Late'))).toBe(true)
  })

  test('a failure of its own, and closes the database all the same', async () => {
    const close = vi.fn()
    const failing = brokenStore((store) => ({
      load: () => Promise.reject(new Error('The disk is gone')),
      close: () => {
        close()
        return store.close()
      },
    }))
    expect(await faultsOf(failing)).toContain('serve failed: The disk is gone')
    expect(close).toHaveBeenCalledOnce()
  })
})

describe('the database of real time', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'loopdyno-test-'))
    vi.stubEnv('TMPDIR', folder)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })

  async function onLoop(program: (loop: Loop) => Promise<void>): Promise<void> {
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
      task.result()
    } finally {
      loop.close()
    }
  }

  test('keeps what is saved, refuses what has no key, and leaves nothing behind', async () => {
    await onLoop(async (loop) => {
      const store = await openLevel(loop)
      const save = (key: string | null) => {
        const done = loop.createFuture<Error | undefined>()
        store.save(key, 'text', (error) => done.setResult(error))
        return done
      }
      expect(await save('one')).toBeUndefined()
      expect(await save(null)).toMatchObject({ code: 'LEVEL_INVALID_KEY' })
      expect(await store.load(['one', 'two'])).toEqual(['text', undefined])
      expect(readdirSync(folder)).toHaveLength(1)
      await store.close()
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('removes what a killed process has left, and nothing of one that lives', async () => {
    const [dead, alive] = [2 ** 22 + 1, process.pid].map((pid) =>
      join(folder, `loopdyno-callbacks-or-await-${pid}-abcdef`),
    )
    mkdirSync(join(dead!, 'database'), { recursive: true })
    mkdirSync(alive!)
    await onLoop(async (loop) => {
      await (await openLevel(loop)).close()
    })
    expect([existsSync(dead!), existsSync(alive!)]).toEqual([false, true])
  })

  test('says so where it cannot be loaded, and makes no folder', async () => {
    vi.doMock('classic-level', () => {
      throw new Error('No native build was found')
    })
    try {
      await expect(onLoop(async (loop) => void (await openLevel(loop)))).rejects.toThrow(UnsupportedError)
    } finally {
      vi.doUnmock('classic-level')
    }
    expect(readdirSync(folder)).toEqual([])
  })
})
