/** Runs the compiled command line as its user would, and never leaves a process behind. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const CLI = fileURLToPath(new URL('../../dist/harness/cli.js', import.meta.url))

/** Every process of an invocation inherits this variable: that is how those left over are found. */
const MARK = 'LOOPDYNO_TEST_MARK'
const LOOK_EVERY_MS = 10

export interface Result {
  /** `null` where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface InvocationOptions {
  readonly cwd?: string
  /** Added to an environment in which nothing is said about colours. */
  readonly env?: Readonly<Record<string, string>>
  readonly timeLimitMs?: number
  /** What is run in place of `node dist/harness/cli.js`. */
  readonly program?: readonly string[]
}

let made = 0

/** One run of the command line that can be watched and signalled while it lasts. */
export class Invocation {
  stdout = ''
  stderr = ''
  readonly pid: number
  /** Rejects where the time limit ended it, after all its processes have been killed. */
  readonly ended: Promise<Result>
  readonly #mark = `${process.pid}.${made++}.${Math.round(performance.timeOrigin)}`

  constructor(args: readonly string[], options: InvocationOptions = {}) {
    if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run npm run build first`)
    const [program, ...first] = options.program ?? [process.execPath, CLI]
    const { PATH, HOME } = process.env
    // In a session of its own: a signal to its group, as Ctrl-C sends it, must not reach the tests.
    const child = spawn(program!, [...first, ...args], {
      cwd: options.cwd,
      detached: true,
      env: { PATH, HOME, ...options.env, [MARK]: this.#mark },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.pid = child.pid!
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    const command = `loopdyno ${args.join(' ')}`
    this.ended = this.#watch(child, command, options.timeLimitMs ?? 60_000)
    this.ended.catch(() => {}) // whoever awaits it is told; nobody may have come to that yet
  }

  /** To the command alone, as `kill` does. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** To the command and all its children, as a terminal does at Ctrl-C. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.pid, name)
  }

  /** Its processes that are there now, itself among them. Linux only. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(`${MARK}=${this.#mark}`))
      .map(Number)
  }

  /** Its children that are there now. */
  children(): number[] {
    return this.processes().filter((pid) => pid !== this.pid)
  }

  /** Waits until something holds. Throws where it does not in time, or where the command ends first. */
  async until(what: string, holds: () => boolean, limitMs = 20_000): Promise<void> {
    let over = false
    const end = () => {
      over = true
    }
    this.ended.then(end, end)
    for (const startMs = performance.now(); !holds(); await pause(LOOK_EVERY_MS)) {
      const late = performance.now() - startMs > limitMs
      if (over || late) throw new Error(`${over ? 'It ended' : 'Too long'} before ${what}:\n${this.stderr}`)
    }
  }

  /** Waits until no process of it is left. Throws, and kills them, where one stays for longer than the limit. */
  async gone(limitMs = 2000): Promise<void> {
    for (const startMs = performance.now(); this.processes().length > 0; await pause(LOOK_EVERY_MS)) {
      if (performance.now() - startMs <= limitMs) continue
      const left = this.processes()
      this.#killAll()
      throw new Error(`${left.length} processes were left behind: ${left.join(', ')}`)
    }
  }

  #watch(child: ReturnType<typeof spawn>, command: string, timeLimitMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#killAll()
        reject(new Error(`'${command}' took longer than ${timeLimitMs} ms:\n${this.stdout}${this.stderr}`))
      }, timeLimitMs)
      child.on('close', (code) => {
        clearTimeout(limit)
        resolve({ code, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  #killAll(): void {
    for (const pid of process.platform === 'linux' ? this.processes() : [this.pid]) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {} // it has ended by itself meanwhile
    }
  }
}

/** Runs the command line to its end. */
export function loopdyno(args: readonly string[], options?: InvocationOptions): Promise<Result> {
  return new Invocation(args, options).ended
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Empty for a process that has ended, and for those of others. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return []
  }
}
