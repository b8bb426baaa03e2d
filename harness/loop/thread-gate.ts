/**
 * How threads give a loop work: `asyncio.run_coroutine_threadsafe` for a language whose closures do not cross threads.
 * The loop offers functions by name; a thread submits a name with arguments and awaits the answer.
 */
import { Worker } from 'node:worker_threads'
import { messageOf, UnsupportedError } from '../errors.ts'
import { CancelledError, Future } from './future.ts'
import { Kernel } from './kernel.ts'
import type { Loop } from './loop.ts'
import { Queue } from './queue.ts'
import { Stream } from './streams.ts'
import { Condition, Event, Lock, Semaphore } from './sync.ts'
import { Task } from './task.ts'
import { TaskGroup } from './task-group.ts'
import {
  type SubmitMessage,
  type ThreadFailure,
  type ThreadMessage,
  type ThreadWork,
  threadsNs,
  WORKER_SOURCE,
} from './thread-gate-worker.ts'

/** What can go wrong between threads. */
export type ThreadMistake =
  /** Something that lives on a loop was sent to a thread: a future, a task, a lock ... */
  | 'loop-object'
  /** A function, or another thing that has no copy, was sent. */
  | 'unsendable'
  /** A thread's function refers to something outside itself. */
  | 'closure'
  | 'not-offered'
  | 'closed'
  /** An offered function returned a future of another loop. */
  | 'other-loop'

/** Loop and threads were mixed up; `mistake` says how. */
export class WrongThreadError extends Error {
  override readonly name = 'WrongThreadError'
  readonly mistake: ThreadMistake

  constructor(mistake: ThreadMistake, message: string) {
    super(message)
    this.mistake = mistake
  }
}

/** What a thread has of the gate. */
export interface ThreadPort {
  /**
   * Has the loop run the function of that name as a task, and gives what it returns, as a structured clone. Fails
   * with what it threw (name and message), with `TimeoutError` after `timeoutNs` (then the task is cancelled), and
   * with `WrongThreadError`. Errors lose their class on the way: tell them by `name`, mistakes by `mistake`.
   */
  submit<R>(name: string, args?: readonly unknown[], timeoutNs?: number): Promise<R>
  /** The time on the loop's clock. */
  nowNs(): number
}

/** Runs in another thread: must not refer to anything outside itself. */
export type ThreadBody<A extends unknown[], R> = (port: ThreadPort, ...args: A) => R

/** Where a submission comes from. Times are on the loop's clock, ns. */
export interface Submission {
  /** Counts from 0, in order of start. */
  readonly thread: number
  readonly submittedNs: number
  /** When the loop's thread heard of it, and the task was queued. */
  readonly heardNs: number
}

export interface Offer {
  /** That of the tasks; by default none. */
  readonly className?: string
  // biome-ignore lint/suspicious/noExplicitAny: what a thread sends is checked by who offers, if at all
  run(submission: Submission, ...args: any[]): unknown
}

export type Offers = Readonly<Record<string, Offer>>

/** Made by `loop.openGate`. */
export class ThreadGate {
  readonly #loop: Loop
  readonly #offers: Offers
  /** From the clock that all threads share to the loop's. */
  readonly #offsetNs: number
  readonly #threads = new Set<GateThread>()
  #started = 0
  #closed = false

  constructor(loop: Loop, offers: Offers) {
    if (loop.clock.kind === 'virtual')
      throw new UnsupportedError('A thread runs in real time: a virtual loop cannot wait for it')
    this.#loop = loop
    this.#offers = offers
    this.#offsetNs = loop.nowNs() - threadsNs()
  }

  /**
   * Runs a self-contained function (it is sent as source text) in a thread of its own. The future has its result once
   * the thread has ended; cancelling it ends the thread. Throws `WrongThreadError` for arguments that belong to a loop.
   */
  startThread<A extends unknown[], R>(body: ThreadBody<A, R>, ...args: A): Future<Awaited<R>> {
    assertSendable(args, 'args')
    const work: ThreadWork = { source: body.toString(), args, offsetNs: this.#offsetNs }
    const result = new Future<Awaited<R>>(this.#loop)
    const thread = new GateThread(work, result as Future, {
      submitted: (message) => this.#submitted(thread, number, message),
      ended: () => this.#threads.delete(thread),
    })
    const number = this.#started++
    this.#threads.add(thread)
    if (this.#closed) thread.close(failureOf(closedError()))
    return result
  }

  /** Submissions whose tasks have not ended. */
  get pendingCount(): number {
    let count = 0
    for (const thread of this.#threads) count += thread.tasks.size
    return count
  }

  /** Threads that have not ended. */
  get threadCount(): number {
    return this.#threads.size
  }

  /** Takes no more submissions: those under way are cancelled, and threads that wait are told. The threads go on. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const thread of this.#threads) thread.close(failureOf(closedError()))
  }

  /** Closes it and ends the threads, whatever they are doing. */
  terminate(): void {
    this.close()
    for (const thread of this.#threads) thread.terminate()
  }

  /** Called from Node's callback: outside of any turn, and perhaps while the loop sleeps. */
  #submitted(thread: GateThread, number: number, { id, name, args, submittedNs }: SubmitMessage): void {
    const submission = { thread: number, submittedNs, heardNs: this.#loop.nowNs() }
    const offer = Object.hasOwn(this.#offers, name) ? this.#offers[name] : undefined
    if (this.#closed) thread.answer(id, { error: failureOf(closedError()) })
    else if (offer === undefined) thread.answer(id, { error: failureOf(this.#notOffered(name)) })
    else {
      const run = () => this.#ownFuture(offer.run(submission, ...args), name)
      const options = { name, ...(offer.className !== undefined && { className: offer.className }) }
      thread.tasks.set(id, this.#loop.spawn(() => answering(thread, id, run), options) as Task)
    }
  }

  #notOffered(name: string): WrongThreadError {
    const names = Object.keys(this.#offers).join(', ')
    return new WrongThreadError(
      'not-offered',
      `The loop offers no function '${name}' to threads, but ${names}`,
    )
  }

  #ownFuture<T>(made: T, name: string): T {
    if (!(made instanceof Future) || made.loop === this.#loop) return made
    throw new WrongThreadError(
      'other-loop',
      `${name} returned a future of another loop: offer it through a gate of that loop`,
    )
  }
}

/** Runs what was submitted, and sends the answer from within the task: no other handle delays it. */
async function answering(thread: GateThread, id: number, run: () => unknown): Promise<void> {
  try {
    const value = await run()
    assertSendable(value, 'the answer')
    thread.answer(id, { value })
  } catch (error) {
    thread.answer(id, { error: failureOf(error) })
    if (error instanceof CancelledError) throw error
  }
}

interface ThreadEvents {
  submitted(message: SubmitMessage): void
  ended(): void
}

/** A thread behind a gate, as the loop sees it. */
class GateThread {
  /** By the thread's number of the submission. */
  readonly tasks = new Map<number, Task>()
  readonly #worker: Worker
  readonly #result: Future
  readonly #events: ThreadEvents
  #outcome: { value?: unknown; error?: ThreadFailure } | undefined
  #crash: Error | undefined

  constructor(work: ThreadWork, result: Future, events: ThreadEvents) {
    this.#result = result
    this.#events = events
    this.#worker = new Worker(WORKER_SOURCE, { eval: true, workerData: work })
    this.#worker.unref()
    this.#worker.on('message', (message: ThreadMessage) => this.#hear(message))
    this.#worker.on('error', (error) => {
      this.#crash = error
    })
    this.#worker.on('exit', (code) => this.#ended(code))
    result.onCancel = () => this.terminate()
  }

  /** Does nothing where the thread has given up, or has ended. */
  answer(id: number, outcome: { value?: unknown; error?: ThreadFailure }): void {
    this.tasks.delete(id)
    try {
      this.#worker.postMessage({ kind: 'answer', id, ...outcome })
    } catch (error) {
      const message = `The answer cannot be sent to a thread: ${messageOf(error)}`
      this.#worker.postMessage({
        kind: 'answer',
        id,
        error: failureOf(new WrongThreadError('unsendable', message)),
      })
    }
  }

  close(error: ThreadFailure): void {
    this.#worker.postMessage({ kind: 'closed', error })
    this.#cancelTasks()
  }

  terminate(): void {
    void this.#worker.terminate()
  }

  #cancelTasks(): void {
    for (const task of this.tasks.values()) task.cancel()
    this.tasks.clear()
  }

  #hear(message: ThreadMessage): void {
    if (message.kind === 'submit') this.#events.submitted(message)
    else if (message.kind === 'ended') this.#outcome = message
    else {
      this.tasks.get(message.id)?.cancel()
      this.tasks.delete(message.id)
    }
  }

  #ended(code: number): void {
    // Nobody is left who could take an answer.
    this.#cancelTasks()
    this.#events.ended()
    if (this.#result.done) return
    const outcome = this.#outcome
    if (outcome !== undefined && outcome.error === undefined) this.#result.setResult(outcome.value)
    else this.#result.setError(this.#errorOf(outcome?.error, code))
  }

  #errorOf(failure: ThreadFailure | undefined, code: number): Error {
    if (failure === undefined)
      return this.#crash ?? new Error(`The thread ended, with code ${code}, before its function did`)
    const { name, message, mistake } = failure
    if (mistake !== undefined) return new WrongThreadError(mistake, message)
    return Object.assign(new Error(message), { name })
  }
}

/** What is bound to the loop that made it: a copy of it would be dead. */
const LOOP_BOUND = [
  ...[Kernel, Task, Future, Stream, Queue, Lock, Semaphore],
  ...[Event, Condition, TaskGroup, ThreadGate],
]

/** Structured cloning would send a copy without its methods, silently. */
function assertSendable(value: unknown, path: string, seen = new Set<unknown>()): void {
  if (typeof value === 'function')
    throw new WrongThreadError('unsendable', `${path} is a function: offer it through the gate, by name`)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  if (LOOP_BOUND.some((each) => value instanceof each)) {
    const message = `${path} is a ${value.constructor.name} and belongs to its loop's thread: send its value instead`
    throw new WrongThreadError('loop-object', message)
  }
  for (const [key, part] of partsOf(value)) assertSendable(part, `${path}.${key}`, seen)
}

function partsOf(value: object): Iterable<[unknown, unknown]> {
  if (value instanceof Map || value instanceof Set) return value.entries()
  return Object.entries(value)
}

function closedError(): WrongThreadError {
  return new WrongThreadError('closed', 'The gate is closed: its loop takes no more work from threads')
}

/** Structured cloning drops the names of errors that are not JavaScript's own. */
function failureOf(error: unknown): ThreadFailure {
  const name = error instanceof Error ? error.name : 'Error'
  const mistake = error instanceof WrongThreadError ? { mistake: error.mistake } : {}
  return { name, message: messageOf(error), ...mistake }
}
