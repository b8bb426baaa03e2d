/**
 * Random programs that are valid and end. A task awaits only what ranks above it, so that no two wait for one another
 * (cancelling such a ring recurses for ever in CPython); what waits for other things is cancelled when time is up.
 * Each program uses some features only, and thus each of them the more (Groce et al., "Swarm Testing", 2012).
 */
import { createRandom, type Random } from '../../../harness/random.ts'
import { CHOICES, type Choice, SPAWN } from './choices.ts'
import { companionsFor } from './companions.ts'
import { SINCE } from './divergences.ts'
import type { Program, Stmt } from './program.ts'
import { racesFor } from './races.ts'

const FEATURES = [
  ...(['callbacks', 'timers', 'futures', 'done-callbacks', 'tasks', 'cancel', 'self', 'uncancel'] as const),
  ...([
    'try',
    'repeat',
    'work',
    'raise',
    'reruns',
    'generator',
    'gather',
    'gather-done',
    'wait',
    'shield',
  ] as const),
  ...(['timeout', 'wait-for', 'group', 'lock', 'semaphore', 'event', 'condition', 'queue'] as const),
]
export type Feature = (typeof FEATURES)[number]

/** Where statements are being made. */
export interface Scope {
  /** A callback, or outside of the loop: nothing can be awaited. */
  readonly sync: boolean
  readonly outside: boolean
  /** What may be awaited ranks above this. */
  readonly rank: number
  readonly depth: number
  /** Directly in the body of a task: only there does `return` mean the same in both languages. */
  readonly canReturn: boolean
  readonly generator: boolean
  /** Within `async with` of a condition: what is done with one elsewhere fails. */
  readonly inCondition: boolean
}

const TOP: Scope = {
  ...{ sync: true, outside: true, rank: -1, depth: 0 },
  ...{ canReturn: false, generator: false, inCondition: false },
}
const STATEMENTS_MOST = 100
const DEEPEST = 5
const LONGEST_MAIN = 8
const ATTEMPTS = 8
const TASKS_MOST = 24
const MAIN = 't0'

export function generateProgram(seed: number, minor: number): Program {
  return new Generator(seed, minor).program()
}

/** A program in the making: names, ranks and what is left to spend. */
export class Generator {
  readonly random: Random
  readonly features: ReadonlySet<Feature>
  readonly #seed: number
  readonly #choices: readonly Choice[]
  readonly #ranks = new Map<string, number>()
  readonly resources: Record<string, number> = {}
  readonly #unspawned: string[] = []
  readonly #counts = new Map<string, number>()
  readonly #delays = new Set<number>()
  #left = STATEMENTS_MOST

  constructor(seed: number, minor: number) {
    this.#seed = seed
    this.random = createRandom(seed)
    const known = FEATURES.filter((feature) => (SINCE[feature]?.minor ?? 0) <= minor)
    const density = 0.3 + 0.6 * this.random.uniform()
    this.features = new Set(known.filter(() => this.random.uniform() < density))
    this.#choices = CHOICES.filter(({ feature }) => feature === undefined || this.features.has(feature))
    this.#makeResources()
    for (let i = 1; i <= 3 + this.random.integer(6); i++) this.#nameTask(this.random.uniform())
  }

  #makeResources(): void {
    for (let i = this.random.integer(3); i >= 0; i--) this.#ranks.set(this.resource('f', 0), 1)
    if (this.features.has('lock')) this.resource('lock', 0)
    if (this.features.has('semaphore')) this.resource('sem', this.random.integer(3))
    if (this.features.has('event') || this.features.has('condition')) this.resource('event', 0)
    if (this.features.has('condition')) this.resource('cond', 0)
    if (this.features.has('queue')) this.resource('queue', this.random.integer(3))
  }

  resource(kind: string, size: number): string {
    const name = `${kind}${Object.keys(this.resources).filter((key) => key.startsWith(kind)).length}`
    this.resources[name] = size
    return name
  }

  #nameTask(rank: number): void {
    const name = this.fresh('t')
    this.#ranks.set(name, rank)
    this.#unspawned.push(name)
  }

  program(): Program {
    const body: Stmt[] = [
      ...companionsFor(this),
      ...racesFor(this),
      ...this.body(TOP, this.random.integer(3)),
    ]
    const inMain = { ...TOP, sync: false, outside: false, rank: 0, depth: 1, canReturn: true }
    this.#ranks.set(MAIN, 0)
    const siblings = this.body(inMain, 1 + this.random.integer(4), [SPAWN])
    const mainBody = [...siblings, ...this.body(inMain, 2 + this.random.integer(LONGEST_MAIN))]
    body.push({ op: 'spawn', task: MAIN, generator: false, body: mainBody })
    body.push(...this.body(TOP, this.random.integer(3)))
    body.push({ op: 'run', until: MAIN, us: this.#limit() })
    if (this.features.has('reruns')) body.push(...this.#reruns())
    return { seed: this.#seed, resources: this.resources, body }
  }

  /** Runs the loop again, until something else is done. */
  #reruns(): Stmt[] {
    const rerun = (): Stmt[] => [
      ...this.body(TOP, 1 + this.random.integer(3)),
      { op: 'run', until: this.target('tfg', -2)!, us: this.#limit() },
    ]
    return Array.from({ length: 1 + this.random.integer(2) }, rerun).flat()
  }

  /** Of a run, µs: some end in the middle of things. */
  #limit(): number {
    return this.random.uniform() < 0.7 ? 400_000 + this.delay() : this.delay()
  }

  body(scope: Scope, longest: number, choices = this.#choices): Stmt[] {
    const body: Stmt[] = []
    for (let left = longest; left > 0 && this.#left > 0; left--) {
      const stmt = this.#statement(scope, choices)
      if (stmt === undefined) continue
      body.push(stmt)
      if (stmt.op === 'raise' || stmt.op === 'return') break
    }
    return body
  }

  /** The body of a task: shorter the deeper it is. */
  taskBody(scope: Scope, changes: Partial<Scope>): Stmt[] {
    const longest = 2 + this.random.integer(Math.max(1, 7 - scope.depth))
    return this.body({ ...scope, ...changes, depth: scope.depth + 1 }, longest)
  }

  /** The body of anything else. */
  inner(scope: Scope, changes: Partial<Scope> = {}): Stmt[] {
    return this.body({ ...scope, ...changes, depth: scope.depth + 1 }, 1 + this.random.integer(3))
  }

  #statement(scope: Scope, choices: readonly Choice[]): Stmt | undefined {
    const fitting = choices.filter((choice) => fits(choice, scope))
    for (let attempt = 0; fitting.length > 0 && attempt < ATTEMPTS; attempt++) {
      this.#left--
      const stmt = this.random.weighted(fitting, ({ weight }) => weight).make(this, scope)
      if (stmt !== undefined) return stmt
      this.#left++
    }
    return undefined
  }

  // ------------------------------------------------------------------ names and numbers

  fresh(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    return `${kind}${count}`
  }

  /** A task to be spawned, awaitable by whoever has this rank: one that others know already, if possible. */
  takeTask(above: number): string | undefined {
    const index = this.#unspawned.findIndex((name) => this.rankOf(name) > above)
    if (index >= 0) return this.#unspawned.splice(index, 1)[0]
    if (this.#counts.get('t')! >= TASKS_MOST) return undefined
    const task = this.fresh('t')
    this.setRank(task, above + (1 - above) * this.random.uniform())
    return task
  }

  rankOf(name: string): number {
    return this.#ranks.get(name)!
  }

  setRank(name: string, rank: number): void {
    this.#ranks.set(name, rank)
  }

  /** One of the tasks, futures, gathers and shields, of these kinds and above this rank. */
  target(kinds: string, above: number): string | undefined {
    return this.pick([...this.#ranks.keys()].filter((n) => kinds.includes(n[0]!) && this.rankOf(n) > above))
  }

  targets(above: number): string[] {
    const names = Array.from({ length: 1 + this.random.integer(4) }, () => this.target('tfg', above))
    return names.filter((name) => name !== undefined)
  }

  named(kind: string): string | undefined {
    return this.pick(Object.keys(this.resources).filter((name) => name.startsWith(kind)))
  }

  /** The last name of a kind, mostly; else an earlier one. */
  latest(kind: string): string | undefined {
    const count = this.#counts.get(kind) ?? 0
    if (count === 0) return undefined
    return `${kind}${this.chance(0.6) ? count : 1 + this.random.integer(count)}`
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.random.integer(items.length)]
  }

  chance(probability: number): boolean {
    return this.random.uniform() < probability
  }

  /** µs, never the same twice in a program: timers of equal time have no order in Python. */
  delay(): number {
    let us: number
    do us = 1 + this.random.integer(50_000)
    while (this.#delays.has(us))
    this.#delays.add(us)
    return us
  }

  value(): number {
    return 1 + this.random.integer(99)
  }

  message(): { message?: string } {
    return this.chance(0.5) ? { message: `m${this.value()}` } : {}
  }
}

function fits(choice: Choice, scope: Scope): boolean {
  if (scope.sync && !choice.sync) return false
  if (scope.outside && choice.inside) return false
  if (scope.generator && choice.plain) return false
  return scope.depth < DEEPEST || !choice.nests
}
