import { type AnyFuture, CancelledError, Future } from './future.ts'
import type { Loop } from './loop.ts'
import type { TaskBody } from './task.ts'

/** `timeout` ran out. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

export interface GatherOptions {
  /** Errors stand in the result instead of failing it. */
  readonly returnExceptions?: boolean
}

/** Cancelling it cancels every child, as often as it was given (CPython does); it is done when they are. */
class GatheringFuture<T> extends Future<T[]> {
  readonly #children: readonly Future<T>[]
  cancelRequested = false

  constructor(loop: Loop, children: readonly Future<T>[]) {
    super(loop)
    this.#children = children
  }

  override cancel(message?: string): boolean {
    if (this.done) return false
    let any = false
    for (const child of this.#children) if (child.cancel(message)) any = true
    // Not ours to complete yet: the children decide how they end.
    if (any) this.cancelRequested = true
    return any
  }
}

/** All results, in order. The first failure fails it at once; the others run on (asyncio.gather). */
export function gather<T>(
  loop: Loop,
  awaitables: Iterable<Future<T> | TaskBody<T>>,
  options: GatherOptions = {},
): Future<T[]> {
  const children = Array.from(awaitables, (each) => (each instanceof Future ? each : loop.spawn(each)))
  const distinct = new Set(children)
  const outer = new GatheringFuture<T>(loop, children)
  if (distinct.size === 0) outer.setResult([])
  let left = distinct.size
  const childDone = (child: Future<T>) => {
    left--
    if (outer.done)
      child.retrieve() // seen: not to be reported
    else if (child.failed && !options.returnExceptions) outer.setError(child.outcome)
    else if (left === 0) complete(outer, children)
  }
  const pending = [...distinct].filter((child) => !child.done)
  for (const child of pending) child.addDoneCallback(childDone)
  // As in asyncio, what is done already is counted at once.
  for (const child of distinct) if (child.done) childDone(child)
  return outer
}

/**
 * Cancellation goes on upwards whatever the options, even where every child has ended in its own way. Which of their
 * messages goes with it is CPython's choice: that of the child given last.
 */
function complete<T>(outer: GatheringFuture<T>, children: readonly Future<T>[]): void {
  if (outer.cancelRequested) outer.setError(children.at(-1)!.cancellation())
  else outer.setResult(children.map((child) => child.outcome as T))
}

export interface WaitOptions {
  readonly timeoutNs?: number
  /** `all` by default. `exception`: the first that fails (not: is cancelled), else all. */
  readonly returnWhen?: 'all' | 'first' | 'exception'
}

export interface WaitResult<T> {
  readonly done: Set<Future<T>>
  readonly pending: Set<Future<T>>
}

/** Waits for some of the futures and says which are done; cancels none (asyncio.wait). */
export async function wait<T>(
  loop: Loop,
  futures: Iterable<Future<T>>,
  { timeoutNs, returnWhen = 'all' }: WaitOptions = {},
): Promise<WaitResult<T>> {
  const all = new Set(futures)
  if (all.size === 0) throw new TypeError('wait needs at least one future')
  const waiter = loop.createFuture()
  const timer = timeoutNs === undefined ? undefined : loop.callLater(timeoutNs, () => release(waiter))
  let left = all.size
  const oneDone = (future: Future<T>) => {
    left--
    if (left > 0 && !isEnough(future, returnWhen)) return
    timer?.cancel()
    release(waiter)
  }
  for (const future of all) future.addDoneCallback(oneDone)
  try {
    await waiter
  } finally {
    timer?.cancel()
    for (const future of all) future.removeDoneCallback(oneDone)
  }
  return split(all)
}

function release(waiter: Future<void>): void {
  if (!waiter.done) waiter.setResult()
}

function isEnough(done: AnyFuture, returnWhen: WaitOptions['returnWhen']): boolean {
  return returnWhen === 'first' || (returnWhen === 'exception' && done.failed && !done.cancelled)
}

function split<T>(all: Set<Future<T>>): WaitResult<T> {
  const result = { done: new Set<Future<T>>(), pending: new Set<Future<T>>() }
  for (const future of all) (future.done ? result.done : result.pending).add(future)
  return result
}

/** Follows `inner`; cancelling the shield leaves `inner` alone (asyncio.shield). */
export function shield<T>(loop: Loop, inner: Future<T>): Future<T> {
  if (inner.done) return inner
  const outer = new Future<T>(loop)
  const innerDone = () => {
    if (outer.cancelled) inner.retrieve()
    else if (inner.cancelled) outer.cancel()
    else if (inner.failed) outer.setError(inner.outcome)
    else outer.setResult(inner.result())
  }
  inner.addDoneCallback(innerDone)
  outer.addDoneCallback(() => {
    if (!inner.done) inner.removeDoneCallback(innerDone)
  })
  return outer
}

/**
 * Runs `body` in the current task and cancels it when the time is up; that cancellation comes out as
 * `TimeoutError`, anyone else's as it is (asyncio.timeout).
 */
export async function timeout<T>(loop: Loop, delayNs: number, body: () => PromiseLike<T>): Promise<T> {
  const task = loop.currentTask
  if (task === undefined) throw new TypeError('timeout must be used inside a task')
  const before = task.cancelling
  let expired = false
  const expire = () => {
    expired = true
    task.cancel()
  }
  const timer = delayNs > 0 ? loop.callLater(delayNs, expire) : loop.callSoon(expire)
  try {
    return await body()
  } catch (error) {
    if (expired && error instanceof CancelledError && task.cancelling <= before + 1) {
      throw new TimeoutError(`Timed out after ${delayNs / 1e6} ms`, { cause: error })
    }
    throw error
  } finally {
    timer.cancel()
    if (expired) task.uncancel()
  }
}
