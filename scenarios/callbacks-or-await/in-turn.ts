import type { Loop } from '../../harness/api.ts'

/** How often each is measured: enough for the median to shrug off what else the machine does. */
const TIMES = 21

/** Measures one after the other, over and over, so that none has the warmer machine. Gives each one's median. */
export async function mediansInTurn(measures: readonly (() => PromiseLike<number>)[]): Promise<number[]> {
  const values: number[][] = measures.map(() => [])
  for (let i = 0; i < TIMES; i++) {
    for (const [index, measure] of measures.entries()) values[index]!.push(await measure())
  }
  return values.map(median)
}

/** 0 where there is none; of an even number the upper one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

/** What one measurement does of a total. */
export function shareInTurn(total: number): number {
  return Math.ceil(total / TIMES)
}

/**
 * Reads what work has cost so far, ns: processor time, whatever else the machine does meanwhile. In a world it is the
 * loop's time, which stands still unless the world's handles cost some.
 */
export function costSoFarNs(loop: Loop): number {
  if (loop.clock.kind === 'virtual') return loop.nowNs()
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}
