/** A loop on the bench: one host of a virtual world, first come first served, with a log and what was reported. */
import type { Handle, IoEvent, LoopObserver, PolicyParts, ReadyQueue } from '../../harness/contracts.ts'
import { messageOf } from '../../harness/errors.ts'
import { type ClassTable, DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import { Deque } from '../../harness/loop/deque.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import type { ExceptionContext, Loop } from '../../harness/loop/loop.ts'
import type { TaskBody } from '../../harness/loop/task.ts'
import { Host } from '../../harness/world/host.ts'
import { World } from '../../harness/world/world.ts'

export const MS = 1e6

/** asyncio's order; `batch` limits a turn. */
export class Fifo implements ReadyQueue {
  readonly handles = new Deque<Handle>()
  turnLimit?: () => number

  constructor(batch?: number) {
    if (batch !== undefined) this.turnLimit = () => batch
  }

  get size(): number {
    return this.handles.size
  }

  push(handle: Handle): void {
    this.handles.push(handle)
  }

  shift(): Handle | undefined {
    return this.handles.shift()
  }
}

export interface BenchOptions {
  readonly queue?: ReadyQueue
  readonly policyObservers?: PolicyParts['observers']
  readonly observers?: readonly LoopObserver[]
  readonly classes?: ClassTable
}

export class Bench {
  readonly world = new World()
  readonly host: Host
  readonly loop: Loop
  readonly log: unknown[] = []
  readonly reports: ExceptionContext[] = []

  constructor({ queue = new Fifo(), policyObservers = [], observers, classes }: BenchOptions = {}) {
    const policy = { queue, observers: policyObservers }
    this.host = new Host(this.world, 0, { clock: new VirtualClock(), policy, observers, classes })
    this.loop = this.host.loop
    this.loop.setExceptionHandler((context) => this.reports.push(context))
  }

  /** What was reported, in words. */
  get complaints(): string[] {
    return this.reports.map(({ message, error }) => `${message}: ${messageOf(error)}`)
  }

  /** Runs the body as a task, and the world until it is done. */
  async run<T>(body: TaskBody<T>): Promise<T> {
    const task = this.loop.spawn(body, { name: 'main' })
    await this.world.run([task as AnyFuture])
    return task.result()
  }

  /** Runs until nothing is ready, timed or under way any more. */
  settle(): Promise<void> {
    return inMacrotask(() => {
      while (this.host.nextNs() < Number.POSITIVE_INFINITY) {
        this.host.clock.advanceTo(this.host.nextNs())
        this.loop.turn()
      }
    })
  }

  /** Takes some turns, one after the other. */
  turns(count: number): Promise<void> {
    return inMacrotask(() => {
      for (let i = 0; i < count; i++) this.loop.turn()
    })
  }

  /** An I/O event that writes its name into the log, at the time given. */
  deliverAt(atNs: number, name: string): void {
    const event = this.ioEvent(name)
    this.host.selector.deliverAt(atNs, () => event)
  }

  ioEvent(name: string): IoEvent {
    return { name, attributes: DEFAULT_ATTRIBUTES, pending: false, run: () => this.log.push(name) }
  }

  /** A callback that writes into the log. */
  note(entry: unknown): () => void {
    return () => this.log.push(entry)
  }
}

/** Out of the test's own microtask: there, V8 would not drain the loop's. */
export function inMacrotask<T>(action: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(action())
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** What a promise fails with; fails itself where it does not. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('It was expected to fail')
}
