/** Makes a failing program small: delta debugging (Zeller and Hildebrandt, 2002) on its statements. */
import { bodiesOf, mapStatements, namesIn, type Program, type Stmt, statementsOf } from './program.ts'

/** The index of the first program that still fails, if any does. */
export type FirstFailing = (programs: readonly Program[]) => Promise<number | undefined>

/** How many are tried in one go: more find a small step late, fewer wait for Python often. */
const BATCH = 16

export async function shrink(program: Program, firstFailing: FirstFailing): Promise<Program> {
  let smallest = program
  for (;;) {
    const smaller = await firstOf(candidates(smallest), firstFailing)
    if (smaller === undefined) return withoutUnused(smallest)
    smallest = smaller
  }
}

async function firstOf(
  programs: Iterable<Program>,
  firstFailing: FirstFailing,
): Promise<Program | undefined> {
  let batch: Program[] = []
  for (const program of programs) {
    batch.push(program)
    if (batch.length < BATCH) continue
    const index = await firstFailing(batch)
    if (index !== undefined) return batch[index]
    batch = []
  }
  const index = batch.length === 0 ? undefined : await firstFailing(batch)
  return index === undefined ? undefined : batch[index]
}

/** Smaller programs, those first that are much smaller. */
function* candidates(program: Program): Generator<Program> {
  const all = statementsOf(program.body)
  for (let size = Math.ceil(all.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < all.length; from += size) {
      const dropped = new Set(all.slice(from, from + size))
      yield edited(program, (stmt, original) => (dropped.has(original) ? [] : [stmt]))
    }
  }
  for (const one of all) {
    for (const simpler of simplerThan(one)) {
      yield edited(program, (stmt, original) => (original === one ? simpler(stmt) : [stmt]))
    }
  }
}

function edited(program: Program, edit: Parameters<typeof mapStatements>[1]): Program {
  return { ...program, body: mapStatements(program.body, edit) }
}

const FUNCTIONS = ['spawn', 'callSoon', 'callLater', 'callAt']

/** What a function within this one does can be done before it: less deep, and then the outer one may go. */
function lifted(stmt: Stmt): Stmt[] {
  const [body] = bodiesOf(stmt)
  const inner = body!.filter(({ op }) => FUNCTIONS.includes(op))
  return [...inner, { ...stmt, body: body!.filter((one) => !inner.includes(one)) } as Stmt]
}

/** Ways to make one statement simpler. */
function simplerThan(stmt: Stmt): ((stmt: Stmt) => Stmt[])[] {
  const ways: ((stmt: Stmt) => Stmt[])[] = []
  const change = (changes: object) => ways.push((copy) => [{ ...copy, ...changes } as Stmt])
  if (['try', 'repeat', 'timeout', 'with', 'group'].includes(stmt.op))
    ways.push((copy) => bodiesOf(copy).flat())
  if (FUNCTIONS.includes(stmt.op) && lifted(stmt).length > 1) ways.push(lifted)
  if ('targets' in stmt && stmt.targets.length > 1) {
    for (const [i] of stmt.targets.entries()) change({ targets: stmt.targets.filter((_, j) => j !== i) })
  }
  if ('message' in stmt && stmt.op !== 'raise' && stmt.message !== undefined) change({ message: undefined })
  if ('returnExceptions' in stmt && stmt.returnExceptions) change({ returnExceptions: false })
  if ('generator' in stmt && stmt.generator) change({ generator: false })
  if (stmt.op === 'sleep' && stmt.us > 0) change({ us: 0 })
  if (stmt.op === 'wait' && stmt.us !== undefined) change({ us: undefined })
  return ways
}

function withoutUnused(program: Program): Program {
  const used = new Set(statementsOf(program.body).flatMap(namesIn))
  const resources = Object.entries(program.resources).filter(([name]) => used.has(name))
  return { ...program, resources: Object.fromEntries(resources) }
}
