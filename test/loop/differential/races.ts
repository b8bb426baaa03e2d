/**
 * Tasks that contend for one thing, and someone who grants it and cancels one of them at the same moment: where a
 * wake-up can be lost, or a permit. Random statements seldom meet like this.
 */
import type { Generator } from './generate.ts'
import type { Stmt } from './program.ts'

const LIKELY = 0.5

/** Statements for the start of a program. */
export function racesFor(g: Generator): Stmt[] {
  const races = Object.keys(g.resources).flatMap((name) => (g.chance(LIKELY) ? raceFor(g, name) : []))
  return g.features.has('group') && g.chance(LIKELY) ? [...races, ...groupRace(g)] : races
}

function raceFor(g: Generator, name: string): Stmt[] {
  if (/^(lock|sem)/.test(name)) return contend(g, () => holding(g, name), [grantOf(g, name)])
  if (name.startsWith('queue')) {
    const gets = g.chance(0.5)
    const grant: Stmt = gets
      ? { op: 'putNowait', target: name, value: g.value() }
      : { op: 'getNowait', target: name }
    return contend(g, () => (gets ? { op: 'get', target: name } : put(g, name)), [grant])
  }
  return name.startsWith('cond') ? conditionRace(g, name) : []
}

function put(g: Generator, target: string): Stmt {
  return { op: 'put', target, value: g.value() }
}

function holding(g: Generator, target: string): Stmt {
  return { op: 'with', target, body: [pause(g)] }
}

function pause(g: Generator): Stmt {
  return { op: 'sleep', us: g.chance(0.5) ? 0 : g.delay() }
}

/** For a lock its holder: it lets go when it is cancelled. */
function grantOf(g: Generator, name: string): Stmt {
  return name.startsWith('sem') ? { op: 'release', target: name } : { op: 'cancel', target: latestTask(g) }
}

function latestTask(g: Generator): string {
  return g.target('t', -2) ?? 't0'
}

function spawn(g: Generator, body: Stmt[]): Stmt & { task: string } {
  const task = g.fresh('t')
  g.setRank(task, 0.5)
  return { op: 'spawn', task, generator: false, body }
}

/** `make` is what they contend by; `grant` lets one of them go on. */
function contend(g: Generator, make: () => Stmt, grant: Stmt[]): Stmt[] {
  const tasks = contenders(g, make)
  const moves = [...grant, ...cancels(g, tasks), ...(g.chance(0.4) ? grant : [])]
  return [...tasks, { op: 'callLater', handle: g.fresh('h'), us: g.delay(), body: g.random.shuffle(moves) }]
}

function contenders(g: Generator, make: () => Stmt): (Stmt & { task: string })[] {
  return Array.from({ length: 2 + g.random.integer(3) }, () => {
    const last: Stmt[] = g.chance(0.4) ? [pause(g)] : []
    return spawn(g, [make(), ...last])
  })
}

/** One of them, mostly the first, or two. */
function cancels(g: Generator, tasks: readonly { task: string }[]): Stmt[] {
  const targets = [g.chance(0.6) ? tasks[0]! : g.pick(tasks)!, ...(g.chance(0.3) ? [g.pick(tasks)!] : [])]
  return targets.map(({ task }) => ({ op: 'cancel', target: task, ...g.message() }))
}

/** They are cancelled as they wake, or while they wait for the lock again. */
function conditionRace(g: Generator, target: string): Stmt[] {
  const tasks = contenders(g, () => ({ op: 'with', target, body: [{ op: 'condWait', target }] }))
  const notify: Stmt = g.chance(0.5)
    ? { op: 'notify', target, count: 1 + g.random.integer(2) }
    : { op: 'notifyAll', target }
  const moves = [notify, ...(g.chance(0.5) ? [pause(g)] : []), ...cancels(g, tasks), pause(g)]
  const racer = spawn(g, [
    { op: 'sleep', us: g.delay() },
    { op: 'with', target, body: moves },
  ])
  return [...tasks, racer]
}

/** A child fails, or several, as the group's owner fails or is cancelled. */
function groupRace(g: Generator): Stmt[] {
  const future = g.resource('f', 0)
  g.setRank(future, 1)
  const group = g.fresh('k')
  const child = (): Stmt => {
    const task = g.fresh('t')
    g.setRank(task, 0.7)
    return { op: 'groupSpawn', group, task, body: failing(g, future) }
  }
  const children = Array.from({ length: 1 + g.random.integer(3) }, child)
  const body = [...children, ...failing(g, future)]
  const owner = spawn(g, [
    { op: 'try', ...caught('errors'), body: [{ op: 'group', group, body }], handler: [{ op: 'cancelling' }] },
    pause(g),
  ])
  const cancel: Stmt = { op: 'cancel', target: owner.task, ...g.message() }
  const cancelling: Stmt = g.chance(0.5) ? cancel : { op: 'callSoon', handle: g.fresh('h'), body: [cancel] }
  const done: Stmt = { op: 'setResult', target: future, value: g.value(), evenIfDone: false }
  const moves = g.random.shuffle(g.chance(0.6) ? [done, cancelling] : [done])
  return [owner, { op: 'callLater', handle: g.fresh('h'), us: g.delay(), body: moves }]
}

/** Waits for the future or a time, and fails then, or fails when it is cancelled. */
function failing(g: Generator, future: string): Stmt[] {
  const wait: Stmt = g.chance(0.7) ? { op: 'await', target: future } : pause(g)
  const fail: Stmt = { op: 'raise', message: `b${g.value()}` }
  const guarded: Stmt = { op: 'try', ...caught('cancelled'), body: [wait], handler: [fail] }
  return [g.chance(0.3) ? guarded : wait, ...(g.chance(0.6) ? [fail] : [])]
}

function caught(catches: 'errors' | 'cancelled'): {
  catches: 'errors' | 'cancelled'
  again: false
  cleanup: []
} {
  return { catches, again: false, cleanup: [] }
}
