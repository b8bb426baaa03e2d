import type {
  Address,
  Attributes,
  Clock,
  IoEvent,
  Listener,
  ListenOptions,
  LoopObserver,
  PolicyParts,
  Selector,
} from '../contracts.ts'
import { messageOf } from '../errors.ts'
import { type ClassTable, DEFAULT_ATTRIBUTES, deriveAttributes } from './attributes.ts'
import {
  type GatherOptions,
  gather,
  shield,
  timeout,
  type WaitOptions,
  type WaitResult,
  wait,
} from './combinators.ts'
import { CancelledError, Future } from './future.ts'
import { GuardedQueue } from './guard.ts'
import { CallbackHandle, ReadyHandle } from './handle.ts'
import { drainMicrotasks } from './microtasks.ts'
import { Observers } from './observers.ts'
import type { Services, ThreadFunction } from './services.ts'
import { Sleep } from './sleep.ts'
import { connect, listen, type Stream, type StreamHandler } from './streams.ts'
import { type SpawnOptions, Task, type TaskBody, YieldPoint } from './task.ts'
import { type TaskGroup, taskGroup } from './task-group.ts'
import { type TimerHandle, Timers } from './timers.ts'

export interface LoopOptions {
  readonly policy: PolicyParts
  readonly selector: Selector
  readonly clock: Clock
  readonly services: Services
  readonly classes?: ClassTable
  readonly observers?: readonly LoopObserver[]
}

/** What an exception handler is told. */
export interface ExceptionContext {
  readonly message: string
  readonly error: unknown
  readonly source?: ReadyHandle | Task | undefined
}

/** An I/O event on its way to run. */
export class IoHandle extends ReadyHandle {
  readonly #event: IoEvent

  constructor(event: IoEvent) {
    super(event.attributes, undefined)
    this.#event = event
  }

  get name(): string {
    return this.#event.name
  }

  run(): void {
    this.#event.pending = false
    this.#event.run()
  }
}

/**
 * An event loop with the semantics of CPython's asyncio, whose order of execution is a policy's. It does not run
 * by itself: a driver calls `turn()`. Nothing here assumes that turns follow one another without a pause.
 */
export class Loop {
  readonly clock: Clock
  readonly classes: ClassTable
  readonly selector: Selector
  readonly services: Services
  /** The task whose step is running, if any. */
  currentTask: Task | undefined
  /** @internal Failed futures that nobody has looked at. */
  readonly unretrieved = new Set<Future>()
  readonly observers: Observers
  protected readonly queue: GuardedQueue
  protected readonly timers = new Timers()
  readonly #yieldPoint = new YieldPoint(this)
  #sequence = 0
  #current: ReadyHandle | undefined
  #liveTasks: Task | undefined
  #taskCount = 0
  #onException: ((context: ExceptionContext) => void) | undefined
  /** Turns taken, and looks at I/O. */
  turns = 0
  selects = 0

  constructor(options: LoopOptions) {
    this.clock = options.clock
    this.selector = options.selector
    this.services = options.services
    this.classes = options.classes ?? {}
    this.queue = new GuardedQueue(options.policy.queue)
    this.observers = new Observers(
      [...(options.observers ?? []), ...options.policy.observers],
      this.queue.wantsRunTimes ? this.queue : undefined,
    )
  }

  // ------------------------------------------------------------------ the turn

  /**
   * One turn: compute the time-out, look at I/O, I/O events to the ready queue, due timers to the ready queue,
   * run the policy's batch. Throws `PolicyFault` when the policy broke its contract; nothing else. `patience` is
   * asked, only when the loop would sleep, how long the driver can let it (ns).
   */
  turn(patience?: () => number): void {
    this.turns++
    this.observers.turnStarted?.(this.clock.lastNs, this.queue.held)
    this.#select(this.#boundedTimeout(patience))
    this.#collectTimers()
    this.#runBatch(this.queue.turnLimit())
    this.queue.verifySize()
  }

  /** How long the loop may sleep: 0 when something is ready, `Infinity` when only I/O can wake it. */
  timeoutNs(): number {
    if (this.queue.held > 0) return 0
    const nextNs = this.timers.nextNs()
    if (nextNs === Number.POSITIVE_INFINITY) return nextNs
    return Math.max(0, nextNs - this.clock.nowNs())
  }

  /** When the loop wants to run next: now when something is ready, else its earliest timer, else `Infinity`. */
  nextNs(): number {
    return this.queue.held > 0 ? this.clock.lastNs : this.timers.nextNs()
  }

  #boundedTimeout(patience: (() => number) | undefined): number {
    const timeoutNs = this.timeoutNs()
    return timeoutNs > 0 && patience !== undefined ? Math.min(timeoutNs, patience()) : timeoutNs
  }

  #select(timeoutNs: number): void {
    this.selects++
    const { selected } = this.observers
    const beforeNs = selected === undefined ? 0 : this.clock.nowNs()
    const events = this.selector.select(timeoutNs, this.#emitIo)
    const nowNs = this.clock.nowNs()
    selected?.(timeoutNs, nowNs - beforeNs, events)
  }

  #collectTimers(): void {
    const nowNs = this.clock.lastNs
    for (let timer = this.timers.takeDue(nowNs); timer !== undefined; timer = this.timers.takeDue(nowNs)) {
      this.enqueue(timer)
    }
  }

  #runBatch(limit: number): void {
    for (let left = limit; left > 0; left--) {
      this.runHandle(this.queue.shift())
      if (this.queue.fault !== undefined) throw this.queue.fault
    }
  }

  protected runHandle(handle: ReadyHandle): void {
    if (handle.cancelled) return
    this.#current = handle
    this.currentTask = handle.task
    const { started, finished } = this.observers
    const startNs = finished === undefined ? 0 : this.clock.lastNs
    started?.(handle, startNs)
    try {
      handle.run()
    } catch (error) {
      this.reportException({ message: `Exception in ${handle.name}`, error, source: handle })
    }
    drainMicrotasks()
    finished?.(handle, startNs, this.clock.nowNs())
    this.currentTask = undefined
    this.#current = undefined
  }

  readonly #emitIo = (event: IoEvent): void => {
    if (event.inline === true) event.run()
    else {
      event.pending = true
      this.enqueue(new IoHandle(event))
    }
  }

  /** @internal Makes a handle ready. */
  enqueue(handle: ReadyHandle): void {
    this.stamp(handle)
    this.queue.push(handle)
  }

  protected stamp(handle: ReadyHandle): void {
    handle.sequence = this.#sequence++
    handle.readyAtNs = this.clock.lastNs
    this.observers.pushed?.(handle)
  }

  // ------------------------------------------------------------------ callbacks and time

  nowNs(): number {
    return this.clock.nowNs()
  }

  /** Holds the processor: burns CPU in real time, advances the clock in virtual time. */
  work(durationNs: number): void {
    this.clock.work(durationNs)
  }

  /** Calls `callback` in the next turn. It inherits class, priority and deadline of what runs now. */
  callSoon(callback: () => void): ReadyHandle
  callSoon<A>(callback: (argument: A) => void, argument: A, options?: SpawnOptions): ReadyHandle
  callSoon<A>(callback: (argument: A) => void, argument?: A, options?: SpawnOptions): ReadyHandle {
    const handle = new CallbackHandle(callback, argument as A, this.#derive(options), undefined)
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

  callAt(whenNs: number, callback: () => void, options?: SpawnOptions): TimerHandle {
    return this.addTimer(whenNs, callback, this.#derive(options))
  }

  protected addTimer(whenNs: number, callback: () => void, attributes: Attributes): TimerHandle {
    return this.timers.add(whenNs, callback, attributes)
  }

  /** Class, priority and deadline that new work inherits: the running task's, else the running callback's. */
  get currentAttributes(): Attributes {
    return this.currentTask?.attributes ?? this.#current?.attributes ?? DEFAULT_ATTRIBUTES
  }

  #derive(options: SpawnOptions | undefined): Attributes {
    return deriveAttributes(this.currentAttributes, options, this.classes, this.clock.lastNs)
  }

  // ------------------------------------------------------------------ futures and tasks

  createFuture<T = void>(): Future<T> {
    return new Future<T>(this)
  }

  /** Starts an async function or a generator function as a task; its first step runs in the next turn. */
  spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> {
    const task = new Task<T>(this, body, options?.name ?? (body.name || 'task'), this.#derive(options))
    this.#taskStarted(task as Task)
    return task
  }

  /** Done after `delayNs`. 0 or less: gives way once, without a timer (asyncio's sleep(0)). */
  sleep(delayNs: number): PromiseLike<void> {
    if (delayNs <= 0) return this.#yieldPoint
    return new Sleep(this, delayNs)
  }

  /** The current task goes to the back of the ready queue, once. */
  yieldNow(): PromiseLike<void> {
    return this.#yieldPoint
  }

  /** A future that follows a promise of Node's or a library's, so that a task may await it under the policy. */
  fromPromise<T>(promise: PromiseLike<T>): Future<T> {
    const future = new Future<T>(this)
    promise.then(
      (value) => this.callSoonThreadsafe(() => future.done || future.setResult(value)),
      (error) => this.callSoonThreadsafe(() => future.done || future.setError(error)),
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
  *tasks(): Generator<Task> {
    for (let task = this.#liveTasks; task !== undefined; task = task.next) yield task
  }

  get taskCount(): number {
    return this.#taskCount
  }

  #taskStarted(task: Task): void {
    task.next = this.#liveTasks
    if (this.#liveTasks !== undefined) this.#liveTasks.previous = task
    this.#liveTasks = task
    this.#taskCount++
    this.observers.taskSpawned?.(task)
  }

  /** @internal */
  taskEnded(task: Task): void {
    if (task.previous === undefined) this.#liveTasks = task.next
    else task.previous.next = task.next
    if (task.next !== undefined) task.next.previous = task.previous
    this.#taskCount--
    this.observers.taskFinished?.(task)
  }

  // ------------------------------------------------------------------ I/O and threads

  /** Serves each connection in a task of its own. */
  listen(address: Address, handler: StreamHandler, options?: ListenOptions & SpawnOptions): Listener {
    return listen(this, address, handler, options)
  }

  connect(address: Address): Future<Stream> {
    return connect(this, address)
  }

  /** Runs a self-contained function (it is sent as source text) in a worker thread. */
  runInThread<A extends unknown[], R>(job: ThreadFunction<A, R>, ...args: A): Future<Awaited<R>> {
    return this.services.runInThread(this, job, args)
  }

  readFile(path: string): Future<Uint8Array> {
    return this.services.readFile(this, path)
  }

  writeFile(path: string, data: Uint8Array): Future<void> {
    return this.services.writeFile(this, path, data)
  }

  // ------------------------------------------------------------------ exceptions

  /** Replaces the default handler, which writes to stderr. */
  setExceptionHandler(handler: ((context: ExceptionContext) => void) | undefined): void {
    this.#onException = handler
  }

  /** Exceptions of callbacks end here, never in `turn()`. */
  reportException(context: ExceptionContext): void {
    if (this.#onException !== undefined) this.#onException(context)
    else process.stderr.write(`${context.message}: ${messageOf(context.error)}\n`)
  }

  /** Reports failed tasks and futures that nobody looked at, then forgets them. */
  reportUnretrieved(): void {
    for (const future of [...this.unretrieved]) {
      const error = future.error()
      if (error instanceof CancelledError) continue
      const name = future instanceof Task ? `task ${future.name}` : 'a future'
      this.reportException({ message: `Exception of ${name} was never retrieved`, error })
    }
  }

  close(): void {
    this.reportUnretrieved()
    this.services.close()
    this.selector.close()
  }
}
