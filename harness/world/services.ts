import { Future } from '../loop/future.ts'
import { Heap } from '../loop/heap.ts'
import type { Loop } from '../loop/loop.ts'
import type { Services, ThreadFunction } from '../loop/services.ts'
import type { Random } from '../random.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import type { ServiceTime, WorldModel } from './model.ts'
import { VirtualEvent } from './transport.ts'

/** libuv's threads for files, unless UV_THREADPOOL_SIZE says otherwise. */
const FILE_WORKERS = 4

/** The part of a world's model that is about threads and files. */
export type ServicesModel = Pick<WorldModel, 'threads' | 'threadTime' | 'fileTime' | 'fileBandwidth'>

/** Threads and files of a world; each host has its own. A job runs for its value; its time is a model. */
export class VirtualServices implements Services {
  readonly #selector: SimulatedSelector
  readonly #threads: Workers
  readonly #fileWorkers: Workers
  readonly #fileNsPerByte: number
  readonly #files = new Map<string, Uint8Array>()

  constructor(selector: SimulatedSelector, model: ServicesModel, random: Random) {
    this.#selector = selector
    this.#threads = new Workers(model.threads, model.threadTime, random.fork('threads'))
    this.#fileWorkers = new Workers(FILE_WORKERS, model.fileTime, random.fork('files'))
    this.#fileNsPerByte = model.fileBandwidth === null ? 0 : 1e9 / model.fileBandwidth
  }

  runInThread<A extends unknown[], R>(loop: Loop, job: ThreadFunction<A, R>, args: A): Future<Awaited<R>> {
    const doneNs = this.#threads.take(loop.clock.lastNs)
    return this.#at(doneNs, loop, () => job(...args) as Awaited<R>)
  }

  /** Takes the time of the bytes that are there when it is called, and gives those that are there when it is done. */
  readFile(loop: Loop, path: string): Future<Uint8Array> {
    return this.#file(loop, this.#files.get(path)?.length ?? 0, () => {
      const data = this.#files.get(path)
      if (data === undefined)
        throw Object.assign(new Error(`ENOENT: no such virtual file: ${path}`), { code: 'ENOENT' })
      return Buffer.from(data)
    })
  }

  writeFile(loop: Loop, path: string, data: Uint8Array): Future<void> {
    return this.#file(loop, data.length, () => {
      this.#files.set(path, Buffer.from(data))
    })
  }

  close(): void {}

  #file<T>(loop: Loop, bytes: number, make: () => T): Future<T> {
    const doneNs = this.#fileWorkers.take(loop.clock.lastNs, bytes * this.#fileNsPerByte)
    return this.#at(doneNs, loop, make)
  }

  #at<T>(doneNs: number, loop: Loop, make: () => T): Future<T> {
    const future = new Future<T>(loop)
    const event = new VirtualEvent('thread', () => settle(future, make))
    event.attributes = loop.currentAttributes
    this.#selector.deliverAt(doneNs, () => event)
    return future
  }
}

/**
 * Workers that take jobs first come first served. What a job takes is known when it comes, and so is when it will be
 * done: nothing has to wait in a queue. One whose future is cancelled keeps its worker, as it does a real thread.
 */
class Workers {
  readonly #count: number
  readonly #time: ServiceTime
  readonly #random: Random
  /** When each worker that has had a job is free. */
  readonly #freeNs = new Heap<number>((a, b) => a < b)

  constructor(count: number, time: ServiceTime, random: Random) {
    this.#count = count
    this.#time = time
    this.#random = random
  }

  /** When the job will be done, ns, with `extraNs` on top of its service time. */
  take(nowNs: number, extraNs = 0): number {
    const idleNs = this.#freeNs.size < this.#count ? nowNs : this.#freeNs.pop()!
    const doneNs = Math.max(nowNs, idleNs) + serviceNs(this.#time, this.#random) + extraNs
    this.#freeNs.push(doneNs)
    return doneNs
  }
}

function serviceNs(time: ServiceTime, random: Random): number {
  if (time.kind === 'fixed') return time.ns
  if (time.kind === 'exp') return random.exponential(time.meanNs)
  return time.fromNs + random.uniform() * (time.toNs - time.fromNs)
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
