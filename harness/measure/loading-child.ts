/**
 * Loads plug-ins as a round does, and says which files that took: what is imported, and what is read meanwhile.
 * Its task comes as JSON in the first argument, what it found goes as one line of JSON to descriptor 3. It does not
 * see what is imported or started later, when a round runs.
 */
import fs, { writeSync } from 'node:fs'
import { createRequire, register, syncBuiltinESMExports } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import type { PreparedPolicy } from '../policy-parts.ts'
import { dieWithParent } from '../selectors/syscalls.ts'
import { isPath, parseSpec } from '../spec.ts'
import type { LoadAnswer, LoadTask, PluginRef } from './loaded-code.ts'

const ANSWER_FD = 3
/** Next to the folder of the harness, which the catalog knows as well. */
const FOLDERS = { policy: 'policies', scenario: 'scenarios', config: '.' } as const

/** In the thread of the hooks, where TypeScript is not read when we run from source. */
const HOOKS = `
let port
export const initialize = (given) => { port = given }
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context)
  port.postMessage([context.parentURL, resolved.url])
  return resolved
}`

/** Which module imports which, by URL: what Node loads itself. */
const imported = new Map<string, Set<string>>()
/** What was opened: what Node requires and what jiti translates is read by these functions. */
const opened = new Set<string>()

function watchImports(): () => void {
  const { port1, port2 } = new MessageChannel()
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: port2, transferList: [port2] })
  port1.unref()
  return () => {
    for (let got = receiveMessageOnPort(port1); got !== undefined; got = receiveMessageOnPort(port1)) {
      const [from, to] = got.message as [string | undefined, string]
      if (from === undefined) continue
      if (!imported.has(from)) imported.set(from, new Set())
      imported.get(from)!.add(to)
    }
  }
}

type Opening = (path: unknown, ...rest: unknown[]) => unknown

function watchReads(): void {
  const watch = (module: object, names: readonly string[]) => {
    const functions = module as Record<string, Opening>
    for (const name of names) {
      const original = functions[name]!
      functions[name] = function (this: unknown, path, ...rest) {
        if (path instanceof URL) opened.add(fileURLToPath(path))
        else if (typeof path === 'string' || Buffer.isBuffer(path)) opened.add(resolve(String(path)))
        return original.call(this, path, ...rest)
      }
    }
  }
  watch(fs, ['readFileSync', 'openSync', 'readFile', 'open', 'createReadStream'])
  watch(fs.promises, ['readFile', 'open'])
  syncBuiltinESMExports()
}

/** Everything that the given files import, and they themselves; not what the catalog has imported for others. */
function closure(paths: readonly string[], { catalog }: LoadTask): string[] {
  const found = new Set(paths.map((path) => pathToFileURL(path).href))
  for (const url of found) {
    if (url === catalog) continue
    for (const each of imported.get(withoutQuery(url)) ?? []) found.add(each)
  }
  return [...found].filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(withoutQuery(url)))
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '')
}

/** So that the next plug-in reads again what it shares with this one. */
function forget(folders: readonly string[]): void {
  const { cache } = createRequire(import.meta.url)
  for (const path of Object.keys(cache)) {
    if (folders.some((folder) => path.startsWith(folder)) && !path.includes('/node_modules/'))
      delete cache[path]
  }
}

async function load({ kind, text }: PluginRef, { catalog, policyParts, api }: LoadTask): Promise<string[]> {
  if (kind === 'policy') {
    const { preparePolicy } = (await import(policyParts)) as typeof import('../policy-parts.ts')
    return namesOf(await preparePolicy(text))
  }
  if (kind === 'scenario') {
    const { loadPlugin } = (await import(catalog)) as typeof import('../catalog.ts')
    await loadPlugin(kind, text)
  } else {
    const { createJiti } = await import('jiti')
    const alias = { loopdyno: fileURLToPath(api) }
    await createJiti(import.meta.url, { alias, interopDefault: false }).import(resolve(text))
  }
  return [text]
}

function namesOf({ label, inner }: PreparedPolicy): string[] {
  return [parseSpec(label).name, ...[...inner.values()].flatMap(namesOf)]
}

function fileOf(name: string, { kind }: PluginRef, { catalog }: LoadTask): string {
  if (kind === 'config' || isPath(name)) return resolve(name)
  const folder = new URL(`../${FOLDERS[kind]}/`, catalog)
  return fileURLToPath(new URL(`${name}${/\.\w+$/.exec(catalog)![0]}`, folder))
}

async function answerTo(task: LoadTask): Promise<LoadAnswer> {
  const drain = watchImports()
  watchReads()
  const loaded: { entries: string[]; files: string[] }[] = []
  for (const plugin of task.plugins) {
    opened.clear()
    const names = await load(plugin, task)
    drain()
    const entries = names.map((name) => fileOf(name, plugin, task))
    loaded.push({ entries, files: closure([...entries, ...opened], task) })
    forget(task.folders)
  }
  return { loaded }
}

dieWithParent()
const task = JSON.parse(process.argv[2]!) as LoadTask
const answer = await answerTo(task).catch((error: unknown): LoadAnswer => ({ problem: messageOf(error) }))
writeSync(ANSWER_FD, `${JSON.stringify(answer)}\n`)
process.exit(0)
