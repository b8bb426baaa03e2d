/** The file of a baseline: read with a remedy for every mistake, written whole or not at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { messageOf, UsageError } from '../errors.ts'
import type { Baseline } from '../verdict/baseline.ts'
import { formatBaseline, parseBaseline } from '../verdict/baseline-text.ts'

export const BASELINE_FILE = 'loopdyno.baseline.json'

/** Throws `UsageError`. */
export function readBaseline(path: string): Baseline {
  return parseBaseline(readText(path), path)
}

function readText(path: string): string {
  if (!existsSync(path)) {
    const flag = path === BASELINE_FILE ? '' : ` --baseline ${path}`
    throw new UsageError(`There is no baseline '${path}': make one with loopdyno baseline save${flag}`)
  }
  if (statSync(path).isDirectory())
    throw new UsageError(
      `The baseline '${path}' is a folder: name the file, --baseline ${join(path, BASELINE_FILE)}`,
    )
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`The baseline '${path}' cannot be read: ${messageOf(error)}`)
  }
}

/**
 * Whoever reads meanwhile finds the old baseline or the new one, whole. A link stays one: what it points to is written.
 * Throws `UsageError`, and then nothing has changed.
 */
export function writeBaseline(path: string, baseline: Baseline, { replace }: { replace: boolean }): void {
  const text = formatBaseline(baseline)
  try {
    const target = followed(path)
    checkTarget(path, target, replace)
    writeWhole(target, text)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `The baseline '${path}' cannot be written: ${messageOf(error)}. Choose another file with --baseline`,
    )
  }
}

/** Where a link leads, even where nothing is there yet. */
function followed(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  if (!isLink) return resolve(path)
  return join(realpathSync(dirname(resolve(dirname(path), readlinkSync(path)))), basename(readlinkSync(path)))
}

function checkTarget(path: string, target: string, replace: boolean): void {
  const there = statSync(target, { throwIfNoEntry: false })
  if (there === undefined) return
  // A rename would put a plain file in the place of /dev/null.
  if (!there.isFile())
    throw new UsageError(`The baseline '${path}' is no file: choose another with --baseline`)
  if (replace) return
  throw new UsageError(
    `There is a baseline '${path}' already: replace it with loopdyno baseline update, or choose another file with --baseline`,
  )
}

/** A file beside it, flushed to the disk, takes its place. */
function writeWhole(target: string, text: string): void {
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`)
  try {
    const file = openSync(temporary, 'w')
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, target)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
