/** What the generator chooses from, how often, and how each statement is made. */
import type { Feature, Generator, Scope } from './generate.ts'
import type { Stmt } from './program.ts'

export interface Choice {
  /** Absent: always there. */
  readonly feature?: Feature
  readonly weight: number
  /** Possible where nothing can be awaited. */
  readonly sync?: true
  /** Needs a running loop. */
  readonly inside?: true
  /** Not in a generator coroutine: it awaits a promise, which takes a turn there. */
  readonly plain?: true
  readonly nests?: true
  make(g: Generator, scope: Scope): Stmt | undefined
}

type Traits = 'sync' | 'inside' | 'plain' | 'nests'

function choice(
  feature: Feature | undefined,
  weight: number,
  traits: readonly Traits[],
  make: Choice['make'],
): Choice {
  return { feature, weight, make, ...Object.fromEntries(traits.map((trait) => [trait, true])) }
}

/** A statement about one thing, where there is one. */
function about(name: string | undefined, make: (name: string) => Stmt | undefined): Stmt | undefined {
  return name === undefined ? undefined : make(name)
}

const CALLBACK: Partial<Scope> = {
  ...{ sync: true, outside: false, rank: -1 },
  ...{ canReturn: false, generator: false, inCondition: false },
}
const IN_TASK = { sync: false, outside: false, canReturn: true, inCondition: false }
const NESTED: Partial<Scope> = { canReturn: false }

function spawn(g: Generator, scope: Scope): Stmt | undefined {
  return about(g.takeTask(scope.rank), (task) => {
    const generator = g.features.has('generator') && g.chance(0.5)
    const inTask = { ...IN_TASK, rank: g.rankOf(task), generator }
    return { op: 'spawn', task, generator, body: g.taskBody(scope, inTask) }
  })
}

function groupSpawn(g: Generator, scope: Scope): Stmt | undefined {
  return about(g.latest('k'), (group) => {
    return about(g.takeTask(Math.max(scope.rank, g.rankOf(group))), (task) => {
      const inTask = { ...IN_TASK, rank: g.rankOf(task), generator: false }
      return { op: 'groupSpawn', group, task, body: g.taskBody(scope, inTask) }
    })
  })
}

function group(g: Generator, scope: Scope): Stmt {
  const name = g.fresh('k')
  g.setRank(name, scope.rank)
  const inside = { ...scope, ...NESTED, depth: scope.depth + 1 }
  const children = g.body(inside, 1 + g.random.integer(3), [GROUP_SPAWN])
  return { op: 'group', group: name, body: [...children, ...g.inner(scope, NESTED)] }
}

function gather(g: Generator, scope: Scope): Extract<Stmt, { op: 'gather' }> {
  const targets = g.targets(scope.rank)
  const slot = g.fresh('g')
  // Below its members, and above the task that may await it.
  const lowest = Math.min(1, ...targets.map((name) => g.rankOf(name)))
  g.setRank(slot, Math.max(lowest - 1e-6, (lowest + scope.rank) / 2))
  return {
    op: 'gather',
    slot,
    targets,
    returnExceptions: g.chance(0.4),
    pendingOnly: !g.features.has('gather-done'),
  }
}

/** Cancelled while it is awaited: what becomes of that depends on every child. */
function cancelledGather(g: Generator, scope: Scope): Stmt {
  const gathering = gather(g, scope)
  const { slot } = gathering
  const cancel: Stmt = { op: 'cancel', target: slot, ...g.message() }
  const later: Stmt = g.chance(0.5)
    ? { op: 'callSoon', handle: g.fresh('h'), body: [cancel] }
    : { op: 'callLater', handle: g.fresh('h'), us: g.delay(), body: [cancel] }
  const first: Stmt[] = g.chance(0.3) ? [{ op: 'sleep', us: 0 }] : []
  const body: Stmt[] = [...first, gathering, g.chance(0.3) ? cancel : later, { op: 'await', target: slot }]
  return { op: 'try', catches: 'all', again: g.chance(0.3), body, handler: [], cleanup: [] }
}

function shield(g: Generator, scope: Scope): Stmt | undefined {
  return about(g.target('tfg', scope.rank), (target) => {
    const slot = g.fresh('g')
    g.setRank(slot, Math.max(g.rankOf(target) - 1e-6, (g.rankOf(target) + scope.rank) / 2))
    return { op: 'shield', slot, target }
  })
}

function tryStatement(g: Generator, scope: Scope): Stmt {
  return {
    op: 'try',
    catches: g.pick(['cancelled', 'errors', 'all', 'all'] as const)!,
    again: g.chance(0.3),
    body: g.inner(scope),
    handler: g.chance(0.6) ? g.inner(scope) : [],
    cleanup: g.chance(0.3) ? g.inner(scope, NESTED) : [],
  }
}

function wait(g: Generator, scope: Scope): Stmt {
  const time = g.chance(0.4) ? { us: g.delay() } : {}
  const when = g.pick(['all', 'first', 'exception'] as const)!
  return { op: 'wait', targets: g.targets(scope.rank), when, ...time }
}

const GROUP_SPAWN = choice('group', 5, ['sync', 'inside', 'nests'], groupSpawn)
export const SPAWN = choice(undefined, 2, ['sync', 'nests'], spawn)

const CORE: Choice[] = [
  choice(undefined, 10, [], (g) => ({ op: 'sleep', us: g.chance(0.65) ? 0 : g.delay() })),
  SPAWN,
  choice('tasks', 4, ['sync', 'nests'], spawn),
  choice('tasks', 8, [], (g, s) => about(g.target('tg', s.rank), (target) => ({ op: 'await', target }))),
  choice('tasks', 1, ['sync'], (g) => about(g.target('tg', -2), (target) => ({ op: 'inspect', target }))),
  choice('futures', 5, [], (g, s) => about(g.target('f', s.rank), (target) => ({ op: 'await', target }))),
  choice('futures', 4, ['sync'], (g, s) =>
    about(g.target('f', -2), (target) => {
      const op = g.chance(0.75) ? 'setResult' : 'setError'
      return { op, target, value: g.value(), evenIfDone: !s.outside && g.chance(0.1) }
    }),
  ),
  choice('futures', 1, ['sync'], (g) => about(g.target('f', -2), (target) => ({ op: 'inspect', target }))),
  choice('raise', 1.5, ['sync', 'inside'], (g) => ({ op: 'raise', message: `b${g.value()}` })),
  choice('raise', 1, [], (g, s) => (s.canReturn ? { op: 'return', value: g.value() } : undefined)),
  choice('work', 1.5, ['sync'], (g) => ({ op: 'work', us: g.delay() })),
  choice('try', 7, ['inside', 'nests'], tryStatement),
  choice('repeat', 2, ['nests'], (g, s) => ({
    op: 'repeat',
    times: 2 + g.random.integer(2),
    body: g.inner(s),
  })),
]

const CALLBACKS: Choice[] = [
  choice('callbacks', 2, ['sync', 'nests'], (g, s) => {
    return { op: 'callSoon', handle: g.fresh('h'), body: g.inner(s, CALLBACK) }
  }),
  choice('timers', 3, ['sync', 'nests'], (g, s) => {
    const op = g.chance(0.6) ? 'callLater' : 'callAt'
    return { op, handle: g.fresh('h'), us: g.delay(), body: g.inner(s, CALLBACK) }
  }),
  choice('cancel', 2, ['sync'], (g) => about(g.latest('h'), (target) => ({ op: 'cancelHandle', target }))),
  choice('done-callbacks', 3, ['sync', 'nests'], (g, s) =>
    about(g.target('tfg', -2), (target) => {
      return { op: 'addDone', target, callback: g.fresh('c'), body: g.inner(s, CALLBACK) }
    }),
  ),
  choice('done-callbacks', 1, ['sync'], (g) =>
    about(g.latest('c'), (callback) =>
      about(g.target('tfg', -2), (target) => ({ op: 'removeDone', target, callback })),
    ),
  ),
]

const CANCELLATION: Choice[] = [
  choice('cancel', 7, ['sync'], (g) =>
    about(g.target('tttfg', -2), (target) => ({ op: 'cancel', target, ...g.message() })),
  ),
  choice('self', 2, [], (g) => ({ op: 'cancelSelf', ...g.message() })),
  choice('uncancel', 1.5, [], () => ({ op: 'uncancel' })),
  choice('self', 1, [], () => ({ op: 'cancelling' })),
]

const COMBINATORS: Choice[] = [
  choice('gather', 5, ['sync', 'inside'], gather),
  choice('gather', 3, ['nests'], cancelledGather),
  choice('gather', 4, [], (g, s) => about(g.target('g', s.rank), (target) => ({ op: 'await', target }))),
  choice('shield', 3, ['sync', 'inside'], shield),
  choice('shield', 3, [], (g, s) =>
    about(g.target('tfg', s.rank), (target) => ({ op: 'awaitShield', target })),
  ),
  choice('wait', 5, ['plain'], wait),
  choice('timeout', 5, ['plain', 'nests'], (g, s) => {
    return { op: 'timeout', us: g.chance(0.15) ? 0 : g.delay(), body: g.inner(s, NESTED) }
  }),
  choice('wait-for', 4, ['plain'], (g, s) =>
    about(g.target('tfg', s.rank), (target) => ({ op: 'waitFor', target, us: g.delay() })),
  ),
  choice('group', 5, ['plain', 'nests'], group),
  GROUP_SPAWN,
]

/** `async with`, and by hand. */
function guards(feature: Feature, kind: string): Choice[] {
  return [
    choice(feature, 6, ['plain', 'nests'], (g, s) =>
      about(g.named(kind), (target) => ({ op: 'with', target, body: g.inner(s, NESTED) })),
    ),
    choice(feature, 1, ['plain'], (g) => about(g.named(kind), (target) => ({ op: 'acquire', target }))),
    choice(feature, kind === 'sem' ? 1.5 : 0.3, ['sync', 'inside'], (g) =>
      about(g.named(kind), (target) => ({ op: 'release', target })),
    ),
    choice(feature, 1, ['sync'], (g) => about(g.named(kind), (target) => ({ op: 'locked', target }))),
  ]
}

/** What a condition is for. */
function waiting(g: Generator, scope: Scope, target: string): Stmt {
  const wait: Stmt = g.chance(0.2)
    ? { op: 'condWaitFor', target, event: g.named('event')! }
    : { op: 'condWait', target }
  const within = { ...NESTED, inCondition: true }
  return { op: 'with', target, body: [...g.inner(scope, within), wait, ...g.inner(scope, within)] }
}

/** Seldom where its lock is not held: that fails, and ends the task. */
function onCondition(
  weight: number,
  traits: readonly Traits[],
  make: (target: string, g: Generator) => Stmt,
): Choice {
  return choice('condition', weight, traits, (g, s) =>
    about(s.inCondition || g.chance(0.02) ? g.named('cond') : undefined, (target) => make(target, g)),
  )
}

const SYNC: Choice[] = [
  ...guards('lock', 'lock'),
  ...guards('semaphore', 'sem'),
  ...guards('condition', 'cond'),
  choice('condition', 9, ['plain', 'nests'], (g, s) =>
    about(g.named('cond'), (target) => waiting(g, s, target)),
  ),
  choice('event', 4, ['plain'], (g) => about(g.named('event'), (target) => ({ op: 'eventWait', target }))),
  choice('event', 3, ['sync'], (g) =>
    about(g.named('event'), (target) => ({ op: g.chance(0.7) ? 'eventSet' : 'eventClear', target })),
  ),
  onCondition(20, ['plain'], (target) => ({ op: 'condWait', target })),
  onCondition(5, ['plain'], (target, g) => ({ op: 'condWaitFor', target, event: g.named('event')! })),
  onCondition(15, [], (target, g) => ({ op: 'notify', target, count: 1 + g.random.integer(2) })),
  onCondition(5, [], (target) => ({ op: 'notifyAll', target })),
  choice('queue', 5, ['plain'], (g) =>
    about(g.named('queue'), (target) => ({ op: 'put', target, value: g.value() })),
  ),
  choice('queue', 5, ['plain'], (g) => about(g.named('queue'), (target) => ({ op: 'get', target }))),
  choice('queue', 2, ['sync', 'inside'], (g) =>
    about(g.named('queue'), (target) => ({ op: 'putNowait', target, value: g.value() })),
  ),
  choice('queue', 1, ['sync', 'inside'], (g) =>
    about(g.named('queue'), (target) => ({ op: 'getNowait', target })),
  ),
  choice('queue', 2, ['sync', 'inside'], (g) =>
    about(g.named('queue'), (target) => ({ op: 'taskDone', target })),
  ),
  choice('queue', 1, ['plain'], (g) => about(g.named('queue'), (target) => ({ op: 'join', target }))),
  choice('queue', 1, ['sync'], (g) => about(g.named('queue'), (target) => ({ op: 'queueSize', target }))),
]

export const CHOICES: readonly Choice[] = [...CORE, ...CALLBACKS, ...CANCELLATION, ...COMBINATORS, ...SYNC]
