import { Future } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import type { Services, ThreadFunction } from '../loop/services.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { VirtualEvent } from './transport.ts'

// A job handed to a thread comes back after this long: the order of a thread wake-up there and back.
const THREAD_ROUND_TRIP_NS = 50_000

/** Threads and files of a world. The job is run at once, for its value; its time is a model. */
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
      return data
    })
  }

  writeFile(loop: Loop, path: string, data: Uint8Array): Future<void> {
    return this.#later(loop, () => {
      this.#files.set(path, data)
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
    future.setResult(make())
  } catch (error) {
    future.setError(error)
  }
}
