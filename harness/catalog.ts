/** Finds, loads and validates plug-ins: built-in ones by name, a user's by path, both in the same way. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { LoopPolicy, Scenario } from './contracts.ts'
import { messageOf, UsageError } from './errors.ts'
import { isPath } from './spec.ts'
import { didYouMean } from './suggest.ts'
import type { Reporter } from './verdict/reporter.ts'

export interface Plugins {
  policy: LoopPolicy
  scenario: Scenario
  reporter: Reporter
}

export type PluginKind = keyof Plugins

const FOLDERS: Record<PluginKind, string> = { policy: 'policies', scenario: 'scenarios', reporter: 'reports' }
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
/** `.js` where we run compiled, `.ts` from source. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

/** The names of the built-ins of a kind: their files' stems. */
export function builtinNames(kind: PluginKind): string[] {
  return readdirSync(join(ROOT, FOLDERS[kind]))
    .filter((file) => file.endsWith(EXTENSION) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort()
}

/** Loads a plug-in by name or path. Throws `UsageError` that names what is wrong with it and the remedy. */
export async function loadPlugin<K extends PluginKind>(kind: K, name: string): Promise<Plugins[K]> {
  const path = isPath(name) ? userFile(kind, name) : builtinFile(kind, name)
  const exported = await importDefault(kind, path, name)
  const problem = CHECKS[kind](exported as Record<string, unknown>)
  if (problem !== undefined) throw new UsageError(`${title(kind)} '${name}' ${problem}`)
  return exported as Plugins[K]
}

function builtinFile(kind: PluginKind, name: string): string {
  const names = builtinNames(kind)
  if (names.includes(name)) return join(ROOT, FOLDERS[kind], name + EXTENSION)
  const hint = didYouMean(name, names)
  throw new UsageError(
    `Unknown ${kind} '${name}'${hint}: there are ${names.join(', ')}, or give a path such as ./my-${kind}.ts`,
  )
}

function userFile(kind: PluginKind, name: string): string {
  const path = resolve(name)
  if (existsSync(path)) return path
  throw new UsageError(`${title(kind)} file '${name}' does not exist: looked for ${path}`)
}

async function importDefault(kind: PluginKind, path: string, name: string): Promise<unknown> {
  let module: Record<string, unknown>
  try {
    module = path.startsWith(ROOT + sep) ? await import(pathToFileURL(path).href) : await importUserFile(path)
  } catch (error) {
    throw new UsageError(`${title(kind)} file '${name}' cannot be loaded: ${messageOf(error).trim()}`)
  }
  if (module.default !== undefined) return module.default
  throw new UsageError(
    `${title(kind)} file '${name}' has no default export: write export default ${DEFINE[kind]}({ ... })`,
  )
}

/** TypeScript or JavaScript; `import ... from 'loopdyno'` gets this very instance wherever the file lies. */
export async function importUserFile(path: string): Promise<Record<string, unknown>> {
  const { createJiti } = await import('jiti') // a tenth of a round's start-up, and needed for user files only
  const api = join(ROOT, 'harness', `api${EXTENSION}`)
  const jiti = createJiti(import.meta.url, {
    alias: { loopdyno: api },
    interopDefault: false,
    // The old side of a comparison keeps its translations apart: its files are gone when the check is over.
    fsCache: process.env.LOOPDYNO_TRANSLATIONS ?? true,
  })
  return jiti.import(path)
}

const DEFINE: Record<PluginKind, string> = {
  policy: 'definePolicy',
  scenario: 'defineScenario',
  reporter: 'reporter',
}

function title(kind: PluginKind): string {
  return kind[0]!.toUpperCase() + kind.slice(1)
}

type Check = (plugin: Record<string, unknown>) => string | undefined

const CHECKS: Record<PluginKind, Check> = {
  policy: checkPolicy,
  scenario: checkScenario,
  reporter: checkReporter,
}

function checkNamed(plugin: Record<string, unknown>): string | undefined {
  if (typeof plugin !== 'object' || plugin === null) return 'does not export an object'
  if (typeof plugin.name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(plugin.name)) {
    return `needs a 'name' in kebab-case, not ${JSON.stringify(plugin.name)}`
  }
  if (typeof plugin.summary !== 'string') return "needs a 'summary': one line that 'list' shows"
  return undefined
}

function checkPolicy(plugin: Record<string, unknown>): string | undefined {
  const problem = checkNamed(plugin)
  if (problem !== undefined) return problem
  if (plugin.unmanaged !== true && typeof plugin.createQueue !== 'function') {
    return "needs a function 'createQueue' that returns a ReadyQueue"
  }
  for (const hook of ['selector', 'observe']) {
    if (plugin[hook] !== undefined && typeof plugin[hook] !== 'function')
      return `has a '${hook}' that is not a function`
  }
  return checkSchema(plugin, 'options', true)
}

function checkScenario(plugin: Record<string, unknown>): string | undefined {
  const problem = checkNamed(plugin) ?? checkSchema(plugin, 'params', false)
  if (problem !== undefined) return problem
  const whole = typeof plugin.main === 'function'
  const halves = typeof plugin.serve === 'function' && typeof plugin.load === 'function'
  if (whole === halves) return "needs either 'main', or 'serve' with 'load'"
  const { classes } = plugin
  if (typeof classes !== 'function' && (typeof classes !== 'object' || classes === null))
    return "needs 'classes' (an empty object will do)"
  const times = plugin.time
  const known =
    Array.isArray(times) && times.length > 0 && times.every((time) => time === 'real' || time === 'virtual')
  return known ? undefined : "needs 'time': ['real'], ['virtual'] or both"
}

function checkReporter(plugin: Record<string, unknown>): string | undefined {
  return checkNamed(plugin) ?? (typeof plugin.write === 'function' ? undefined : "needs a function 'write'")
}

function checkSchema(plugin: Record<string, unknown>, key: string, optional: boolean): string | undefined {
  const schema = plugin[key] as { safeParse?: unknown } | undefined
  if (schema === undefined && optional) return undefined
  return typeof schema?.safeParse === 'function'
    ? undefined
    : `needs '${key}' to be a zod object: z.object({ ... })`
}
