/** A child process of the harness: started, listened to, held to its limits, and never left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ChildMessage, ChildTask } from './child.ts'

const CHILD = fileURLToPath(
  new URL(`./child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** A round that needs more has a leak. Bounds the heap; memory outside of it is looked at from here. */
const HEAP_LIMIT_MB = 1024
const MEMORY_LIMIT_BYTES = 2 * 2 ** 30
const MEMORY_LOOK_MS = 200
/** What a child may print before the rest is dropped. */
const OUTPUT_LIMIT = 4000

export type Ending =
  | {
      readonly how: 'exited'
      readonly code: number | null
      readonly signal: string | null
      readonly output: string
    }
  | { readonly how: 'timeout' }
  | { readonly how: 'memory' }

const running = new Set<RoundProcess>()

/** Kills every child at once: for signals. */
export function killAll(): void {
  for (const each of running) each.kill()
}

export class RoundProcess {
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  #killedFor: 'timeout' | 'memory' | undefined

  constructor(task: ChildTask, onMessage: (message: ChildMessage) => void) {
    this.#child = spawn(
      process.execPath,
      [`--max-old-space-size=${HEAP_LIMIT_MB}`, '--no-warnings', CHILD, JSON.stringify(task)],
      { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] },
    )
    running.add(this)
    this.#child.stdin!.on('error', () => {}) // it may be gone when it is told something
    const messages = createInterface({ input: this.#child.stdio[3] as Readable })
    messages.on('line', (line) => onMessage(JSON.parse(line) as ChildMessage))
    this.ended = this.#watch(task.timeLimitMs)
  }

  tell(command: 'start' | 'stop' | 'finish'): void {
    this.#child.stdin!.write(`${command}\n`)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #watch(timeLimitMs: number): Promise<Ending> {
    const limit = timeLimitMs > 0 ? setTimeout(() => this.#killFor('timeout'), timeLimitMs) : undefined
    const look = setInterval(() => {
      if (residentBytes(this.#child.pid) > MEMORY_LIMIT_BYTES) this.#killFor('memory')
    }, MEMORY_LOOK_MS)
    const output = collect(this.#child)
    return new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        clearTimeout(limit)
        clearInterval(look)
        running.delete(this)
        resolve(
          this.#killedFor === undefined
            ? { how: 'exited', code, signal, output: output() }
            : { how: this.#killedFor },
        )
      })
    })
  }

  #killFor(why: 'timeout' | 'memory'): void {
    this.#killedFor ??= why
    this.kill()
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  const keep = (data: Buffer) => {
    if (text.length < OUTPUT_LIMIT) text += data.toString()
  }
  child.stdout!.on('data', keep)
  child.stderr!.on('data', keep)
  return () => text
}

/** Memory of a process now, bytes; 0 where the system does not tell. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
  } catch {
    return 0
  }
}
