import type { Address, Attributes, Listener, ListenOptions } from '../contracts.ts'
import { type Arrival, ArrivalStream } from './arrivals.ts'
import { type ClassTable, deriveAttributes } from './attributes.ts'
import {
  type GatherOptions,
  gather,
  shield,
  timeout,
  type WaitOptions,
  type WaitResult,
  wait,
} from './combinators.ts'
import type { ExceptionContext, ExceptionHandler } from './exceptions.ts'
import { Future } from './future.ts'
import { CALLBACK, ReadyHandle } from './handle.ts'
import { Kernel, type KernelOptions } from './kernel.ts'
import { LiveTasks } from './live-tasks.ts'
import type { Services, ThreadFunction } from './services.ts'
import { sleep } from './sleep.ts'
import { connect, listen, type Stream, type StreamHandler } from './streams.ts'
import { type SpawnOptions, Task, type TaskBody } from './task.ts'
import { type TaskGroup, taskGroup } from './task-group.ts'
import { type Offers, ThreadGate } from './thread-gate.ts'
import type { TimerHandle } from './timers.ts'
import { YieldPoint } from './yield-point.ts'

export type { ExceptionContext }

export interface LoopOptions extends KernelOptions {
  readonly services: Services
  readonly classes?: ClassTable
}

/**
 * An event loop with the semantics of CPython's asyncio, whose order of execution is a policy's: all that programs
 * call. It does not run by itself: a driver calls `turn()` (see `Kernel`).
 */
export class Loop extends Kernel {
  readonly #listeners: Listener[] = []
  readonly #gates: ThreadGate[] = []
  readonly classes: ClassTable
  readonly services: Services
  readonly #yieldPoint = new YieldPoint(this)
  readonly #tasks = new LiveTasks()

  constructor(options: LoopOptions) {
    super(options)
    this.services = options.services
    this.classes = options.classes ?? {}
  }

  // ------------------------------------------------------------------ callbacks and time

  nowNs(): number {
    return this.clock.nowNs()
  }

  /** Holds the processor: burns CPU in real time, advances the clock in virtual time. */
  work(durationNs: number): void {
    this.clock.work(durationNs)
    this.admitArrivals()
  }

  /** Calls `callback` in the next turn. It inherits class, priority and deadline of what runs now. */
  callSoon(callback: () => void): ReadyHandle
  callSoon<A>(callback: (argument: A) => void, argument: A, options?: SpawnOptions): ReadyHandle
  callSoon<A>(callback: (argument: A) => void, argument?: A, options?: SpawnOptions): ReadyHandle {
    const handle = new ReadyHandle(CALLBACK, this.#derive(options), undefined, callback, argument, undefined)
    this.enqueue(handle)
    return handle
  }

  /** As `callSoon`, from outside the loop (a Node callback, a signal handler): wakes the loop where it sleeps. */
  callSoonThreadsafe(callback: () => void): ReadyHandle {
    const handle = this.callSoon(callback)
    this.selector.wake()
    return handle
  }

  callLater(delayNs: number, callback: () => void, options?: SpawnOptions): TimerHandle {
    return this.callAt(this.clock.nowNs() + delayNs, callback, options)
  }

  /** @internal `callLater` with an argument instead of a closure. */
  callLaterWith<A>(delayNs: number, callback: (argument: A) => void, argument: A): TimerHandle {
    return this.addTimer(this.clock.nowNs() + delayNs, callback, argument, this.currentAttributes)
  }

  callAt(whenNs: number, callback: () => void, options?: SpawnOptions): TimerHandle {
    return this.addTimer(whenNs, callback, undefined, this.#derive(options))
  }

  #derive(options: SpawnOptions | undefined): Attributes {
    const parent = this.currentAttributes
    return options === undefined ? parent : deriveAttributes(parent, options, this.classes, this.clock)
  }

  // ------------------------------------------------------------------ futures and tasks

  createFuture<T = void>(): Future<T> {
    return new Future<T>(this)
  }

  /** Starts an async function or a generator function as a task; its first step runs in the next turn. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    const task = new Task<T>(this, body, options?.name ?? (body.name || 'task'), this.#derive(options))
    this.#tasks.add(task as Task)
    this.observers.taskSpawned?.(task as Task)
    return task
  }

  /** Done after `delayNs`. 0 or less: gives way once, without a timer (asyncio's sleep(0)). */
  sleep(delayNs: number): PromiseLike<void> {
    if (delayNs <= 0) return this.#yieldPoint
    return sleep(this, delayNs)
  }

  /** The current task goes to the back of the ready queue, once. */
  yieldNow(): PromiseLike<void> {
    return this.#yieldPoint
  }

  /** A future that follows a promise of Node's or a library's, so that a task may await it under the policy. */
  fromPromise<T>(promise: PromiseLike<T>): Future<T> {
    if (promise instanceof Future) return promise
    const future = new Future<T>(this)
    promise.then(
      (value) => future.done || future.setResult(value),
      (error) => future.done || future.setError(error),
    )
    return future
  }

  gather<T>(awaitables: Iterable<Future<T> | TaskBody<T>>, options?: GatherOptions): Future<T[]> {
    return gather(this, awaitables, options)
  }

  wait<T>(futures: Iterable<Future<T>>, options?: WaitOptions): Promise<WaitResult<T>> {
    return wait(this, futures, options)
  }

  shield<T>(future: Future<T>): Future<T> {
    return shield(this, future)
  }

  timeout<T>(delayNs: number, body: () => PromiseLike<T>): Promise<T> {
    return timeout(this, delayNs, body)
  }

  taskGroup<T>(body: (group: TaskGroup) => PromiseLike<T>): Promise<T> {
    return taskGroup(this, body)
  }

  /** Tasks that have not ended, newest first. */
  tasks(): Iterable<Task> {
    return this.#tasks
  }

  get taskCount(): number {
    return this.#tasks.count
  }

  /** @internal */
  taskEnded(task: Task): void {
    this.#tasks.remove(task)
    this.observers.taskFinished?.(task)
  }

  // ------------------------------------------------------------------ I/O and threads

  /**
   * Calls `arrive` for each item when its time has come. An arrival is no handle: no policy delays it, and it costs
   * the loop nothing. What it makes ready counts as ready since then, and is queued before all that the loop makes
   * ready at that time or later, also where one handle holds the loop meanwhile. Done when all have come; fails
   * with `RangeError` where times descend.
   */
  arrivals<T extends Arrival>(source: Iterable<T>, arrive: (item: T) => void): Future<void> {
    const stream = new ArrivalStream(this, source, arrive)
    this.addArrivals(stream as unknown as ArrivalStream)
    return stream.done
  }

  /** Accepts that failed for want of descriptors, on all listeners so far. */
  get acceptFailures(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.acceptFailures, 0)
  }

  /** Serves each connection in a task of its own. */
  listen(address: Address, handler: StreamHandler, options?: ListenOptions & SpawnOptions): Listener {
    const listener = listen(this, address, handler, options)
    this.#listeners.push(listener)
    return listener
  }

  connect(address: Address): Future<Stream> {
    return connect(this, address)
  }

  /** Runs a self-contained function (it is sent as source text) in a worker thread. */
  runInThread<A extends unknown[], R>(job: ThreadFunction<A, R>, ...args: A): Future<Awaited<R>> {
    return this.services.runInThread(this, job, args)
  }

  /**
   * Offers functions to threads, which submit work to this loop by name; its threads end with the loop. Throws
   * `UnsupportedError` in virtual time.
   */
  openGate(offers: Offers): ThreadGate {
    const gate = new ThreadGate(this, offers)
    this.#gates.push(gate)
    return gate
  }

  readFile(path: string): Future<Uint8Array> {
    return this.services.readFile(this, path)
  }

  writeFile(path: string, data: Uint8Array): Future<void> {
    return this.services.writeFile(this, path, data)
  }

  // ------------------------------------------------------------------ exceptions

  /** Replaces the default handler, which writes to stderr. */
  setExceptionHandler(handler: ExceptionHandler | undefined): void {
    this.exceptions.setHandler(handler)
  }

  /** Reports failed tasks and futures that nobody looked at, then forgets them. */
  reportUnretrieved(): void {
    this.exceptions.reportUnretrieved()
  }

  close(): void {
    this.reportUnretrieved()
    for (const gate of this.#gates) gate.terminate()
    this.services.close()
    this.selector.close()
  }
}
