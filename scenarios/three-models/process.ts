import { type ChildProcess, spawn } from 'node:child_process'
import { type BlockingJob, sourceOf } from './blocking.ts'
import { type Answer, type Place, Reply } from './thread.ts'

/** A process of its own for jobs that block. Must be ended; ends by itself where its parent is gone. */
export class JobProcess<A extends unknown[], R> implements Place<A, R> {
  readonly #child: ChildProcess
  readonly #reply = new Reply<R>()
  readonly #exited: Promise<void>

  constructor(job: BlockingJob<A, R>) {
    this.#child = startProcess(processSource(job))
    this.#child.on('message', (answer) => this.#reply.answer(answer as Answer<R>))
    this.#exited = exitOf(this.#child).then(() => {
      this.#reply.fail(new Error('The process ended before its job was done'))
    })
  }

  run(...args: A): Promise<R> {
    const reply = this.#reply.expect()
    // One that could not be started has no channel; that it has ended is told soon.
    if (this.#child.pid !== undefined) this.#child.send(args, (error) => error && this.#reply.fail(error))
    return reply
  }

  end(): Promise<void> {
    this.#child.kill('SIGKILL')
    return this.#exited
  }
}

/**
 * Node with the source as its program and a channel for messages. In the process group of its parent: a round that is
 * killed takes it along, and a parent that is gone closes the channel.
 */
export function startProcess(source: string): ChildProcess {
  const program = `process.on('disconnect', () => process.exit())\n${source}`
  return spawn(process.execPath, ['--no-warnings', '-e', program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
}

/** Done when the process has ended and all it said was heard, or when it could not be started. */
export function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('error', () => child.pid === undefined && resolve())
    child.once('exit', () => (child.connected ? child.once('disconnect', resolve) : resolve()))
  })
}

function processSource<A extends unknown[], R>(job: BlockingJob<A, R>): string {
  return `
const job = ${sourceOf(job)}
process.on('message', (args) => {
  try {
    process.send({ value: job(...args) })
  } catch (error) {
    process.send({ error: String(error) })
  }
})`
}
