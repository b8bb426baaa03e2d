/** A child process of the harness: started, listened to, held to its limits, and never left behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Arm } from './arm.ts'
import type { ChildMessage, ChildTask } from './child.ts'

const CHILD = fileURLToPath(
  new URL(`./child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
/** A round that needs more has a leak. Bounds the heap; memory outside of it is looked at from here. */
const HEAP_LIMIT_MB = 1024
const MEMORY_LIMIT_BYTES = 2 * 2 ** 30
const MEMORY_LOOK_MS = 200
/** Where virtual rounds use all cores, threads of V8's own beside each only cost: an eighth less processor time without. */
const VIRTUAL_FLAGS = ['--single-threaded', '--min-semi-space-size=16']
/** What a child may print before the rest is dropped. */
const OUTPUT_LIMIT = 4000

/** How long what an ended child has said may still be on its way. */
const DRAIN_MS = 200

export type Ending =
  | {
      readonly how: 'exited'
      readonly code: number | null
      readonly signal: string | null
      readonly output: string
    }
  | { readonly how: 'timeout' }
  | { readonly how: 'memory' }
  /** It wrote something on the harness's channel that is no message. */
  | { readonly how: 'garbled'; readonly line: string }

const running = new Set<RoundProcess>()

/** Kills every child at once: for signals. */
export function killAll(): void {
  for (const each of running) each.kill()
}

export class RoundProcess {
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  #killedFor: Ending | undefined

  constructor(task: ChildTask, arm: Arm | undefined, onMessage: (message: ChildMessage) => void) {
    const script = arm?.child ?? CHILD
    this.#child = spawn(
      process.execPath,
      [...flagsOf(task), '--no-warnings', script, JSON.stringify(task)],
      // A process group of its own, so that what a policy starts is killed with it.
      {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
        detached: true,
        cwd: arm?.directory,
        env: { ...process.env, ...arm?.environment },
      },
    )
    running.add(this)
    this.#child.stdin!.on('error', () => {}) // it may be gone when it is told something
    const messages = createInterface({ input: this.#child.stdio[3] as Readable })
    messages.on('line', (line) => this.#hear(line, onMessage))
    this.ended = this.#watch(task.timeLimitMs)
  }

  tell(command: 'start' | 'stop' | 'finish'): void {
    this.#child.stdin!.write(`${command}\n`)
  }

  kill(): void {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL') // the group is gone, or never was
    }
  }

  #hear(line: string, onMessage: (message: ChildMessage) => void): void {
    if (this.#killedFor !== undefined) return // what was on its way when its case was decided
    let message: ChildMessage
    try {
      message = JSON.parse(line) as ChildMessage
    } catch {
      this.#killFor({ how: 'garbled', line: line.slice(0, 100) })
      return
    }
    onMessage(message)
  }

  #watch(timeLimitMs: number): Promise<Ending> {
    const limit =
      timeLimitMs > 0 ? setTimeout(() => this.#killFor({ how: 'timeout' }), timeLimitMs) : undefined
    const look = setInterval(() => {
      if (residentBytes(this.#child.pid) > MEMORY_LIMIT_BYTES) this.#killFor({ how: 'memory' })
    }, MEMORY_LOOK_MS)
    const output = collect(this.#child)
    return this.#exit().then(({ code, signal, error }) => {
      clearTimeout(limit)
      clearInterval(look)
      running.delete(this)
      this.kill()
      for (const stream of this.#child.stdio) stream?.destroy()
      return this.#killedFor ?? { how: 'exited', code, signal, output: error?.message ?? output() }
    })
  }

  /** Not `close`: that waits for whoever else holds the pipes, a process of the policy's perhaps. */
  #exit(): Promise<{ code: number | null; signal: string | null; error?: Error }> {
    return new Promise((resolve) => {
      this.#child.on('error', (error) => resolve({ code: null, signal: null, error }))
      this.#child.on('exit', (code, signal) => {
        const patience = setTimeout(() => resolve({ code, signal }), DRAIN_MS)
        this.#child.on('close', () => {
          clearTimeout(patience)
          resolve({ code, signal })
        })
      })
    })
  }

  #killFor(why: Ending): void {
    this.#killedFor ??= why
    this.kill()
  }
}

function flagsOf({ role }: ChildTask): string[] {
  return [`--max-old-space-size=${HEAP_LIMIT_MB}`, ...(role === 'virtual' ? VIRTUAL_FLAGS : [])]
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
