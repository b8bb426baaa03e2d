/** One run a folder at a time: two would report each other's rounds. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'

const LOCK = '.loopdyno.lock'

/** Takes the folder. Returns what gives it back. Throws `UsageError` where another run that is alive has it. */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, LOCK)
  const owner = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  if (owner !== process.pid && isAlive(owner))
    throw new UsageError(
      `Another run (process ${owner}) writes to '${directory}': wait for it, or choose another folder with --out`,
    )
  writeFileSync(path, String(process.pid))
  return () => rmSync(path, { force: true })
}

/** A lock that a killed run has left holds nobody up. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
