import { Worker } from 'node:worker_threads'
import { type BlockingJob, sourceOf } from './blocking.ts'

/** What a thread or process answers to one job. */
export type Answer<R> = { readonly value: R } | { readonly error: string }

/** Somewhere else, where jobs may block. */
export interface Place<A extends unknown[], R> {
  /** One job at a time. Rejects with what the job threw, or where the place ends first. */
  run(...args: A): Promise<R>
  /** Also while a job is blocked. */
  end(): Promise<void>
}

/** Waits for the answer to one job at a time. */
export class Reply<R> {
  #resolve: ((value: R) => void) | undefined
  #reject: ((error: Error) => void) | undefined
  #failure: Error | undefined

  expect(): Promise<R> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  answer(answer: Answer<R>): void {
    if ('error' in answer) this.#reject?.(new Error(answer.error))
    else this.#resolve?.(answer.value)
  }

  /** Whoever asks now or later learns that no answer comes. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#reject?.(this.#failure)
  }
}

/** A thread of its own for jobs that block. Must be ended. */
export class JobThread<A extends unknown[], R> implements Place<A, R> {
  readonly #worker: Worker
  readonly #reply = new Reply<R>()

  constructor(job: BlockingJob<A, R>) {
    this.#worker = new Worker(threadSource(job), { eval: true })
    this.#worker.on('message', (answer: Answer<R>) => this.#reply.answer(answer))
    this.#worker.on('error', (error) => this.#reply.fail(error))
    this.#worker.on('exit', () => this.#reply.fail(new Error('The thread ended before its job was done')))
  }

  run(...args: A): Promise<R> {
    const reply = this.#reply.expect()
    this.#worker.postMessage(args)
    return reply
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

function threadSource<A extends unknown[], R>(job: BlockingJob<A, R>): string {
  return `
const { parentPort } = process.getBuiltinModule('node:worker_threads')
const job = ${sourceOf(job)}
parentPort.on('message', (args) => {
  try {
    parentPort.postMessage({ value: job(...args) })
  } catch (error) {
    parentPort.postMessage({ error: String(error) })
  }
})`
}
