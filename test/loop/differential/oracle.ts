/** CPython beside us: one process that runs any number of programs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Python } from '../pythons.ts'

export interface OracleAnswer {
  readonly lines: string[]
  /** Timers of equal time met: Python promises no order. */
  readonly tied: boolean
}

const STAGE = fileURLToPath(new URL('./stage.py', import.meta.url))

export class Oracle {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>

  constructor(python: Python) {
    this.#child = spawn(python.command, [STAGE], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** One answer a source. Throws where Python ends before it has answered. One call at a time. */
  async ask(sources: readonly string[]): Promise<OracleAnswer[]> {
    this.#child.stdin!.write(`${JSON.stringify(sources)}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error(`Python ended (exit code ${this.#child.exitCode}); its words are above`)
    return JSON.parse(value)
  }

  close(): void {
    this.#child.stdin!.end()
  }
}
