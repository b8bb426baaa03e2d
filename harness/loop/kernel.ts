import type { Attributes, Clock, IoEvent, LoopObserver, PolicyParts, Selector } from '../contracts.ts'
import { type ArrivalStream, Arrivals } from './arrivals.ts'
import { DEFAULT_ATTRIBUTES } from './attributes.ts'
import { Exceptions, ForeignPromiseError } from './exceptions.ts'
import { GuardedQueue } from './guard.ts'
import { HandleKind, ReadyHandle } from './handle.ts'
import { drainMicrotasks, recoverFromTick } from './microtasks.ts'
import { Observers } from './observers.ts'
import type { Task } from './task.ts'
import { handleOf, type TimerHandle, Timers } from './timers.ts'

export interface KernelOptions {
  readonly policy: PolicyParts
  readonly selector: Selector
  readonly clock: Clock
  readonly observers?: readonly LoopObserver[]
}

/** Another loop that depends on ours when it sleeps. */
export interface SleepGuest {
  /** Asked only when the loop would sleep: how long it may, ns. */
  patienceNs(): number
  /** Told after each such sleep, before anything runs. */
  awake(): void
}

/** An I/O event on its way to run. */
const IO = new HandleKind<IoEvent>({
  nameOf: (handle) => handle.subject.name,
  run: (handle) => {
    handle.subject.pending = false
    handle.subject.run()
  },
})

export function ioHandle(event: IoEvent): ReadyHandle {
  return new ReadyHandle(IO, event.attributes, undefined, event, undefined, undefined)
}

/**
 * The turn of a loop, and nothing else: what is ready, what waits for its time, what runs. `Loop` adds all that
 * programs call. A driver calls `turn()`; nothing here assumes that turns follow one another without a pause.
 */
export abstract class Kernel {
  readonly clock: Clock
  readonly selector: Selector
  readonly observers: Observers
  /** @internal */
  readonly exceptions = new Exceptions()
  /** The task whose step is running, if any. */
  currentTask: Task | undefined
  protected currentHandle: ReadyHandle | undefined
  /** Turns taken, and looks at I/O. */
  turns = 0
  selects = 0
  readonly #queue: GuardedQueue
  readonly #timers = new Timers()
  readonly #arrivals = new Arrivals()
  #sequence = 0
  #inTurn = false
  /** The clock was read since the selector was last asked. */
  #timeKnown = false

  constructor({ clock, selector, policy, observers = [] }: KernelOptions) {
    this.clock = clock
    this.selector = selector
    this.#queue = new GuardedQueue(policy.queue)
    const wantsRunTimes = this.#queue.wantsRunTimes ? this.#queue : undefined
    this.observers = new Observers([...observers, ...policy.observers], wantsRunTimes)
  }

  /**
   * One turn: compute the time-out, look at I/O, I/O events to the ready queue, due timers to the ready queue,
   * run the policy's batch. Throws `PolicyFault` when the policy broke its contract; nothing else.
   */
  turn(guest?: SleepGuest): void {
    if (this.#inTurn) throw new TypeError('turn() was called from inside a turn')
    this.#inTurn = true
    try {
      this.turns++
      this.observers.turnStarted?.(this.clock.lastNs, this.#queue.held)
      this.#select(guest)
      this.#collectTimers()
      this.#runBatch(this.#queue.turnLimit())
      this.#queue.verifySize()
    } finally {
      this.#inTurn = false
    }
  }

  /** How long the loop may sleep: 0 when something is ready, `Infinity` when only I/O can wake it. */
  timeoutNs(): number {
    if (this.#queue.held > 0) return 0
    const nextNs = this.#nextDueNs()
    if (nextNs === Number.POSITIVE_INFINITY) return nextNs
    return Math.max(0, nextNs - this.clock.nowNs())
  }

  /** When the loop wants to run next: now when something is ready, else at its earliest timer or arrival, if any. */
  nextNs(): number {
    return this.#queue.held > 0 ? this.clock.lastNs : this.#nextDueNs()
  }

  #nextDueNs(): number {
    return Math.min(this.#timers.nextNs(), this.#arrivals.nextNs)
  }

  /** Timers held, cancelled ones that are not purged yet among them. */
  get timerCount(): number {
    return this.#timers.size
  }

  #select(guest: SleepGuest | undefined): void {
    const ownNs = this.timeoutNs()
    const timeoutNs = ownNs > 0 && guest !== undefined ? Math.min(ownNs, guest.patienceNs()) : ownNs
    this.selects++
    this.#timeKnown = false
    const { selected } = this.observers
    const beforeNs = selected === undefined ? 0 : this.clock.nowNs()
    const events = this.selector.select(timeoutNs, this.#emitIo)
    if (!this.#timeKnown) this.clock.nowNs()
    if (timeoutNs > 0) guest?.awake()
    this.admitArrivals()
    selected?.(timeoutNs, this.clock.lastNs - beforeNs, events)
  }

  readonly #emitIo = (event: IoEvent): void => {
    if (event.inline === true) {
      event.run()
      return
    }
    // The first event after a sleep: else it would seem to have been ready since before.
    if (!this.#timeKnown) this.clock.nowNs()
    this.#timeKnown = true
    event.pending = true
    this.enqueue(ioHandle(event), event.readySinceNs)
  }

  #collectTimers(): void {
    const nowNs = this.clock.lastNs
    if (this.#timers.nextNs() > nowNs) return
    for (let timer = this.#timers.takeDue(nowNs); timer !== undefined; timer = this.#timers.takeDue(nowNs)) {
      this.enqueue(handleOf(timer), timer.whenNs)
    }
  }

  #runBatch(limit: number): void {
    for (let left = limit; left > 0; left--) this.runHandle(this.#queue.shift())
  }

  protected runHandle(handle: ReadyHandle): void {
    if (handle.cancelled) return
    const { task } = handle
    this.currentHandle = handle
    this.currentTask = task
    if (this.observers.watchHandles) this.#runWatched(handle)
    else this.#run(handle)
    this.currentTask = undefined
    this.currentHandle = undefined
    if (task?.waitsElsewhere) this.#reportForeign(task)
  }

  #runWatched(handle: ReadyHandle): void {
    const { started, finished } = this.observers
    // With `finished` installed the last reading was at the end of the last handle.
    const startNs = finished === undefined ? this.clock.nowNs() : this.clock.lastNs
    started?.(handle, startNs)
    this.#run(handle)
    finished?.(handle, startNs, this.clock.nowNs())
  }

  #run(handle: ReadyHandle): void {
    try {
      handle.kind.run(handle)
    } catch (error) {
      this.reportException({ message: `Exception in ${handle.name}`, error, source: handle })
    }
    try {
      drainMicrotasks()
    } catch (error) {
      recoverFromTick(error)
      this.reportException({ message: `Exception in a tick after ${handle.name}`, error, source: handle })
    }
  }

  /** Once a task: what it goes on with runs wherever that promise is resolved. */
  #reportForeign(task: Task): void {
    if (task.foreignReported) return
    task.foreignReported = true
    const message = `Task ${task.name} awaits a promise that is not the loop's`
    this.reportException({ message, error: new ForeignPromiseError(), source: task })
  }

  /** @internal Makes a handle ready; `sinceNs` where it has been so for longer than the loop knew. */
  enqueue(handle: ReadyHandle, sinceNs?: number): void {
    if (!this.#inTurn) this.#welcomeOutsider()
    // What has come meanwhile stands before what becomes ready now.
    this.admitArrivals()
    this.stamp(handle, sinceNs)
    this.#queue.push(handle)
  }

  protected addArrivals(stream: ArrivalStream): void {
    if (!this.#inTurn) this.#welcomeOutsider()
    this.#arrivals.add(stream)
  }

  /** Those that have come up to now. They come from outside: they inherit nothing from what is running. */
  protected admitArrivals(): void {
    if (this.#arrivals.nextNs > this.clock.lastNs) return
    const { currentTask, currentHandle } = this
    this.currentTask = undefined
    this.currentHandle = undefined
    this.#arrivals.admit(this.clock.lastNs)
    this.currentTask = currentTask
    this.currentHandle = currentHandle
  }

  /** Something comes between two turns, from a Node callback perhaps: the time is not known, and the loop may be asleep. */
  #welcomeOutsider(): void {
    this.clock.nowNs()
    this.selector.wake()
  }

  protected stamp(handle: ReadyHandle, sinceNs?: number): void {
    handle.sequence = this.#sequence++
    handle.readyAtNs = sinceNs ?? this.#arrivals.admittingNs ?? this.clock.lastNs
    this.observers.pushed?.(handle)
  }

  protected addTimer<A>(
    whenNs: number,
    callback: (argument: A) => void,
    argument: A,
    attributes: Attributes,
  ): TimerHandle {
    if (!this.#inTurn) this.#welcomeOutsider()
    return this.#timers.add(whenNs, callback, argument, attributes)
  }

  /** Class, priority and deadline that new work inherits: the running task's, else the running callback's. */
  get currentAttributes(): Attributes {
    return this.currentTask?.attributes ?? this.currentHandle?.attributes ?? DEFAULT_ATTRIBUTES
  }

  /** Exceptions of callbacks end here, never in `turn()`. */
  reportException(context: Parameters<Exceptions['report']>[0]): void {
    this.exceptions.report(context)
  }
}
