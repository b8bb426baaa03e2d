/** A program as Python source: what the oracle runs, and what a person can run. */
import { unsureNamesIn, type Written, writeCall } from './calls.ts'
import { Lines, numbersOf } from './printer.ts'
import {
  type Block,
  bodiesOf,
  type Catches,
  type Program,
  type Stmt,
  slotOf,
  slotsOf,
  type When,
} from './program.ts'

const EXCEPTIONS: Record<Catches, string> = {
  cancelled: 'asyncio.CancelledError',
  errors: 'Exception',
  all: 'BaseException',
}
const RETURN_WHEN: Record<When, string> = {
  all: 'asyncio.ALL_COMPLETED',
  first: 'asyncio.FIRST_COMPLETED',
  exception: 'asyncio.FIRST_EXCEPTION',
}
const MAKERS: Record<string, (size: number) => string> = {
  f: () => 'loop.create_future()',
  lock: () => 'asyncio.Lock()',
  sem: (permits) => `asyncio.Semaphore(${permits})`,
  event: () => 'asyncio.Event()',
  cond: () => 'asyncio.Condition()',
  queue: (bound) => `asyncio.Queue(${bound})`,
}

export function pythonSource(program: Program): string {
  return new PythonPrinter(program).toString()
}

/** The names that a function assigns itself, outside of the functions within it. */
function assignedIn(body: readonly Stmt[]): string[] {
  const inner = (stmt: Stmt) =>
    ['try', 'repeat', 'timeout', 'with', 'group'].includes(stmt.op) ? assignedIn(bodiesOf(stmt).flat()) : []
  return [...new Set(body.flatMap((stmt) => [slotOf(stmt) ?? [], inner(stmt)].flat()))]
}

class PythonPrinter {
  readonly #lines = new Lines('    ')
  readonly #numbers: Map<Stmt, number>

  constructor(program: Program) {
    this.#numbers = numbersOf(program)
    for (const [name, size] of Object.entries(program.resources)) {
      this.#lines.add(`${name} = ${MAKERS[name.replace(/\d+$/, '')]!(size)}`)
    }
    const slots = slotsOf(program)
    if (slots.length > 0) this.#lines.add(`${slots.join(' = ')} = None`)
    this.#statements(program.body)
  }

  toString(): string {
    return this.#lines.toString()
  }

  #block(head: string, body: () => void): void {
    this.#lines.add(`${head}:`)
    this.#lines.indented(() => {
      const before = this.#lines.count
      body()
      if (this.#lines.count === before) this.#lines.add('pass')
    })
  }

  #function(head: string, body: readonly Stmt[], first = ''): void {
    const assigned = assignedIn(body)
    this.#block(head, () => {
      if (assigned.length > 0) this.#lines.add(`global ${assigned.join(', ')}`)
      if (first !== '') this.#lines.add(first)
      this.#statements(body)
    })
  }

  #statements(body: readonly Stmt[]): void {
    for (const stmt of body) this.#guarded(stmt)
  }

  #guarded(stmt: Stmt): void {
    const written = writeCall(stmt)
    const conditions: string[] = unsureNamesIn(stmt)
    if (written?.onlyIf !== undefined) conditions.push(written.onlyIf.python)
    const write = () => {
      if (written !== undefined) this.#call(stmt, written)
      else (this.#writers[stmt.op as Block['op']] as (stmt: Stmt) => void)(stmt)
    }
    if (conditions.length === 0) write()
    else this.#block(`if ${conditions.join(' and ')}`, write)
  }

  #call(stmt: Stmt, { text, python, value }: Written): void {
    if (value) this.#log(stmt, text, python)
    else {
      this.#lines.add(python)
      this.#log(stmt, text)
    }
  }

  #log(stmt: Stmt, text: string, value?: string): void {
    const words = value === undefined ? `'${text}'` : `'${text}', ${value}`
    this.#lines.add(`log(${this.#numbers.get(stmt)}, ${words})`)
  }

  readonly #writers: { [S in Block as S['op']]: (stmt: S) => void } = {
    spawn: (s) => this.#spawn(s, 'loop'),
    groupSpawn: (s) => this.#spawn(s, s.group),
    callSoon: (s) => this.#scheduled(s, 'call_soon('),
    callLater: (s) => this.#scheduled(s, `call_later(${s.us}, `),
    callAt: (s) => this.#scheduled(s, `call_at(loop.time() + ${s.us}, `),
    addDone: (s) => this.#addDone(s),
    try: (s) => this.#try(s),
    repeat: (s) => this.#block(`for _ in range(${s.times})`, () => this.#statements(s.body)),
    timeout: (s) => this.#within(s, `asyncio.timeout(${s.us})`, 'timeout'),
    with: (s) => this.#within(s, s.target, `with ${s.target}`),
    group: (s) => this.#within(s, `OrderedGroup() as ${s.group}`, `group ${s.group}`),
    gather: (s) => this.#gather(s),
    shield: (s) => {
      this.#lines.add(`${s.slot} = asyncio.shield(${s.target})`)
      this.#log(s, `shield ${s.slot}`)
    },
    wait: (s) => this.#wait(s),
    raise: (s) => this.#lines.add(`raise Boom('${s.message}')`),
    return: (s) => this.#lines.add(`return ${s.value}`),
    run: (s) => this.#lines.add(`run(${this.#numbers.get(s)}, ${s.until}, ${s.us})`),
  }

  #starts(stmt: Stmt, name: string): string {
    return `log(${this.#numbers.get(stmt)}, '${name} starts')`
  }

  #spawn(stmt: Extract<Stmt, { op: 'spawn' | 'groupSpawn' }>, by: string): void {
    const { task, body } = stmt
    this.#function(`async def ${task}_body()`, body, this.#starts(stmt, task))
    this.#lines.add(`${task} = ${by}.create_task(${task}_body(), name='${task}')`)
    this.#log(stmt, `spawn ${task} in ${by}`)
  }

  #scheduled(stmt: Extract<Stmt, { handle: string }>, call: string): void {
    const { op, handle, body } = stmt
    this.#function(`def ${handle}_body()`, body, this.#starts(stmt, handle))
    this.#lines.add(`${handle} = loop.${call}${handle}_body)`)
    this.#log(stmt, `${op} ${handle}`)
  }

  #addDone(stmt: Extract<Stmt, { op: 'addDone' }>): void {
    const { callback, target, body } = stmt
    this.#function(`def ${callback}_body(_)`, body, this.#starts(stmt, callback))
    this.#lines.add(`${callback} = ${callback}_body`, `${target}.add_done_callback(${callback})`)
    this.#log(stmt, `addDone ${callback} to ${target}`)
  }

  #gather(stmt: Extract<Stmt, { op: 'gather' }>): void {
    const { slot, targets, returnExceptions, pendingOnly } = stmt
    const members = `${pendingOnly ? 'unfinished' : 'live'}(${targets.join(', ')})`
    const options = returnExceptions ? ', return_exceptions=True' : ''
    this.#lines.add(`${slot} = asyncio.gather(*${members}${options})`)
    this.#log(stmt, `gather ${slot}`)
  }

  #within(stmt: Extract<Stmt, { body: Stmt[] }>, context: string, text: string): void {
    this.#block(`async with ${context}`, () => {
      this.#log(stmt, `${text}: in`)
      this.#statements(stmt.body)
    })
    this.#log(stmt, `${text}: out`)
  }

  #try(stmt: Extract<Stmt, { op: 'try' }>): void {
    this.#block('try', () => this.#statements(stmt.body))
    this.#block(`except ${EXCEPTIONS[stmt.catches]} as error`, () => {
      this.#log(stmt, 'caught', 'error')
      this.#statements(stmt.handler)
      if (stmt.again) this.#lines.add('raise')
    })
    if (stmt.cleanup.length > 0) this.#block('finally', () => this.#statements(stmt.cleanup))
  }

  #wait(stmt: Extract<Stmt, { op: 'wait' }>): void {
    const members = `m${this.#numbers.get(stmt)}`
    const time = stmt.us === undefined ? '' : `, timeout=${stmt.us}`
    this.#lines.add(`${members} = live(${stmt.targets.join(', ')})`)
    this.#block(`if ${members}`, () => {
      const wait = `await asyncio.wait(${members}${time}, return_when=${RETURN_WHEN[stmt.when]})`
      this.#log(stmt, 'wait', `waited(${members}, ${wait})`)
    })
  }
}
