import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Deque } from './deque.ts'
import type { ThreadFunction } from './services.ts'

/**
 * What runs in a worker. The job comes as source text, because a closure cannot cross threads. The answer is an
 * error object or a value, both as structured clones.
 */
const WORKER_SOURCE = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', async ({ source, args }) => {
  let answer
  try {
    answer = { value: await (0, eval)('(' + source + ')')(...args) }
  } catch (error) {
    answer = { error }
  }
  try {
    parentPort.postMessage(answer)
  } catch ({ message }) {
    // The exception itself cannot be sent either.
    parentPort.postMessage({ error: new Error('A thread cannot send its answer: ' + message) })
  }
})
`

interface Job {
  readonly source: string
  readonly args: unknown[]
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Worker threads, started as they are needed, at most one a processor; jobs wait in order of arrival. */
export class ThreadPool {
  readonly #size: number
  readonly #idle: Worker[] = []
  readonly #running = new Map<Worker, Job>()
  readonly #waiting = new Deque<Job>()
  #closed = false

  constructor(size = availableParallelism()) {
    this.#size = size
  }

  run<A extends unknown[], R>(job: ThreadFunction<A, R>, args: A): Promise<Awaited<R>> {
    if (this.#closed) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        source: job.toString(),
        args,
        resolve: resolve as (value: unknown) => void,
        reject,
      })
      this.#dispatch()
    })
  }

  /** Ends the threads. What they were doing fails, and so does what waits for one. */
  close(): void {
    this.#closed = true
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) job.reject(closed())
    for (const worker of [...this.#idle, ...this.#running.keys()]) void worker.terminate()
  }

  #dispatch(): void {
    while (this.#waiting.size > 0) {
      const worker = this.#idle.pop() ?? this.#start()
      if (worker === undefined) return
      this.#give(worker, this.#waiting.shift()!)
    }
  }

  #give(worker: Worker, job: Job): void {
    this.#running.set(worker, job)
    try {
      worker.postMessage({ source: job.source, args: job.args })
    } catch (error) {
      this.#finish(worker).reject(error) // an argument that cannot be cloned
      this.#idle.push(worker)
    }
  }

  #start(): Worker | undefined {
    if (this.#running.size >= this.#size) return undefined
    const worker = new Worker(WORKER_SOURCE, { eval: true })
    worker.unref()
    worker.on('message', (answer) => {
      const job = this.#finish(worker)
      this.#idle.push(worker)
      if ('error' in answer) job.reject(answer.error)
      else job.resolve(answer.value)
      this.#dispatch()
    })
    worker.on('error', (error) => this.#abandon(worker, error))
    worker.on('exit', (code) =>
      this.#abandon(
        worker,
        this.#closed ? closed() : new Error(`The worker thread exited with code ${code}`),
      ),
    )
    return worker
  }

  /** The thread is gone: its job fails, the others go on. */
  #abandon(worker: Worker, error: Error): void {
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#running.has(worker)) this.#finish(worker).reject(error)
    this.#dispatch()
  }

  #finish(worker: Worker): Job {
    const job = this.#running.get(worker)!
    this.#running.delete(worker)
    return job
  }
}

function closed(): Error {
  return new Error('The loop is closed: its threads have ended')
}
