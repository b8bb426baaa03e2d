/** What the printers of both languages share: lines, indentation, and the numbers of statements. */
import { type Op, type Program, type Stmt, statementsOf } from './program.ts'

/** The number that the log gives to each statement. */
export function numbersOf(program: Program): Map<Stmt, number> {
  return new Map(statementsOf(program.body).map((stmt, i) => [stmt, i + 1]))
}

/** What each number stands for. */
export function opsByNumber(program: Program): Op[] {
  const ops: Op[] = []
  for (const [stmt, number] of numbersOf(program)) ops[number] = stmt.op
  return ops
}

export class Lines {
  readonly #lines: string[] = []
  #margin = ''
  readonly #step: string

  constructor(step: string) {
    this.#step = step
  }

  add(...lines: string[]): void {
    for (const line of lines) this.#lines.push(this.#margin + line)
  }

  indented(write: () => void): void {
    const margin = this.#margin
    this.#margin += this.#step
    write()
    this.#margin = margin
  }

  get count(): number {
    return this.#lines.length
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}
