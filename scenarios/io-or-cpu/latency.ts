/** Short requests that come at times of their own, while one long computation goes on somewhere. */
import type { Loop } from '../../harness/api.ts'
import { compute, monotonicNs, type Tools } from '../three-models/blocking.ts'
import type { Place } from '../three-models/thread.ts'

/** On the loop's clock, ns. */
export interface Stretch {
  readonly startNs: number
  readonly endNs: number
}

export interface Computation {
  readonly result: number
  /** When it ran. */
  readonly stretches: readonly Stretch[]
}

/** How much there is to compute, and by how much at a time. */
export interface Amount {
  readonly iterations: number
  readonly sliceIterations: number
  /** Declared, ns. */
  readonly expectedNs: number
}

export type LongThread = Place<[iterations: number], Computation>

/** A way to carry the computation out. */
export interface Way {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Absent: there is none. */
  readonly compute?: (loop: Loop, amount: Amount, thread: LongThread) => PromiseLike<Computation>
}

const SEED = 1

/** Blocking code for a thread of its own; its times are those of the machine's monotonic clock. Self-contained. */
export function computeInThread({ nowNs, compute }: Tools, iterations: number): Computation {
  const startNs = nowNs()
  const result = compute(iterations, 1)
  return { result, stretches: [{ startNs, endNs: nowNs() }] }
}

function timed(loop: Loop, iterations: number, seed: number): Stretch & { readonly result: number } {
  const startNs = loop.nowNs()
  const result = compute(iterations, seed)
  return { result, startNs, endNs: loop.nowNs() }
}

async function inOnePiece(loop: Loop, { iterations }: Amount): Promise<Computation> {
  const { result, ...stretch } = timed(loop, iterations, SEED)
  return { result, stretches: [stretch] }
}

/** Gives way to the loop after every slice, and says what is left. */
async function inSlices(
  loop: Loop,
  { iterations, sliceIterations, expectedNs }: Amount,
): Promise<Computation> {
  const stretches: Stretch[] = []
  let result = SEED
  for (let left = iterations; left > 0; left -= sliceIterations) {
    const slice = timed(loop, Math.min(left, sliceIterations), result)
    stretches.push({ startNs: slice.startNs, endNs: slice.endNs })
    result = slice.result
    loop.currentTask?.setAttributes({ expectedNs: (expectedNs * left) / iterations })
    await loop.yieldNow()
  }
  return { result, stretches }
}

async function inThread(loop: Loop, { iterations }: Amount, thread: LongThread): Promise<Computation> {
  const offsetNs = monotonicNs() - loop.nowNs()
  const { result, stretches } = await loop.fromPromise(thread.run(iterations))
  const local = stretches.map(({ startNs, endNs }) => ({
    startNs: startNs - offsetNs,
    endNs: endNs - offsetNs,
  }))
  return { result, stretches: local }
}

/** In the order of the table. */
export const WAYS: readonly Way[] = [
  { name: 'alone', title: 'no computation' },
  { name: 'whole', title: 'in one piece', compute: inOnePiece },
  { name: 'sliced', title: 'in slices', compute: inSlices },
  { name: 'thread', title: 'in a thread', compute: inThread },
]

export interface Request {
  readonly id: number
  /** Since the beginning, ns. */
  readonly atNs: number
}

export interface Served extends Stretch {
  readonly id: number
  readonly arrivedNs: number
}

export interface Load {
  readonly requests: readonly Request[]
  readonly requestIterations: number
  /** Declared, ns. */
  readonly requestNs: number
  /** When the long computation begins, ns. */
  readonly beginNs: number
  readonly amount: Amount
}

export interface Service {
  readonly way: Way
  readonly startNs: number
  readonly served: readonly Served[]
  readonly computation: Computation | undefined
}

/** Done when every request is answered and the computation has ended. */
export async function serve(loop: Loop, way: Way, load: Load, thread: LongThread): Promise<Service> {
  const startNs = loop.nowNs()
  const served: Served[] = []
  const answer = async (id: number, arrivedNs: number) => {
    const { startNs, endNs } = timed(loop, load.requestIterations, id)
    served.push({ id, arrivedNs, startNs, endNs })
  }
  const computing = loop.spawn(() => computeLater(loop, way, load, thread), {
    className: 'computation',
    name: 'computation',
    expectedNs: load.amount.expectedNs,
  })
  const arrivals = load.requests.map(({ id, atNs }) => ({ id, atNs: startNs + atNs }))
  const answers: PromiseLike<void>[] = []
  await loop.arrivals(arrivals, ({ id, atNs }) => {
    const options = { className: 'request', name: 'request', expectedNs: load.requestNs }
    answers.push(loop.spawn(() => answer(id, atNs), options))
  })
  for (const each of answers) await each
  return { way, startNs, served, computation: await computing }
}

async function computeLater(
  loop: Loop,
  { compute }: Way,
  { beginNs, amount }: Load,
  thread: LongThread,
): Promise<Computation | undefined> {
  if (compute === undefined) return undefined
  await loop.sleep(beginNs)
  return compute(loop, amount, thread)
}
