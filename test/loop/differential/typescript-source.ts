/** A program as TypeScript source: what is run here, and what a person can run. */
import { lockOf, unsureNamesIn, type Written, writeCall } from './calls.ts'
import { Lines, numbersOf } from './printer.ts'
import { type Block, type Catches, type Program, type Stmt, slotsOf } from './program.ts'

const GOES_PAST: Record<Catches, string | undefined> = {
  cancelled: 'if (!(error instanceof CancelledError)) throw error',
  errors: 'if (error instanceof CancelledError) throw error',
  all: undefined,
}
const MAKERS: Record<string, (size: number) => string> = {
  f: () => 'loop.createFuture()',
  lock: () => 'new Lock(loop)',
  sem: (permits) => `new Semaphore(loop, ${permits})`,
  event: () => 'new Event(loop)',
  cond: () => 'new Condition(loop)',
  queue: (bound) => `new Queue(loop, ${bound})`,
}

export function typescriptSource(program: Program): string {
  return new TypeScriptPrinter(program).toString()
}

class TypeScriptPrinter {
  readonly #lines = new Lines('  ')
  readonly #numbers: Map<Stmt, number>
  /** How a task gives way: `await` in an async function, `yield` in a generator. */
  #giveWay = 'await'

  constructor(program: Program) {
    this.#numbers = numbersOf(program)
    for (const [name, size] of Object.entries(program.resources)) {
      this.#lines.add(`const ${name} = ${MAKERS[name.replace(/\d+$/, '')]!(size)}`)
    }
    const slots = slotsOf(program)
    if (slots.length > 0) this.#lines.add(`let ${slots.join(', ')}`)
    this.#statements(program.body)
  }

  toString(): string {
    return this.#lines.toString()
  }

  #block(head: string, body: () => void, tail = '}'): void {
    this.#lines.add(`${head} {`)
    this.#lines.indented(body)
    this.#lines.add(tail)
  }

  #statements(body: readonly Stmt[]): void {
    for (const stmt of body) this.#guarded(stmt)
  }

  #guarded(stmt: Stmt): void {
    const written = writeCall(stmt)
    const conditions: string[] = unsureNamesIn(stmt)
    if (written?.onlyIf !== undefined) conditions.push(written.onlyIf.typescript)
    const write = () => {
      if (written !== undefined) this.#call(stmt, written)
      else (this.#writers[stmt.op as Block['op']] as (stmt: Stmt) => void)(stmt)
    }
    if (conditions.length === 0) write()
    else this.#block(`if (${conditions.join(' && ')})`, write)
  }

  #call(stmt: Stmt, { text, typescript, value }: Written): void {
    const call = typescript.replace(/^await/, this.#giveWay)
    if (value) this.#log(stmt, text, call)
    else {
      this.#lines.add(call)
      this.#log(stmt, text)
    }
  }

  #log(stmt: Stmt, text: string, value?: string): void {
    const words = value === undefined ? `'${text}'` : `'${text}', ${value}`
    this.#lines.add(`log(${this.#numbers.get(stmt)}, ${words})`)
  }

  readonly #writers: { [S in Block as S['op']]: (stmt: S) => void } = {
    spawn: (s) => this.#spawn(s, 'loop', s.generator),
    groupSpawn: (s) => this.#spawn(s, s.group, false),
    callSoon: (s) => this.#scheduled(s, 'callSoon('),
    callLater: (s) => this.#scheduled(s, `callLater(${s.us} * US, `),
    callAt: (s) => this.#scheduled(s, `callAt(loop.nowNs() + ${s.us} * US, `),
    addDone: (s) => this.#addDone(s),
    try: (s) => this.#try(s),
    repeat: (s) => this.#block(`for (let i = 0; i < ${s.times}; i++)`, () => this.#statements(s.body)),
    timeout: (s) => this.#within(s, `loop.timeout(${s.us} * US, async () =>`, 'timeout'),
    with: (s) => this.#within(s, `${lockOf(s.target)}.with(async () =>`, `with ${s.target}`),
    group: (s) => this.#within(s, 'loop.taskGroup(async (group) =>', `group ${s.group}`),
    gather: (s) => this.#gather(s),
    shield: (s) => {
      this.#lines.add(`${s.slot} = loop.shield(${s.target})`)
      this.#log(s, `shield ${s.slot}`)
    },
    wait: (s) => this.#wait(s),
    raise: (s) => this.#lines.add(`throw new Boom('${s.message}')`),
    return: (s) => this.#lines.add(`return ${s.value}`),
    run: (s) => this.#lines.add(`await run(${this.#numbers.get(s)}, ${s.until}, ${s.us} * US)`),
  }

  #spawn(stmt: Extract<Stmt, { op: 'spawn' | 'groupSpawn' }>, by: string, generator: boolean): void {
    const { task } = stmt
    const before = this.#giveWay
    this.#giveWay = generator ? 'yield' : 'await'
    const head = `${task} = ${by}.spawn(${generator ? 'function* ()' : 'async () =>'}`
    this.#callback(head, stmt, task, `}, { name: '${task}' })`)
    this.#giveWay = before
    this.#log(stmt, `spawn ${task} in ${by}`)
  }

  #addDone(stmt: Extract<Stmt, { op: 'addDone' }>): void {
    const { callback, target } = stmt
    this.#callback(`${callback} = () =>`, stmt, callback)
    this.#lines.add(`${target}.addDoneCallback(${callback})`)
    this.#log(stmt, `addDone ${callback} to ${target}`)
  }

  #callback(head: string, stmt: Extract<Stmt, { body: Stmt[] }>, name: string, tail = '}'): void {
    this.#block(
      head,
      () => {
        this.#log(stmt, `${name} starts`)
        this.#statements(stmt.body)
      },
      tail,
    )
  }

  #scheduled(stmt: Extract<Stmt, { handle: string }>, call: string): void {
    const { op, handle } = stmt
    this.#callback(`${handle} = loop.${call}() =>`, stmt, handle, '})')
    this.#log(stmt, `${op} ${handle}`)
  }

  #gather(stmt: Extract<Stmt, { op: 'gather' }>): void {
    const { slot, targets, returnExceptions, pendingOnly } = stmt
    const members = `${pendingOnly ? 'unfinished' : 'live'}(${targets.join(', ')})`
    const options = returnExceptions ? ', { returnExceptions: true }' : ''
    this.#lines.add(`${slot} = loop.gather(${members}${options})`)
    this.#log(stmt, `gather ${slot}`)
  }

  #within(stmt: Extract<Stmt, { body: Stmt[] }>, head: string, text: string): void {
    this.#block(
      `await ${head}`,
      () => {
        if (stmt.op === 'group') this.#lines.add(`${stmt.group} = group`)
        this.#log(stmt, `${text}: in`)
        this.#statements(stmt.body)
      },
      '})',
    )
    this.#log(stmt, `${text}: out`)
  }

  #try(stmt: Extract<Stmt, { op: 'try' }>): void {
    this.#block('try', () => this.#statements(stmt.body), '} catch (error) {')
    this.#lines.indented(() => {
      const goesPast = GOES_PAST[stmt.catches]
      if (goesPast !== undefined) this.#lines.add(goesPast)
      this.#log(stmt, 'caught', 'error')
      this.#statements(stmt.handler)
      if (stmt.again) this.#lines.add('throw error')
    })
    if (stmt.cleanup.length === 0) this.#lines.add('}')
    else this.#block('} finally', () => this.#statements(stmt.cleanup))
  }

  #wait(stmt: Extract<Stmt, { op: 'wait' }>): void {
    const members = `m${this.#numbers.get(stmt)}`
    const time = stmt.us === undefined ? '' : `timeoutNs: ${stmt.us} * US, `
    this.#lines.add(`const ${members} = live(${stmt.targets.join(', ')})`)
    this.#block(`if (${members}.length > 0)`, () => {
      const wait = `await loop.wait(${members}, { ${time}returnWhen: '${stmt.when}' })`
      this.#log(stmt, 'wait', `waited(${members}, ${wait})`)
    })
  }
}
