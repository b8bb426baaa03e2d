import { describe, expect, test } from 'vitest'
import { brokenPromise, disagreement } from '../../scenarios/three-models/checks.ts'
import { blocking, eventLoop, MODELS, type Model, threads } from '../../scenarios/three-models/models.ts'
import { JobThread } from '../../scenarios/three-models/thread.ts'
import scenario, { runModels } from '../../scenarios/three-models.ts'
import { inRealTime } from './three-models-runtime.ts'

const quick = { waitMs: 4, computeMs: 1, waits: 2 }

function runWith(models: readonly Model[], policy = 'fifo') {
  return inRealTime(scenario, (loop, ctx) => runModels(loop, ctx, models), { params: quick, policy })
}

/** A model whose tasks do something else than they should. */
function altered(model: Model, alter: (traces: readonly never[]) => readonly unknown[]): Model {
  return {
    ...model,
    async prepare(loop) {
      const runner = await model.prepare(loop)
      return {
        run: async (plans, look) => alter((await runner.run(plans, look)) as readonly never[]) as never,
        close: () => runner.close(),
      }
    },
  }
}

describe('three-models', () => {
  test.each(['fifo', 'node'])('keeps its promises under %s', async (policy) => {
    const { failures, measured, timelines } = await runWith(MODELS, policy)
    expect(failures).toEqual([])
    for (const model of MODELS) expect(measured.values.get(`total.${model.name}`)).toBeGreaterThan(8e6)
    // The start of three threads takes more memory than anything the other models do.
    expect(measured.values.get('memory.threads')).toBeGreaterThan(4 * 2 ** 20)
    expect(measured.operations).toBe(3)
    expect(timelines[0]!.blocks.map(({ name, lanes }) => [name, lanes.length])).toEqual([
      ['one after another', 3],
      ['one thread each', 3],
      ['one event loop', 3],
    ])
  })

  test('draws what happened: as many waits and computations as there were', async () => {
    const { timelines } = await runWith([eventLoop])
    for (const { spans } of timelines[0]!.blocks[0]!.lanes) {
      expect(spans.map(({ kind }) => kind)).toEqual(['running', 'waiting', 'running', 'waiting', 'running'])
      expect(spans.every(({ startNs, endNs }) => startNs >= 0 && endNs >= startNs)).toBe(true)
    }
  })

  test('fails where tasks are interleaved that should follow one another', async () => {
    const { failures } = await runWith([{ ...eventLoop, exclusive: 'anything' }])
    expect(failures.join()).toMatch(/one event loop: the tasks \d and \d ran at the same time/)
  })

  test('fails where a model does not compute', async () => {
    const lazy = altered(blocking, (traces) => traces.map((trace: object) => ({ ...trace, result: 0 })))
    const { failures } = await runWith([eventLoop, lazy])
    expect(failures).toEqual(["one after another: task 1 came to another result than in 'one event loop'"])
  })

  test('fails where a task is lost or does not wait', async () => {
    const losing = altered(eventLoop, (traces) => traces.slice(1))
    expect((await runWith([losing])).failures).toEqual(['one event loop: of 3 tasks 2 were done'])
    const hasty = altered(eventLoop, (traces) =>
      traces.map(({ spans, result }: { spans: { kind: string; startNs: number }[]; result: number }) => ({
        result,
        spans: spans.map((span) => (span.kind === 'waiting' ? { ...span, endNs: span.startNs } : span)),
      })),
    )
    expect((await runWith([hasty])).failures.join()).toMatch(/task 1 waited 0 ns where it had to wait \d+ ns/)
  })

  test('ends its threads where a model breaks down', async () => {
    let ended = 0
    const breaking: Model = {
      ...threads,
      prepare: async () => ({
        run: () => Promise.reject(new Error('no')),
        close: async () => void ended++,
      }),
    }
    await expect(runWith([breaking])).rejects.toThrow('no')
    expect(ended).toBe(1)
  })
})

describe('the checks', () => {
  const running = (startNs: number, endNs: number) => ({ kind: 'running', startNs, endNs }) as const
  const plans = [[{ iterations: 1, waitNs: 0 }], [{ iterations: 1, waitNs: 0 }]]
  const traces = [
    { spans: [running(0, 10)], result: 1 },
    { spans: [running(10, 20)], result: 2 },
  ]

  test('let tasks follow one another without a gap', () => {
    expect(brokenPromise({ title: 'x', exclusive: 'anything' }, plans, traces)).toBeUndefined()
    expect(disagreement([{ model: eventLoop, traces }])).toBeUndefined()
  })

  test('do not let two tasks run at once in one thread', () => {
    const both = [traces[0]!, { spans: [running(9, 20)], result: 2 }]
    const broken = (exclusive: Model['exclusive']) => brokenPromise({ title: 'x', exclusive }, plans, both)
    expect(broken('running')).toBe('x: the tasks 1 and 2 ran at the same time')
    expect(broken('nothing')).toBeUndefined()
  })
})

describe('a thread for jobs', () => {
  test('says what its job threw, and goes on', async () => {
    const thread = new JobThread((_tools, what: string) => {
      if (what === 'bad') throw new RangeError(what)
      return what.length
    })
    await expect(thread.run('bad')).rejects.toThrow('RangeError: bad')
    expect(await thread.run('good')).toBe(4)
    await thread.end()
  })

  test('ends while its job is blocked, and tells whoever waits for it', async () => {
    const thread = new JobThread(({ block }) => block(60e9))
    const reply = expect(thread.run()).rejects.toThrow('ended before its job was done')
    await thread.end()
    await reply
    await expect(thread.run()).rejects.toThrow('ended before')
  })
})
