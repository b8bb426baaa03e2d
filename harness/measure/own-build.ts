/** loopdyno's own repository: there the built-in plug-ins and the harness are code of either side, and built for it. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../errors.ts'
import { type CodeFile, hashFile, slashed } from './loaded-code.ts'
import { PROTOCOL } from './protocol.ts'

const TIME_LIMIT_MS = 300_000
const SOURCES = ['harness', 'policies', 'scenarios', 'reports', 'package.json', 'tsconfig.json']
/** What of the harness has no part in a round. */
const NOT_IN_ROUNDS = /^harness\/(cli\.ts$|commands\/|verdict\/)/

export function isOwnRepository(root: string): boolean {
  const path = join(root, 'package.json')
  if (!existsSync(join(root, 'harness', 'cli.ts')) || !existsSync(path)) return false
  return /"name":\s*"loopdyno"/.test(readFileSync(path, 'utf8'))
}

/** The sources as they are now, so that what is edited meanwhile is not half in the build. */
export function copySources(root: string, to: string): void {
  mkdirSync(to)
  for (const name of SOURCES) cpSync(join(root, name), join(to, name), { recursive: true })
  if (existsSync(join(root, 'node_modules')))
    symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'))
}

/**
 * Compiles the sources in `root` to its `dist/`. Returns the script of a round's process. Throws `UsageError` where
 * they do not compile, or their rounds' processes are told their tasks in another form than ours.
 */
export async function buildOwn(root: string, label: string): Promise<string> {
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  if (!existsSync(compiler))
    throw new UsageError(`Cannot build ${label} without TypeScript: run npm ci first`)
  const problem = await compile(compiler, root)
  if (problem !== undefined) throw new UsageError(`Cannot compile ${label}: ${problem}`)
  const harness = join(root, 'dist', 'harness')
  const protocol = await protocolOf(join(harness, 'measure', 'protocol.js'))
  const child = join(harness, 'measure', 'child.js')
  if (protocol === PROTOCOL && existsSync(child)) return child
  throw new UsageError(
    `The harness of ${label} takes its tasks in another form (${protocol ?? 'none'}, not ${PROTOCOL}): keep a baseline with that version and check against it`,
  )
}

/** What was wrong, or nothing. Any error counts: what was built in spite of it may not be what it says. */
function compile(compiler: string, cwd: string): Promise<string | undefined> {
  const limits = { timeout: TIME_LIMIT_MS, killSignal: 'SIGKILL' as const }
  const args = ['-p', 'tsconfig.json', '--pretty', 'false', '--sourceMap', 'false', '--declaration', 'false']
  return new Promise((resolve) => {
    const child = execFile(compiler, args, { cwd, ...limits }, (error, stdout, stderr) => {
      if (error === null) resolve(undefined)
      else if (error.killed) resolve(`it took longer than ${TIME_LIMIT_MS / 1000} s`)
      else resolve(firstLines(stdout + stderr) || error.message)
    })
    child.stdin!.end()
  })
}

function firstLines(text: string): string {
  const lines = text.trim().split('\n')
  const more = lines.length > 3 ? `\n(and ${lines.length - 3} more lines)` : ''
  return lines.slice(0, 3).join('\n') + more
}

async function protocolOf(path: string): Promise<number | undefined> {
  if (!existsSync(path)) return undefined
  return ((await import(pathToFileURL(path).href)) as typeof import('./protocol.ts')).PROTOCOL
}

/** The files of the harness that a round may run: code of every cell. */
export function harnessFiles(root: string): CodeFile[] {
  return readdirSync(join(root, 'harness'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => slashed(relative(root, join(entry.parentPath, entry.name))))
    .filter((path) => !NOT_IN_ROUNDS.test(path))
    .sort()
    .map((path) => ({ path, sha256: hashFile(join(root, path)) }))
}
