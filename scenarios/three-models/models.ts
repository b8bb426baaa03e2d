/** The same tasks in three models of concurrency. Where a task is blocked, only the model decides who runs. */
import type { Loop } from '../../harness/api.ts'
import { compute, monotonicNs, type Tools } from './blocking.ts'
import { JobThread } from './thread.ts'

/** Computes, then waits; a wait of 0 ns is none. */
export interface Step {
  readonly iterations: number
  readonly waitNs: number
}

/** What one task has to do. */
export type Plan = readonly Step[]

export interface Span {
  readonly kind: 'running' | 'waiting'
  readonly startNs: number
  readonly endNs: number
}

/** What one task did, on the machine's monotonic clock. */
export interface TaskTrace {
  readonly spans: readonly Span[]
  /** Of its computation: the same in every model. */
  readonly result: number
}

/** A model that is ready to begin. */
export interface Runner {
  /** Calls `look` where it may hold most memory. */
  run(plans: readonly Plan[], look: () => void): Promise<readonly TaskTrace[]>
  /** Ends its threads, whatever became of the tasks. */
  close(): Promise<void>
}

export interface Model {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Runs on the loop under test: the others have nothing to do with its policy. */
  readonly onLoop: boolean
  /** What two tasks never do at the same time: anything, run, or (`nothing`) there is no such promise. */
  readonly exclusive: 'anything' | 'running' | 'nothing'
  /** Makes what was there before the first task came. */
  prepare(loop: Loop): Promise<Runner>
}

/** A task as blocking code. Self-contained: it runs in a thread. */
function runBlocking({ nowNs, compute, block }: Tools, plan: Plan, seed: number): TaskTrace {
  const spans: Span[] = []
  let result = seed
  for (const { iterations, waitNs } of plan) {
    const startNs = nowNs()
    result = compute(iterations, result)
    const endNs = nowNs()
    spans.push({ kind: 'running', startNs, endNs })
    block(waitNs)
    if (waitNs > 0) spans.push({ kind: 'waiting', startNs: endNs, endNs: nowNs() })
  }
  return { spans, result }
}

/** The same task as a coroutine. */
async function runCooperative(loop: Loop, plan: Plan, seed: number, look: () => void): Promise<TaskTrace> {
  const spans: Span[] = []
  let result = seed
  for (const { iterations, waitNs } of plan) {
    const startNs = monotonicNs()
    result = compute(iterations, result)
    const endNs = monotonicNs()
    spans.push({ kind: 'running', startNs, endNs })
    look()
    if (waitNs > 0) await loop.sleep(waitNs)
    if (waitNs > 0) spans.push({ kind: 'waiting', startNs: endNs, endNs: monotonicNs() })
  }
  return { spans, result }
}

/** In a thread beside the loop, so that the loop's own figures stay those of the event loop. */
export const blocking: Model = {
  name: 'blocking',
  title: 'one after another',
  onLoop: false,
  exclusive: 'anything',
  async prepare() {
    const thread = new JobThread(runBlocking)
    await thread.run([], 1) // it is there: its start is no part of the model
    return {
      async run(plans) {
        const traces: TaskTrace[] = []
        for (const [index, plan] of plans.entries()) traces.push(await thread.run(plan, index + 1))
        return traces
      },
      close: () => thread.end(),
    }
  },
}

/** Its start is part of the price of a thread. */
export const threads: Model = {
  name: 'threads',
  title: 'one thread each',
  onLoop: false,
  exclusive: 'nothing',
  async prepare() {
    const started: JobThread<[Plan, number], TaskTrace>[] = []
    return {
      async run(plans, look) {
        const traces = await Promise.all(
          plans.map((plan, index) => {
            const thread = new JobThread(runBlocking)
            started.push(thread)
            return thread.run(plan, index + 1)
          }),
        )
        look()
        return traces
      },
      close: async () => void (await Promise.all(started.map((thread) => thread.end()))),
    }
  },
}

export const eventLoop: Model = {
  name: 'eventLoop',
  title: 'one event loop',
  onLoop: true,
  exclusive: 'running',
  async prepare(loop) {
    return {
      run: async (plans, look) =>
        loop.gather(
          plans.map((plan, index) =>
            loop.spawn(() => runCooperative(loop, plan, index + 1, look), {
              className: 'task',
              name: `task ${index + 1}`,
            }),
          ),
        ),
      close: async () => {},
    }
  },
}

/** In the order of the picture. */
export const MODELS: readonly Model[] = [blocking, threads, eventLoop]
