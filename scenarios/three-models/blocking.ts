/**
 * What blocking code is made of. Every function here stands for itself: threads and processes get it as source text,
 * because they have no loop and cannot share a closure.
 */

import { processUsage } from './usage.ts'

/** The machine's monotonic clock, ns: one for all threads and processes, as a loop's clock is not. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint())
}

/** A chain of xorshift numbers (Marsaglia 2003): work that nothing can skip, and whose result tells that it was done. */
export function compute(iterations: number, seed: number): number {
  let x = seed | 0 || 1
  for (let i = 0; i < iterations; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
  }
  return x >>> 0
}

/** Puts the thread to sleep in the kernel, as a blocking read does until its data come. */
export function block(durationNs: number): void {
  if (durationNs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationNs / 1e6)
}

/** What a job finds where it runs. */
export interface Tools {
  readonly nowNs: typeof monotonicNs
  readonly compute: typeof compute
  readonly block: typeof block
  readonly usage: typeof processUsage
}

/** Runs in another thread or process: must be self-contained, and take and give structured clones. */
export type BlockingJob<A extends unknown[], R> = (tools: Tools, ...args: A) => R

/** An expression whose value is `(...args) => job(tools, ...args)`. */
export function sourceOf<A extends unknown[], R>(job: BlockingJob<A, R>): string {
  const tools = `{ nowNs: ${monotonicNs}, compute: ${compute}, block: ${block}, usage: ${processUsage} }`
  return `(...args) => (${job})(${tools}, ...args)`
}

/** A program that does one job, with arguments that JSON can write. */
export function programOf<A extends unknown[]>(job: BlockingJob<A, void>, ...args: A): string {
  return `;(${sourceOf(job)})(...${JSON.stringify(args)})`
}

const SAMPLES = 20
const SAMPLE_ITERATIONS = 200_000

/** Iterations of `compute` in a millisecond of processor time: the best of several looks, as others may interrupt. */
export function iterationsPerMs(): number {
  let shortestNs = Number.POSITIVE_INFINITY
  for (let i = 0; i < SAMPLES; i++) {
    const startNs = monotonicNs()
    compute(SAMPLE_ITERATIONS, i)
    shortestNs = Math.min(shortestNs, monotonicNs() - startNs)
  }
  return (SAMPLE_ITERATIONS / shortestNs) * 1e6
}
