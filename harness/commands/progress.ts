import type { PlannedCell } from '../measure/plan.ts'
import type { Terminal } from './command.ts'

/** One line that tells how far a run is, on a terminal only. */
export class Progress {
  readonly #terminal: Terminal
  readonly #startedMs = performance.now()
  #before = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show({ cell }: PlannedCell, round: number, done: number, total: number): void {
    if (!this.#terminal.isInteractive) return
    if (this.#before === 0) this.#before = done
    const what = `${cell.scenario} · ${cell.policy} · ${cell.time === 'virtual' ? 'virtual' : cell.selector} · round ${round + 1}`
    this.#write(`[${done}/${total}] ${what}${this.#left(done, total)}`)
  }

  clear(): void {
    if (this.#terminal.isInteractive) this.#write('')
  }

  #left(done: number, total: number): string {
    const ran = done - this.#before
    if (ran === 0) return ''
    const seconds = (((performance.now() - this.#startedMs) / ran) * (total - done + 1)) / 1000
    return ` · ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`} left`
  }

  #write(text: string): void {
    this.#terminal.err(`\r\x1b[2K${text.slice(0, this.#terminal.width - 1)}`)
  }
}
