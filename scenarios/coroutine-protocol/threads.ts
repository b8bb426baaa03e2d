/** The same for threads of the operating system: what a switch costs, and what a waiting one holds. */
import { Worker } from 'node:worker_threads'
import type { Future, Loop, ScenarioContext } from '../../harness/api.ts'
import { collectGarbage } from './memory.ts'

/** Two threads hand a token to and fro. */
const PLAYERS = 2
/** Part of the hand-overs, before those that are timed: the threads start one after the other. */
const WARM_UP = 0.1
/** A thread that hears nothing for so long ends by itself. */
const PATIENCE_MS = 10_000

/**
 * Source text, as a worker can be made of nothing else everywhere. `state[0]` counts the hand-overs, and says so whose
 * turn it is; behind it each thread counts its own.
 */
export const PLAYER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const { state, index, players, warmUp, total, patienceMs } = workerData
for (;;) {
  let turn = Atomics.load(state, 0)
  while (turn < total && turn % players !== index) {
    if (Atomics.wait(state, 0, turn, patienceMs) === 'timed-out') throw new Error('The token never came')
    turn = Atomics.load(state, 0)
  }
  if (turn === warmUp) parentPort.postMessage('warm')
  if (turn >= total) break
  state[1 + index]++
  Atomics.add(state, 0, 1)
  Atomics.notify(state, 0)
}
parentPort.postMessage('done')
`

const SLEEPER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
parentPort.postMessage('asleep')
Atomics.wait(workerData, 0, 0)
`

/** ns from one thread to the other; the one sleeps in the kernel until the other wakes it. */
export async function measureThreadSwitch(
  loop: Loop,
  ctx: ScenarioContext,
  handOvers: number,
  source = PLAYER_SOURCE,
): Promise<number> {
  // Whole rounds, so that it is the first player who begins the measured ones.
  const warmUp = PLAYERS * Math.ceil((handOvers * WARM_UP) / PLAYERS)
  const total = warmUp + handOvers
  const state = sharedIntegers(1 + PLAYERS)
  const elapsedNs = await withThreads(loop, async (threads) => {
    const data = { state, players: PLAYERS, warmUp, total, patienceMs: PATIENCE_MS }
    const players = Array.from({ length: PLAYERS }, (_, index) => threads.start(source, { ...data, index }))
    const [startNs, ...endsNs] = await loop.gather([
      players[0]!.says('warm'),
      ...players.map((player) => player.says('done')),
    ])
    return Math.max(...endsNs) - startNs!
  })
  for (let index = 0; index < PLAYERS; index++) {
    const due = Math.ceil((total - index) / PLAYERS)
    const had = state[1 + index]!
    ctx.check(had === due, `Thread ${index + 1} had the token ${had} times, not ${due}`)
  }
  return elapsedNs / handOvers
}

/** Resident bytes of a thread that sleeps: its stack as far as touched, and the JavaScript engine it needs. */
export async function measureThreadMemory(loop: Loop, count: number): Promise<number> {
  return withThreads(loop, async (threads) => {
    const never = sharedIntegers(1)
    // The first pays for what all of them share.
    await threads.start(SLEEPER_SOURCE, never).says('asleep')
    const before = await residentBytes(loop)
    await loop.gather(
      Array.from({ length: count }, () => threads.start(SLEEPER_SOURCE, never).says('asleep')),
    )
    return ((await residentBytes(loop)) - before) / count
  })
}

async function residentBytes(loop: Loop): Promise<number> {
  await collectGarbage(loop)
  return process.memoryUsage.rss()
}

function sharedIntegers(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT))
}

/** Whatever happens, no thread outlives what it was started for. */
async function withThreads<T>(loop: Loop, use: (threads: Threads) => PromiseLike<T>): Promise<T> {
  const threads = new Threads(loop)
  try {
    return await use(threads)
  } finally {
    await threads.end()
  }
}

class Threads {
  readonly #loop: Loop
  readonly #workers: Worker[] = []

  constructor(loop: Loop) {
    this.#loop = loop
  }

  start(source: string, workerData: unknown): Thread {
    const worker = new Worker(source, { eval: true, workerData })
    this.#workers.push(worker)
    return { says: (word) => this.#loop.fromPromise(heard(worker, word, this.#loop)) }
  }

  end(): Future<unknown> {
    return this.#loop.fromPromise(Promise.all(this.#workers.map((worker) => worker.terminate())))
  }
}

interface Thread {
  /** When it said so, ns. Fails with the thread's error, or where it ends without that word. */
  says(word: string): Future<number>
}

function heard(worker: Worker, word: string, loop: Loop): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.on('message', (said) => {
      if (said === word) resolve(loop.nowNs())
    })
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`A thread ended with code ${code} before it was ${word}`)))
  })
}
