/** Tasks and timers that keep a program going: else most of its tasks would wait for ever. */
import type { Generator } from './generate.ts'
import type { Stmt } from './program.ts'

/** How often something has one. Without, there are programs where all wait for ever, until they are cancelled. */
const LIKELY = 0.8

/** Statements for the start of a program; now and then a thing is left to itself. */
export function companionsFor(g: Generator): Stmt[] {
  const names = Object.keys(g.resources).filter(() => g.chance(LIKELY))
  return names.flatMap((name) => {
    if (name.startsWith('f')) return [later(g, [complete(g, name)])]
    if (name.startsWith('event')) return [later(g, [{ op: 'eventSet', target: name }])]
    if (name.startsWith('sem')) return [later(g, [{ op: 'release', target: name }])]
    if (name.startsWith('cond')) return [repeated(g, notifying(g, name))]
    if (name.startsWith('queue')) return [repeated(g, producing(g, name)), repeated(g, consuming(name))]
    return []
  })
}

function later(g: Generator, body: Stmt[]): Stmt {
  return { op: 'callLater', handle: g.fresh('h'), us: g.delay(), body }
}

function complete(g: Generator, target: string): Stmt {
  if (g.chance(0.15)) return { op: 'cancel', target, ...g.message() }
  return { op: g.chance(0.75) ? 'setResult' : 'setError', target, value: g.value(), evenIfDone: false }
}

/** A task that does it a few times, with time in between. */
function repeated(g: Generator, body: Stmt[]): Stmt {
  const task = g.fresh('t')
  g.setRank(task, 0.5)
  const sleep: Stmt = { op: 'sleep', us: g.delay() }
  const times = 2 + g.random.integer(4)
  return { op: 'spawn', task, generator: false, body: [{ op: 'repeat', times, body: [sleep, ...body] }] }
}

function notifying(g: Generator, target: string): Stmt[] {
  const notify: Stmt = g.chance(0.5)
    ? { op: 'notify', target, count: 1 + g.random.integer(2) }
    : { op: 'notifyAll', target }
  return [{ op: 'with', target, body: [notify] }]
}

function producing(g: Generator, target: string): Stmt[] {
  return [{ op: 'put', target, value: g.value() }]
}

function consuming(target: string): Stmt[] {
  return [
    { op: 'get', target },
    { op: 'taskDone', target },
  ]
}
