/** What a suspended coroutine holds. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Coroutine, Future, Loop, ScenarioContext } from '../../harness/api.ts'

/** Waits at `gate`, then calls `wentOn`. */
export interface Waiters {
  generator(gate: Future<void>, wentOn: () => void): Coroutine<void>
  async(gate: Future<void>, wentOn: () => void): Promise<void>
}

export const WAITERS: Waiters = {
  *generator(gate, wentOn) {
    yield gate
    wentOn()
  },
  async async(gate, wentOn) {
    await gate
    wentOn()
  },
}

/** Bytes of one that waits, by way of driving. */
export interface CoroutineMemory {
  readonly byHand: number
  readonly generator: number
  readonly async: number
}

/** So many before those that count: until then V8 compiles what they run. */
const WARM_UP = 100

/** Heap of so many suspended coroutines, after and before a full collection, divided by their number. */
export async function measureCoroutineMemory(
  loop: Loop,
  ctx: ScenarioContext,
  count: number,
  waiters: Waiters = WAITERS,
): Promise<CoroutineMemory> {
  await weigh(loop, ctx, WARM_UP, waiters)
  return weigh(loop, ctx, count, waiters)
}

async function weigh(
  loop: Loop,
  ctx: ScenarioContext,
  count: number,
  waiters: Waiters,
): Promise<CoroutineMemory> {
  return {
    byHand: await byHand(loop, ctx, count, waiters.generator),
    generator: await asTasks(loop, ctx, count, 'generator', waiters.generator),
    async: await asTasks(loop, ctx, count, 'async', waiters.async),
  }
}

async function byHand(
  loop: Loop,
  ctx: ScenarioContext,
  count: number,
  body: Waiters['generator'],
): Promise<number> {
  const tally = new Tally()
  const gate = loop.createFuture()
  const before = await heapBytes(loop)
  const coroutines = Array.from({ length: count }, () => {
    const coroutine = body(gate, tally.wentOn)
    coroutine.next()
    return coroutine
  })
  const bytes = ((await heapBytes(loop)) - before) / count
  for (const coroutine of coroutines) coroutine.next()
  tally.check(ctx, count, 'by hand')
  return bytes
}

async function asTasks(
  loop: Loop,
  ctx: ScenarioContext,
  count: number,
  style: 'generator' | 'async',
  body: Waiters['generator'] | Waiters['async'],
): Promise<number> {
  const tally = new Tally()
  const gate = loop.createFuture()
  const allWait = loop.createFuture()
  let starting = count
  const start = () => {
    const coroutine = body(gate, tally.wentOn)
    if (--starting === 0) allWait.setResult()
    return coroutine
  }
  const before = await heapBytes(loop)
  const tasks = Array.from({ length: count }, () => loop.spawn<void>(start, { name: 'waiter' }))
  await allWait
  const bytes = ((await heapBytes(loop)) - before) / count
  gate.setResult()
  await loop.gather(tasks)
  tally.check(ctx, count, style)
  return bytes
}

class Tally {
  #count = 0

  readonly wentOn = (): void => {
    this.#count++
  }

  check(ctx: ScenarioContext, count: number, style: string): void {
    ctx.check(this.#count === count, `Of ${count} suspended coroutines (${style}) ${this.#count} went on`)
  }
}

async function heapBytes(loop: Loop): Promise<number> {
  await collectGarbage(loop)
  return process.memoryUsage().heapUsed
}

let collect: (() => void) | undefined

/** A full collection, in a handle of its own. */
export async function collectGarbage(loop: Loop): Promise<void> {
  collect ??= exposedCollector()
  await loop.yieldNow()
  collect()
}

/** V8 puts the function into the contexts that are made while the flag is set. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const collector = runInNewContext('gc') as () => void
  setFlagsFromString('--no-expose-gc')
  return collector
}
