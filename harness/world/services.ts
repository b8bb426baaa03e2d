import { Future } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import type { Services, ThreadFunction } from '../loop/services.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { VirtualEvent } from './transport.ts'

// A job handed to a thread comes back after this long: the order of a thread wake-up there and back.
const THREAD_ROUND_TRIP_NS = 50_000

/** Threads and files of a world; each host has files of its own. A job runs for its value; its time is a model. */
export class VirtualServices implements Services {
  readonly #selector: SimulatedSelector
  readonly #files = new Map<string, Uint8Array>()

  constructor(selector: SimulatedSelector) {
    this.#selector = selector
  }

  runInThread<A extends unknown[], R>(loop: Loop, job: ThreadFunction<A, R>, args: A): Future<Awaited<R>> {
    return this.#later(loop, () => job(...args) as Awaited<R>)
  }

  readFile(loop: Loop, path: string): Future<Uint8Array> {
    return this.#later(loop, () => {
      const data = this.#files.get(path)
      if (data === undefined)
        throw Object.assign(new Error(`ENOENT: no such virtual file: ${path}`), { code: 'ENOENT' })
      return Buffer.from(data)
    })
  }

  writeFile(loop: Loop, path: string, data: Uint8Array): Future<void> {
    return this.#later(loop, () => {
      this.#files.set(path, Buffer.from(data))
    })
  }

  close(): void {}

  #later<T>(loop: Loop, make: () => T): Future<T> {
    const future = new Future<T>(loop)
    const event = new VirtualEvent('thread', () => settle(future, make))
    event.attributes = loop.currentAttributes
    this.#selector.deliverAt(loop.clock.lastNs + THREAD_ROUND_TRIP_NS, () => event)
    return future
  }
}

function settle<T>(future: Future<T>, make: () => T): void {
  if (future.done) return
  try {
    const value = make()
    // An async job: it can await nothing but what is done at once, and is so when the microtasks have run.
    if (isPromise(value)) value.then(...settlers(future))
    else future.setResult(value)
  } catch (error) {
    future.setError(error)
  }
}

function settlers<T>(future: Future<T>): [(value: T) => void, (error: unknown) => void] {
  return [(value) => future.done || future.setResult(value), (error) => future.done || future.setError(error)]
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return value instanceof Promise
}
