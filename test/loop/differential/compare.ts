/** The same programs on both sides, line by line. */
import type { Oracle } from './oracle.ts'
import type { Program } from './program.ts'
import { pythonSource } from './python-source.ts'
import { type Performed, perform, type Sabotage } from './stage.ts'
import { typescriptSource } from './typescript-source.ts'

export interface Compared {
  readonly program: Program
  readonly ours: string[]
  readonly theirs: string[]
  /** Handles that ran on our side. */
  readonly handles: number
  /** Timers of equal time met: not compared. */
  readonly tied: boolean
  /** Of the first line that differs; undefined where all are equal. */
  readonly differsAt: number | undefined
}

export async function compare(
  programs: readonly Program[],
  oracle: Oracle,
  sabotage?: Sabotage,
): Promise<Compared[]> {
  const asked = oracle.ask(programs.map(pythonSource))
  // Python is at work on the same programs meanwhile.
  const logs: Performed[] = []
  for (const program of programs) logs.push(await perform(typescriptSource(program), sabotage))
  const answers = await asked
  return programs.map((program, i) => {
    const { lines: ours, handles } = logs[i]!
    const { lines: theirs, tied } = answers[i]!
    return {
      program,
      ours,
      theirs,
      handles,
      tied,
      differsAt: tied ? undefined : firstDifference(ours, theirs),
    }
  })
}

function firstDifference(ours: readonly string[], theirs: readonly string[]): number | undefined {
  const longest = Math.max(ours.length, theirs.length)
  for (let i = 0; i < longest; i++) if (ours[i] !== theirs[i]) return i
  return undefined
}
