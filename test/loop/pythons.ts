/** Finds a CPython for the tests that ask asyncio what is right. `LOOPDYNO_PYTHON` names others to try. */
import { spawnSync } from 'node:child_process'

/** TaskGroup and timeout are from 3.11. */
export const OLDEST = 11

export interface Python {
  readonly command: string
  /** Of a Python 3. */
  readonly minor: number
}

const CANDIDATES = process.env.LOOPDYNO_PYTHON?.split(',') ?? ['python3', 'python3.13', 'python3.12']

/** Undefined where there is none of that name. */
export function inspectPython(command: string): Python | undefined {
  const { status, stdout } = spawnSync(command, ['-c', 'import sys; print(sys.version_info.minor)'])
  return status === 0 ? { command, minor: Number(stdout) } : undefined
}

/** The first of 3.11 or later. */
export function findPython(): Python | undefined {
  for (const command of CANDIDATES) {
    const python = inspectPython(command)
    if (python !== undefined && python.minor >= OLDEST) return python
  }
  return undefined
}
