/** Files that are either there in full or not there at all. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Writes beside the target and renames, so that a reader or a killed run never sees half a file. */
export function writeWhole(directory: string, name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, path)
  return path
}
