/** One event loop, a pool of threads and a pool of processes, all given the same jobs. */
import type { Loop } from '../../harness/api.ts'
import { compute, type Tools } from '../three-models/blocking.ts'
import { JobProcess } from '../three-models/process.ts'
import { JobThread, type Place } from '../three-models/thread.ts'

/** Waits, as for I/O, then computes. */
export interface Job {
  readonly waitNs: number
  readonly iterations: number
  readonly seed: number
  /** The answer tells how much memory the process holds. */
  readonly weigh?: true
}

export interface Done {
  readonly result: number
  /** Where it ran: process and thread. */
  readonly place: string
  /** Shared with no other process, bytes. */
  readonly memoryBytes: number
}

/** Ready for jobs. */
export interface Crew {
  run(jobs: readonly Job[]): Promise<readonly Done[]>
  /** Memory that the crew's own processes hold, bytes; what it holds in this process is not theirs. */
  memoryBytes(): Promise<number>
  close(): Promise<void>
}

export interface Executor {
  readonly name: string
  /** For people. */
  readonly title: string
  /** In how many places the jobs run, and whether these are in this process. */
  readonly places: (workers: number) => number
  readonly inside: boolean
  start(loop: Loop, workers: number): Promise<Crew>
}

/** Blocking code. Self-contained: it runs in threads and processes. */
function runJob({ block, compute, usage }: Tools, { waitNs, iterations, seed, weigh }: Job): Done {
  block(waitNs)
  const { threadId } = process.getBuiltinModule('node:worker_threads')
  return {
    result: compute(iterations, seed),
    place: `${process.pid}/${threadId}`,
    memoryBytes: weigh === true ? usage().memoryBytes : 0,
  }
}

const NOTHING: Job = { waitNs: 0, iterations: 0, seed: 1 }

/** The place of the loop. */
export const HERE = `${process.pid}/0`

export const eventLoop: Executor = {
  name: 'eventLoop',
  title: 'one event loop',
  places: () => 1,
  inside: true,
  async start(loop) {
    return {
      run: async (jobs) =>
        loop.gather(
          jobs.map((job) => loop.spawn(() => runCooperative(loop, job), { className: 'job', name: 'job' })),
        ),
      memoryBytes: async () => 0,
      close: async () => {},
    }
  },
}

async function runCooperative(loop: Loop, { waitNs, iterations, seed }: Job): Promise<Done> {
  if (waitNs > 0) await loop.sleep(waitNs)
  return { result: compute(iterations, seed), place: HERE, memoryBytes: 0 }
}

export const threads: Executor = {
  name: 'threads',
  title: 'threads',
  places: (workers) => workers,
  inside: true,
  start: (_loop, workers) => startPool(workers, () => new JobThread(runJob)),
}

export const processes: Executor = {
  name: 'processes',
  title: 'processes',
  places: (workers) => workers,
  inside: false,
  start: (_loop, workers) => startPool(workers, () => new JobProcess(runJob), weighAll),
}

/** In the order of the table. */
export const EXECUTORS: readonly Executor[] = [eventLoop, threads, processes]

type Pool = readonly Place<[Job], Done>[]

async function weighAll(pool: Pool): Promise<number> {
  const answers = await Promise.all(pool.map((place) => place.run({ ...NOTHING, weigh: true })))
  return answers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
}

/** Waits until every place has answered once; where one cannot, none stays. */
async function startPool(
  workers: number,
  make: () => Place<[Job], Done>,
  weigh: (pool: Pool) => Promise<number> = async () => 0,
): Promise<Crew> {
  const pool = Array.from({ length: workers }, make)
  const close = async () => void (await Promise.all(pool.map((place) => place.end())))
  try {
    await Promise.all(pool.map((place) => place.run(NOTHING)))
  } catch (error) {
    await close()
    throw error
  }
  return { run: (jobs) => runOn(pool, jobs), memoryBytes: () => weigh(pool), close }
}

/** Each place takes the next job when it is free. */
async function runOn(pool: Pool, jobs: readonly Job[]): Promise<Done[]> {
  const done: Done[] = []
  let next = 0
  const work = async (place: Pool[number]) => {
    for (let index = next++; index < jobs.length; index = next++) done[index] = await place.run(jobs[index]!)
  }
  await Promise.all(pool.map(work))
  return done
}
