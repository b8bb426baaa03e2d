import { describe, expect, test } from 'vitest'
import {
  EXECUTORS,
  type Executor,
  eventLoop,
  processes,
  threads,
} from '../../scenarios/io-or-cpu/executors.ts'
import { laneOf } from '../../scenarios/io-or-cpu/lane.ts'
import { type Service, WAYS, type Way } from '../../scenarios/io-or-cpu/latency.ts'
import scenario, { checkService, type Parts, runParts } from '../../scenarios/io-or-cpu.ts'
import { JobProcess } from '../../scenarios/three-models/process.ts'
import { inRealTime } from './three-models-runtime.ts'

const quick = {
  jobs: 6,
  workers: 2,
  ioMs: 2,
  cpuMs: 0.2,
  durationMs: 40,
  gapMs: 1,
  requestUs: 20,
  longMs: 12,
  sliceMs: 1,
}

function runWith(parts: Partial<Parts>, policy = 'fifo', params = quick) {
  return inRealTime(scenario, (loop, ctx) => runParts(loop, ctx, { executors: [], ways: [], ...parts }), {
    params,
    policy,
  })
}

/** An executor that does something else with its jobs. */
function altered(executor: Executor, alter: (done: unknown[]) => unknown[]): Executor {
  return {
    ...executor,
    async start(loop, workers) {
      const crew = await executor.start(loop, workers)
      return { ...crew, run: async (jobs) => alter([...(await crew.run(jobs))]) as never }
    },
  }
}

describe('io-or-cpu', () => {
  test('keeps its promises on a loop, on threads and on processes', async () => {
    const { failures, measured } = await runWith({ executors: EXECUTORS })
    expect(failures).toEqual([])
    expect([...measured.values.keys()]).toEqual([
      'total.io.eventLoop',
      'total.cpu.eventLoop',
      'total.io.threads',
      'total.cpu.threads',
      'total.io.processes',
      'total.cpu.processes',
    ])
    // Each of two places has three of the six jobs, which wait 2 ms: no pool can be faster.
    expect(measured.values.get('total.io.threads')).toBeGreaterThan(5e6)
    expect(measured.values.get('total.io.processes')).toBeGreaterThan(5e6)
  })

  test.each(['fifo', 'node'])('answers every request beside the computation under %s', async (policy) => {
    const { failures, measured, timelines } = await runWith({ ways: WAYS }, policy)
    expect(failures).toEqual([])
    const counts = WAYS.map(({ name }) => measured.latencies.get(name)!.length)
    expect(new Set(counts).size).toBe(1)
    expect(counts[0]).toBeGreaterThan(10)
    expect(measured.operations).toBe(counts[0]! * WAYS.length)
    const stretches = timelines[0]!.blocks.map(({ lanes }) => lanes[0]!.spans.length)
    expect(stretches).toEqual([0, 1, 12, 1])
  })

  test('gives way between slices and not within one piece', async () => {
    // Long enough that, also on a busy machine, some request comes while the slices run.
    const long = { ...quick, durationMs: 250, longMs: 80 }
    const { timelines } = await runWith({ ways: WAYS }, 'fifo', long)
    const [, whole, sliced] = timelines[0]!.blocks.map(({ lanes: [computation, requests] }) => {
      const [startNs, endNs] = [computation!.spans[0]?.startNs, computation!.spans.at(-1)?.endNs]
      return requests!.spans.filter(
        (span) => span.kind === 'running' && span.startNs > startNs! && span.endNs < endNs!,
      ).length
    })
    expect(whole).toBe(0)
    expect(sliced).toBeGreaterThan(0)
  })

  test('fails where a job is lost or comes to another result', async () => {
    const losing = altered(eventLoop, (done) => done.slice(1))
    expect((await runWith({ executors: [losing] })).failures).toEqual([
      'one event loop: of 12 jobs 10 were done',
    ])
    const wrong = altered(eventLoop, (done) => done.map((one) => ({ ...(one as object), result: 0 })))
    const { failures } = await runWith({ executors: [eventLoop, { ...wrong, title: 'wrong' }] })
    expect(failures).toEqual(["wrong: job 1 came to another result than by 'one event loop'"])
  })

  test('fails where jobs run somewhere else than they should', async () => {
    const outside = await runWith({ executors: [{ ...eventLoop, inside: false }] })
    expect(outside.failures.join()).toMatch(/one event loop: a job ran in this process, at \d+\/0/)
    const spread = await runWith({ executors: [{ ...threads, places: () => 1 }] })
    expect(spread.failures).toEqual(['threads: jobs ran in 2 places, not in 1'])
  })

  test('fails where the computation is not the same', async () => {
    const lazy: Way = {
      name: 'lazy',
      title: 'hardly at all',
      compute: async () => ({ result: 0, stretches: [] }),
    }
    const { failures } = await runWith({ ways: [...WAYS.slice(0, 2), lazy] })
    expect(failures).toEqual(['The computation hardly at all came to another result than in one piece'])
  })

  test('fails where a request is not answered, answered twice, or answered before it came', () => {
    const load = {
      requests: [
        { id: 1, atNs: 0 },
        { id: 2, atNs: 5 },
      ],
    } as never
    const failuresOf = (served: Service['served']) => {
      const failures: string[] = []
      const check = (holds: boolean, message: string) => void (holds || failures.push(message))
      checkService({ check }, { way: WAYS[0]!, startNs: 0, served, computation: undefined }, load)
      return failures
    }
    const first = { id: 1, arrivedNs: 0, startNs: 1, endNs: 2 }
    const second = { id: 2, arrivedNs: 5, startNs: 6, endNs: 7 }
    expect(failuresOf([first, second])).toEqual([])
    expect(failuresOf([first])).toEqual(['no computation: of 2 requests 1 were answered, 1 times'])
    expect(failuresOf([first, first])).toEqual(['no computation: of 2 requests 1 were answered, 2 times'])
    expect(failuresOf([first, { ...second, startNs: 4 }])).toEqual([
      'no computation: request 2 was answered before it came',
    ])
  })
})

test('the lane of requests waits where one has come and none runs', () => {
  const served = [
    { id: 1, arrivedNs: 10, startNs: 20, endNs: 30 },
    { id: 2, arrivedNs: 15, startNs: 30, endNs: 40 },
    { id: 3, arrivedNs: 50, startNs: 50, endNs: 60 },
  ]
  expect(laneOf(served, 10)).toEqual([
    { kind: 'waiting', startNs: 0, endNs: 10 },
    { kind: 'running', startNs: 10, endNs: 30 },
    { kind: 'running', startNs: 40, endNs: 50 },
  ])
})

describe('a process for jobs', () => {
  test('says what its job threw, goes on, and can be ended while it is blocked', async () => {
    const place = new JobProcess(({ block }, what: string) => {
      if (what === 'bad') throw new RangeError(what)
      if (what === 'long') block(60e9)
      return process.pid
    })
    await expect(place.run('bad')).rejects.toThrow('RangeError: bad')
    const pid = await place.run('good')
    expect(pid).not.toBe(process.pid)
    const reply = expect(place.run('long')).rejects.toThrow('The process ended before its job was done')
    await place.end()
    await reply
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('is not left behind where one of a pool cannot work', async () => {
    const crew = await processes.start(undefined as never, 2)
    const places = (await crew.run([1, 2].map((seed) => ({ waitNs: 1e6, iterations: 1, seed })))).map(
      ({ place }) => Number(place.split('/')[0]),
    )
    expect(await crew.memoryBytes()).toBeGreaterThan(2 * 2 ** 20)
    const running = crew.run([{ waitNs: 60e9, iterations: 1, seed: 1 }])
    const reply = expect(running).rejects.toThrow('ended before its job was done')
    await crew.close()
    await reply
    for (const pid of places) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
