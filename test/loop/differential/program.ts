/**
 * Random programs as data: what is generated, shrunk and printed in two languages. Names say what they are: `t3` a
 * task, `f0` a future, `g5` a gather or a shield, `h2` a handle, `k1` a task group, `lock0`, `sem0`, `event0`,
 * `cond0`, `queue0`. Times are µs.
 */

/** Statements that are one call, in callbacks as in tasks. */
export type Call =
  | { op: 'work'; us: number }
  | { op: 'setResult' | 'setError'; target: string; value: number; evenIfDone: boolean }
  | { op: 'cancel'; target: string; message?: string }
  | { op: 'inspect'; target: string }
  | { op: 'cancelHandle'; target: string }
  | { op: 'removeDone'; target: string; callback: string }
  | { op: 'eventSet' | 'eventClear'; target: string }
  | { op: 'release' | 'locked'; target: string }
  | { op: 'putNowait'; target: string; value: number }
  | { op: 'getNowait' | 'taskDone' | 'queueSize'; target: string }

/** Statements that are one call, in tasks only. */
export type TaskCall =
  | { op: 'sleep'; us: number }
  | { op: 'await'; target: string }
  | { op: 'awaitShield'; target: string }
  | { op: 'waitFor'; target: string; us: number }
  | { op: 'cancelSelf'; message?: string }
  | { op: 'uncancel' | 'cancelling' }
  | { op: 'acquire' | 'eventWait' | 'condWait' | 'get' | 'join'; target: string }
  | { op: 'condWaitFor'; target: string; event: string }
  | { op: 'notify'; target: string; count: number }
  | { op: 'notifyAll'; target: string }
  | { op: 'put'; target: string; value: number }

/** Statements that hold others, or end a body. */
export type Block =
  | { op: 'spawn'; task: string; generator: boolean; body: Stmt[] }
  | { op: 'groupSpawn'; group: string; task: string; body: Stmt[] }
  | { op: 'callSoon'; handle: string; body: Stmt[] }
  | { op: 'callLater' | 'callAt'; handle: string; us: number; body: Stmt[] }
  | { op: 'addDone'; target: string; callback: string; body: Stmt[] }
  | { op: 'try'; catches: Catches; again: boolean; body: Stmt[]; handler: Stmt[]; cleanup: Stmt[] }
  | { op: 'repeat'; times: number; body: Stmt[] }
  | { op: 'timeout'; us: number; body: Stmt[] }
  | { op: 'with'; target: string; body: Stmt[] }
  | { op: 'group'; group: string; body: Stmt[] }
  | { op: 'gather'; slot: string; targets: string[]; returnExceptions: boolean; pendingOnly: boolean }
  | { op: 'shield'; slot: string; target: string }
  | { op: 'wait'; targets: string[]; when: When; us?: number }
  | { op: 'raise'; message: string }
  | { op: 'return'; value: number }
  /** Outside of the loop only: runs it until the future is done or the time is up. */
  | { op: 'run'; until: string; us: number }

export type Catches = 'cancelled' | 'errors' | 'all'
export type When = 'all' | 'first' | 'exception'
export type Stmt = Call | TaskCall | Block
export type Op = Stmt['op']

export interface Program {
  readonly seed: number
  /** What it works on: name to size (permits of a semaphore, bound of a queue). */
  readonly resources: Readonly<Record<string, number>>
  /** Runs outside of the loop, between its runs. */
  readonly body: Stmt[]
}

const BODIES = ['body', 'handler', 'cleanup'] as const

/** The lists of statements within one. */
export function bodiesOf(stmt: Stmt): Stmt[][] {
  const holder = stmt as { readonly [key in (typeof BODIES)[number]]?: Stmt[] }
  return BODIES.flatMap((key) => (holder[key] === undefined ? [] : [holder[key]]))
}

/** Every statement, a holder before what it holds: the order in which they are numbered. */
export function statementsOf(body: readonly Stmt[], into: Stmt[] = []): Stmt[] {
  for (const stmt of body) {
    into.push(stmt)
    if ('body' in stmt) for (const inner of bodiesOf(stmt)) statementsOf(inner, into)
  }
  return into
}

/** The statements with each replaced by what `edit` makes of it, from the inside out; it is told which one it was. */
export function mapStatements(body: readonly Stmt[], edit: (stmt: Stmt, original: Stmt) => Stmt[]): Stmt[] {
  return body.flatMap((stmt) => {
    const copy: Record<string, unknown> = { ...stmt }
    for (const key of BODIES) if (key in stmt) copy[key] = mapStatements(copy[key] as Stmt[], edit)
    return edit(copy as Stmt, stmt)
  })
}

/** The name that a statement gives a value, if any. */
export function slotOf(stmt: Stmt): string | undefined {
  if (stmt.op === 'spawn' || stmt.op === 'groupSpawn') return stmt.task
  if (stmt.op === 'callSoon' || stmt.op === 'callLater' || stmt.op === 'callAt') return stmt.handle
  if (stmt.op === 'group') return stmt.group
  if (stmt.op === 'gather' || stmt.op === 'shield') return stmt.slot
  return stmt.op === 'addDone' ? stmt.callback : undefined
}

/** Every name that is given a value in the course of a program, or would be, in order. */
export function slotsOf(program: Program): string[] {
  const names = statementsOf(program.body).flatMap((stmt) => [slotOf(stmt), ...namesIn(stmt)])
  return [...new Set(names.filter((name) => name !== undefined && isSlot(name)))] as string[]
}

/** The names that a statement uses. */
export function namesIn(stmt: Stmt): string[] {
  const { target, targets, callback, group, until, event } = stmt as {
    [key in 'target' | 'callback' | 'group' | 'until' | 'event']?: string
  } & { targets?: string[] }
  return [target, ...(targets ?? []), callback, group, until, event].filter((name) => name !== undefined)
}

/** A task, gather, shield, handle, group or done-callback: what may have no value yet. */
export function isSlot(name: string): boolean {
  return /^[tghkc]\d/.test(name)
}
