/**
 * Traps for what would make virtual runs differ: the wall clock, unseeded chance, real timers, real I/O and the state
 * of the machine. A trapped function works as before; who called it is noted. The harness and its dependencies may call
 * what they like; plug-ins, and the libraries that these load, may not.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../contracts.ts'
import { type AmbientKind, type AmbientSource, ambientSources, MEANINGS } from './ambient-sources.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
/** Packages of ours that a round's process loads and that look at the machine, or might. */
const OWN_PACKAGES = ['jiti', 'koffi', 'zod']
const OWN_FOLDERS = [join(ROOT, 'harness') + sep, ...OWN_PACKAGES.flatMap(packageFolder)]
/** Ours that call what they are given, and never anything ambient by themselves in a world. */
const CALLS_BACK = /^(loop\/(?!clock|real-services|threads|drivers\/)|world\/services)/
/** A look at the stack costs microseconds. A source that is asked more often than this is known by then. */
const MOST_CALLS = 10_000
/** Deep enough to come from a library out to the plug-in that called it. */
const STACK_DEPTH = 50

/** The plug-ins of a round, as the command line names them. */
export interface PluginNames {
  readonly policy: string
  readonly scenario: string
}

type AnyFunction = (...args: unknown[]) => unknown
type Trap = (...args: never[]) => unknown
type Constructor = abstract new (...args: unknown[]) => unknown

/** What a plug-in called. */
interface Noted {
  readonly kind: AmbientKind
  readonly what: string
  readonly who: string
  /** In the order of their first calls. */
  readonly places: Set<string>
  times: number
}

/**
 * The traps of this process, set as soon as it is made. Before `worldStarts`, while plug-ins are being loaded, they may
 * read files and look at the machine.
 */
export class AmbientWatch {
  readonly #plugins: PluginNames
  readonly #undo: (() => void)[] = []
  #isLoading = true
  /** While a trapped function runs, what it calls in turn is its own business. */
  #isInside = false
  /** Calls noted, by what was called. */
  readonly #calls = new Map<string, number>()
  readonly #whileLoading = new Map<string, Noted>()
  readonly #inWorld = new Map<string, Noted>()

  constructor(plugins: PluginNames) {
    this.#plugins = plugins
    for (const source of ambientSources()) this.#trap(source)
    this.#trapDate()
    syncBuiltinESMExports() // so that `import { readFileSync } from 'node:fs'` gets the trap as well
  }

  /** A world is about to run: what an earlier one did in this process is forgotten, what loading did is not. */
  worldStarts(): void {
    this.#isLoading = false
    this.#inWorld.clear()
    this.#calls.clear()
  }

  /** Makes everything as it was. */
  release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo()
    syncBuiltinESMExports()
  }

  /** One for each thing that was called, with where, how often and what to call instead. */
  findings(): Finding[] {
    return [...this.#whileLoading.values(), ...this.#inWorld.values()].map(findingOf)
  }

  #trap({ kind, label, of, names }: AmbientSource): void {
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(of, name)
      if (!descriptor?.configurable) continue // not in this version of Node
      const key = typeof descriptor.value === 'function' ? 'value' : 'get'
      const trapped = this.#wrap(descriptor[key], kind, label === '' ? name : `${label}.${name}`)
      Object.defineProperty(of, name, { ...descriptor, [key]: trapped })
      this.#undo.push(() => Object.defineProperty(of, name, descriptor))
    }
  }

  /** A proxy, so that name, length, prototype and properties stay those of the function. */
  #wrap(original: AnyFunction, kind: AmbientKind, what: string): AnyFunction {
    const apply = (target: AnyFunction, self: unknown, args: unknown[]) =>
      this.#during(kind, what, apply, () => Reflect.apply(target, self, args))
    const construct = (target: AnyFunction, args: unknown[], newTarget: Constructor) =>
      this.#during(kind, `new ${what}`, construct, () => Reflect.construct(target, args, newTarget) as object)
    return new Proxy(original, { apply, construct })
  }

  /** `new Date(when)` asks nobody; `new Date()` and `Date()` ask the clock. */
  #trapDate(): void {
    const original = Date
    const apply = () => this.#during('clock', 'Date()', apply, () => original())
    const construct = (target: DateConstructor, args: unknown[], newTarget: Constructor): object => {
      const make = () => Reflect.construct(target, args, newTarget) as object
      return args.length === 0 ? this.#during('clock', 'new Date()', construct, make) : make()
    }
    const trapped = new Proxy(original, { apply, construct })
    const set = (date: DateConstructor) => {
      globalThis.Date = date
      original.prototype.constructor = date
    }
    set(trapped)
    this.#undo.push(() => set(original))
  }

  #during<T>(kind: AmbientKind, what: string, trap: Trap, call: () => T): T {
    if (this.#isInside || (this.#calls.get(what) ?? 0) >= MOST_CALLS) return call()
    if (!this.#isLoading || MEANINGS[kind].whileLoading) this.#note(kind, what, trap)
    this.#isInside = true
    try {
      return call()
    } finally {
      this.#isInside = false
    }
  }

  #note(kind: AmbientKind, what: string, trap: Trap): void {
    const callers = callersOf(trap)
    const place = placeOf(callers[0])
    if (place === undefined) return
    this.#calls.set(what, (this.#calls.get(what) ?? 0) + 1)
    const who = this.#owner(callers.map(({ file }) => file))
    const notes = this.#isLoading ? this.#whileLoading : this.#inWorld
    const key = `${who} ${what}`
    const noted = notes.get(key) ?? { kind, what, who, places: new Set<string>(), times: 0 }
    notes.set(key, noted)
    noted.places.add(place)
    noted.times++
  }

  /** Whose plug-in the innermost file that is one belongs to: a library is called by one. */
  #owner(files: readonly string[]): string {
    const { policy, scenario } = this.#plugins
    const policies = policy.split(/[:=,]/).map((part) => resolve(part)) // its own file, and those that it wraps
    for (const file of files) {
      if (file.startsWith(join(ROOT, 'policies')) || policies.includes(file)) return 'policy'
      if (file.startsWith(join(ROOT, 'scenarios')) || file === resolve(scenario)) return 'scenario'
    }
    return 'plug-in'
  }
}

function findingOf({ kind, what, who, places, times }: Noted): Finding {
  const { does, remedy } = MEANINGS[kind]
  const [first] = places
  const more = places.size - 1
  const others = more === 0 ? '' : `, and in ${more} more ${more === 1 ? 'place' : 'places'}`
  const message = `${who} code ${does}: ${what} ${first}${others}; ${remedy}`
  return { kind: 'nondeterministic', message, fatal: true, times }
}

interface Caller {
  readonly file: string
  readonly line: number
}

/** Who called the trap, innermost first, without what is Node's own. */
function callersOf(trap: Trap): Caller[] {
  const { prepareStackTrace, stackTraceLimit } = Error
  const holder: { stack?: NodeJS.CallSite[] } = {}
  try {
    Error.prepareStackTrace = (_, sites) => sites
    Error.stackTraceLimit = STACK_DEPTH
    Error.captureStackTrace(holder, trap)
    return holder.stack!.flatMap(callerOf)
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  }
}

function callerOf(site: NodeJS.CallSite): Caller[] {
  const name = site.getFileName()
  if (!name || name.startsWith('node:')) return []
  return [{ file: name.startsWith('file:') ? fileURLToPath(name) : name, line: site.getLineNumber() ?? 0 }]
}

/** `at FILE:LINE`; `undefined` where the harness, or Node itself, has called. */
function placeOf(caller: Caller | undefined): string | undefined {
  if (caller === undefined) return undefined
  const { file, line } = caller
  if (!OWN_FOLDERS.some((folder) => file.startsWith(folder))) return `at ${shown(file)}:${line}`
  const inHarness = relative(join(ROOT, 'harness'), file).replaceAll(sep, '/')
  return CALLS_BACK.test(inHarness) ? 'as a callback of the loop' : undefined
}

/** Where a package lies for us, in a list; empty where it is not installed. */
function packageFolder(name: string): string[] {
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const inside = `${sep}node_modules${sep}${name}${sep}`
    const at = entry.lastIndexOf(inside)
    return at < 0 ? [] : [entry.slice(0, at + inside.length)]
  } catch {
    return []
  }
}

/** A path as a person would give it here. */
function shown(file: string): string {
  const short = relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}
