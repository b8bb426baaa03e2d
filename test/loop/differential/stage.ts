/** Runs random programs on our loop: `fifo` in virtual time. `stage.py` is its twin. */
import { TimeoutError } from '../../../harness/loop/combinators.ts'
import { type AnyFuture, CancelledError, type Future } from '../../../harness/loop/future.ts'
import { Loop } from '../../../harness/loop/loop.ts'
import { Queue } from '../../../harness/loop/queue.ts'
import { Condition, Event, Lock, Semaphore } from '../../../harness/loop/sync.ts'
import { Task } from '../../../harness/loop/task.ts'
import { createVirtualHost } from '../../../harness/measure/runtime.ts'
import { preparePolicy } from '../../../harness/policy-parts.ts'
import { createRandom } from '../../../harness/random.ts'
import { World } from '../../../harness/world/world.ts'

const US = 1000
const TURNS_MOST = 20_000
const END_ROUNDS = 30
const END_US = 1_000_000

/** What programs raise. */
export class Boom extends Error {
  override readonly name = 'Boom'
}

/** Breaks a rule of a loop: what a canary gives, to be found. */
export type Sabotage = (loop: Loop) => void

/** The loop of one program, with its log and its tasks in order of creation. */
export class Stage {
  readonly #world = new World()
  readonly #tasks: Task[] = []
  readonly loop: Loop
  readonly lines: string[] = []
  #stopped: Future<void>
  handles = 0
  #over = false

  constructor(policy: Awaited<ReturnType<typeof preparePolicy>>, sabotage?: Sabotage) {
    const observer = {
      name: 'stage',
      handleStarted: () => {
        this.handles++
      },
      taskSpawned: (task: Task) => {
        this.#tasks.push(task)
      },
    }
    this.loop = createVirtualHost(this.#world, 0, {
      policy,
      classes: {},
      random: createRandom(1),
      observers: [observer],
    })
    this.loop.setExceptionHandler(({ message, error }) => {
      if (message.startsWith('Exception in')) this.log(0, 'reported', error)
    })
    this.#stopped = this.loop.createFuture()
    sabotage?.(this.loop)
    this.loop.turn = () => {
      if (this.loop.turns > TURNS_MOST) throw new Error(`The program does not end: ${TURNS_MOST} turns`)
      Loop.prototype.turn.call(this.loop)
    }
  }

  readonly log = (number: number, ...words: unknown[]): void => {
    if (this.#over) return
    const at = `${this.loop.nowNs() / US} ${this.loop.turns} ${this.handles}`
    this.lines.push(`${at} #${number} ${words.map(show).join(' ')}`)
  }

  /** Ends whatever run is on, as asyncio's `stop` does, though it was meant for an earlier one. */
  readonly #stop = (): void => {
    if (!this.#stopped.done) this.#stopped.setResult()
  }

  #runUntilStopped(): Promise<void> {
    this.#stopped = this.loop.createFuture()
    return this.#world.run([this.#stopped])
  }

  /** Until the future is done or the time is up; then tells of it. (asyncio's `run_until_complete`.) */
  readonly run = async (number: number, future: AnyFuture | undefined, ns: number): Promise<void> => {
    if (future === undefined) return
    const guard = this.loop.callLater(ns, this.#stop)
    future.addDoneCallback(this.#stop)
    await this.#runUntilStopped()
    future.removeDoneCallback(this.#stop)
    guard.cancel()
    this.log(number, 'ran', future.done ? future.outcome : 'time is up')
  }

  /** Cancels what is left over, again and again where that is suppressed; then tells how each ended. */
  async finish(): Promise<void> {
    for (let round = 0; round < END_ROUNDS; round++) {
      const pending = this.#tasks.filter((task) => !task.done)
      if (pending.length === 0) break
      for (const task of pending) task.cancel('end')
      this.loop.callLater(END_US * US, this.#stop)
      await this.#runUntilStopped()
    }
    for (const task of this.#tasks) this.log(0, task.name, state(task))
    this.#over = true
  }
}

function state(future: AnyFuture): string {
  const shown = future.done ? stateOfDone(future) : 'pending'
  return future instanceof Task ? `${shown}, cancelling ${future.cancelling}` : shown
}

function stateOfDone(future: AnyFuture): string {
  if (future.cancelled) return 'cancelled'
  return future.failed ? `raised ${show(future.error())}` : `result ${show(future.result())}`
}

function show(value: unknown): string {
  if (value === undefined) return '-'
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (value instanceof AggregateError) return `AggregateError(${show(value.errors)})`
  if (value instanceof CancelledError || value instanceof Boom) return `${value.name}(${value.message})`
  return value instanceof Error ? value.name : String(value)
}

function live<T>(...slots: (T | undefined)[]): T[] {
  return slots.filter((slot) => slot !== undefined)
}

function unfinished(...slots: (AnyFuture | undefined)[]): AnyFuture[] {
  return live(...slots).filter((slot) => !slot.done)
}

function waited<T>(members: readonly T[], { done, pending }: { done: Set<T>; pending: Set<T> }): boolean[] {
  if (new Set([...done, ...pending]).size !== new Set(members).size) throw new Error('wait lost a future')
  return members.map((member) => done.has(member))
}

const NAMES = {
  ...{ US, Boom, CancelledError, TimeoutError, Lock, Semaphore, Event, Condition, Queue },
  ...{ state, live, unfinished, waited },
}
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor

/** What a program that is run by itself finds in its scope. */
export async function openStage(sabotage?: Sabotage): Promise<{ stage: Stage; names: object }> {
  const stage = new Stage(await fifo, sabotage)
  return { stage, names: { ...NAMES, loop: stage.loop, log: stage.log, run: stage.run } }
}

const fifo = preparePolicy('fifo')

export interface Performed {
  readonly lines: string[]
  /** Handles that ran. */
  readonly handles: number
}

/** Runs one program to its end. */
export async function perform(source: string, sabotage?: Sabotage): Promise<Performed> {
  const { stage, names } = await openStage(sabotage)
  try {
    await new AsyncFunction(...Object.keys(names), source)(...Object.values(names))
    await stage.finish()
  } catch (error) {
    stage.log(0, 'the program is broken:', String(error))
  }
  return { lines: stage.lines, handles: stage.handles }
}
