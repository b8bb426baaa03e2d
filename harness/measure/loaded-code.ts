/** Which code a plug-in is: the files that are loaded for it, seen while a process of its own loads it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from '../errors.ts'
import { isPath, parseSpec } from '../spec.ts'

/** A plug-in as the command line names it: a policy with its options. */
export interface PluginRef {
  readonly kind: 'policy' | 'scenario' | 'config'
  readonly text: string
}

export interface CodeFile {
  /** From the top of the repository, with `/`. */
  readonly path: string
  readonly sha256: string
}

export interface PluginCode extends PluginRef {
  /** What is loaded for it and lies in the repository, but for packages; sorted. Empty: it is built in. */
  readonly files: readonly CodeFile[]
}

/** Where code is loaded, and from. */
export interface CodePlace {
  /** What people call it, for messages. */
  readonly label: string
  /** The working directory, where the plug-ins' paths start. */
  readonly directory: string
  /** The top of the files that it should be. */
  readonly root: string
  /** The top of the files that it must not be: the other side's. */
  readonly foreign: readonly string[]
  /** Sources and their `dist/` where the harness itself is of that code. */
  readonly build?: string
  /** Where translated TypeScript is kept. */
  readonly translations?: string
}

export interface LoadTask {
  readonly plugins: readonly PluginRef[]
  /** URLs of modules of the harness that is to load them. */
  readonly catalog: string
  readonly policyParts: string
  readonly api: string
  readonly folders: readonly string[]
}

export type LoadAnswer =
  | { readonly loaded: readonly { readonly entries: readonly string[]; readonly files: readonly string[] }[] }
  | { readonly problem: string }

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const TIME_LIMIT_MS = 60_000
const OUTPUT_LIMIT = 4000
const NO_CODE = new Set(['package.json', 'tsconfig.json'])

/**
 * Loads the plug-ins in a fresh process and returns what was loaded for each. Throws `UsageError` where one cannot be
 * loaded, or where what was loaded is not of `place.root`.
 */
export async function describeCode(
  place: CodePlace,
  plugins: readonly PluginRef[],
): Promise<readonly PluginCode[]> {
  const asked = plugins.filter((plugin) => place.build !== undefined || pathsOf(plugin).length > 0)
  if (asked.length === 0) return plugins.map((plugin) => ({ ...plugin, files: [] }))
  const harness = place.build === undefined ? OURS : join(place.build, 'dist', 'harness')
  const url = (name: string) => pathToFileURL(join(harness, name + extensionOf(place))).href
  const modules = { catalog: url('catalog'), policyParts: url('policy-parts'), api: url('api') }
  const folders = [place.root, ...place.foreign]
  const answer = await ask(place, { plugins: asked, ...modules, folders })
  if ('problem' in answer)
    throw new UsageError(`In ${place.label}: ${answer.problem}${absent(answer.problem)}`)
  return plugins.map((plugin) => {
    const loaded = answer.loaded[asked.indexOf(plugin)]
    return { ...plugin, files: loaded === undefined ? [] : ownFiles(place, plugin, loaded) }
  })
}

/** Whether two sides of a comparison have the same code for a plug-in: nothing in it can make a difference. */
export function sameCode(a: PluginCode, b: PluginCode): boolean {
  return JSON.stringify(a.files) === JSON.stringify(b.files)
}

/** All files of several lists, each once, sorted. */
export function allFiles(lists: readonly (readonly CodeFile[])[]): CodeFile[] {
  return [...new Map(lists.flat().map((file) => [file.path, file])).values()].sort(byPath)
}

/** The files that a plug-in's text names: its own, and those of the policies it wraps. */
export function pathsOf({ kind, text }: PluginRef): string[] {
  if (kind !== 'policy') return kind === 'config' || isPath(text) ? [text] : []
  const { name, options } = parseSpec(text)
  const inner = options.inner === undefined ? [] : pathsOf({ kind, text: options.inner })
  return isPath(name) ? [name, ...inner] : inner
}

export function hashFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

const OURS = fileURLToPath(new URL('..', import.meta.url))

function extensionOf({ build }: CodePlace): string {
  return build === undefined ? EXTENSION : '.js'
}

function absent(problem: string): string {
  return /cannot find (module|package)|no such file/i.test(problem)
    ? ' (what git does not have is not there in an older commit, and packages are those that are installed now)'
    : ''
}

function ownFiles(
  place: CodePlace,
  { kind, text }: PluginRef,
  { entries, files }: { readonly entries: readonly string[]; readonly files: readonly string[] },
): CodeFile[] {
  const real = files.flatMap(realFile).filter((path) => place.build !== undefined || !isOurs(path))
  const strange = real.find((path) => place.foreign.some((folder) => isCode(folder, path)))
  if (strange !== undefined) {
    throw new UsageError(
      `In ${place.label}, the ${kind} '${text}' loads ${strange}, which is of the other side: import it by a relative path`,
    )
  }
  const found = real.flatMap((path) => sourceOf(place, path))
  const byName = new Map(found.map(({ path, file }) => [path, { path, sha256: hashFile(file) }]))
  const outside = entries.find((entry) => isUsers(place, entry) && sourceOf(place, entry).length === 0)
  if (outside !== undefined)
    throw new UsageError(`In ${place.label}, '${text}' is a link out of the repository: give the file itself`)
  return [...byName.values()].sort(byPath)
}

function isUsers({ build }: CodePlace, entry: string): boolean {
  return !isOurs(entry) && (build === undefined || !isUnder(build, entry))
}

/** The harness that runs, and its plug-ins: the same for both sides, wherever it is installed. */
function isOurs(path: string): boolean {
  return isUnder(join(OURS, '..'), path)
}

/** A file by its place in the repository, where it is code of it. What is compiled stands for its source. */
function sourceOf(
  { root, build }: CodePlace,
  path: string,
): { readonly path: string; readonly file: string }[] {
  if (build !== undefined && isUnder(join(build, 'dist'), path)) {
    const source = relative(join(build, 'dist'), path).replace(/\.js$/, '.ts')
    return [{ path: slashed(source), file: join(build, source) }]
  }
  const [real] = realFile(path)
  if (real === undefined || !isCode(root, real)) return []
  return [{ path: slashed(relative(root, real)), file: real }]
}

/** Files only: what is tried and not there, and folders, are no code. */
function realFile(path: string): string[] {
  try {
    const real = realpathSync(path)
    return statSync(real).isFile() ? [real] : []
  } catch {
    return []
  }
}

function isCode(folder: string, path: string): boolean {
  if (!isUnder(folder, path)) return false
  const parts = relative(folder, path).split(sep)
  return !parts.includes('node_modules') && parts[0] !== '.git' && !NO_CODE.has(parts.at(-1)!)
}

export function isUnder(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

export function slashed(path: string): string {
  return path.split(sep).join('/')
}

function byPath(a: CodeFile, b: CodeFile): number {
  return a.path < b.path ? -1 : 1
}

// ------------------------------------------------------------------ the process

/** From source it needs to be told how to read TypeScript. */
function loader(): string[] {
  return EXTENSION === '.ts' ? ['--import', import.meta.resolve('jiti/register')] : []
}

const CHILD = join(OURS, 'measure', `loading-child${EXTENSION}`)

async function ask({ label, directory, translations }: CodePlace, task: LoadTask): Promise<LoadAnswer> {
  const child = spawn(process.execPath, ['--no-warnings', ...loader(), CHILD, JSON.stringify(task)], {
    cwd: directory,
    env: translations === undefined ? process.env : { ...process.env, LOOPDYNO_TRANSLATIONS: translations },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that what a plug-in starts is killed with it
  })
  const answer = textOf(child.stdio[3] as Readable)
  const output = textOf(child.stdout as Readable, child.stderr as Readable)
  const ending = await endOf(child)
  try {
    return JSON.parse(answer()) as LoadAnswer
  } catch {
    const last = output().slice(0, OUTPUT_LIMIT).trim().split('\n').at(-1)
    throw new UsageError(`In ${label}, the process that loads the plug-ins ${ending}${last && `: ${last}`}`)
  }
}

function textOf(...streams: Readable[]): () => string {
  const parts: Buffer[] = []
  for (const stream of streams) stream.on('data', (data: Buffer) => parts.push(data))
  return () => Buffer.concat(parts).toString()
}

/** How the process ended, in words. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let timedOut = false
    const kill = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        child.kill('SIGKILL') // the group is gone, or never was
      }
    }
    const limit = setTimeout(() => {
      timedOut = true
      kill()
    }, TIME_LIMIT_MS)
    child.on('error', (error) => resolve(`could not be started: ${error.message}`))
    child.on('exit', kill)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      if (timedOut) resolve(`did not end within ${TIME_LIMIT_MS / 1000} s`)
      else resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`)
    })
  })
}
