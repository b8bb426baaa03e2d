import type { Future, Loop } from '../../harness/api.ts'

/** Node's convention: the error first, else the value. Called once, on a stack of its own. */
export type Done<T> = (error: Error | undefined, value?: T) => void

/** What the origin says about an item, and what is saved of it. */
export interface Item {
  readonly id: number
  readonly value: number
}

/** `null` is a key that no database takes: the way to make a save fail. */
export type Key = string | null

/** One run of the workflow: what to get, and under which keys to save what came of it. */
export interface Job {
  readonly path: string
  readonly resultKey: Key
  readonly logKey: Key
}

/** What the workflow is made of. Waiting steps tell by callback; processing throws. */
export interface Steps {
  get(path: string, done: Done<string>): void
  /** Throws `SyntaxError` where the body is no JSON. */
  process(body: string): Item
  save(key: Key, item: Item, done: Done<void>): void
}

/** The waiting steps as futures, to be awaited or yielded. */
export interface AwaitableSteps {
  get(path: string): Future<string>
  process(body: string): Item
  save(key: Key, item: Item): Future<void>
}

/** The stages of the workflow, in their order. */
export const STAGES = ['get', 'process', 'save', 'save again'] as const
export type Stage = (typeof STAGES)[number]

/** Doubles the value, as the articles' pipeline does. */
export function processBody(body: string): Item {
  const { id, value } = JSON.parse(body) as Item
  return { id, value: value * 2 }
}

export function awaitable(loop: Loop, { get, process, save }: Steps): AwaitableSteps {
  return {
    get: (path) => promised<string>(loop, (done) => get(path, done)),
    process,
    save: (key, item) => promised<void>(loop, (done) => save(key, item, done)),
  }
}

function promised<T>(loop: Loop, start: (done: Done<T>) => void): Future<T> {
  const future = loop.createFuture<T>()
  start((error, value) => (error === undefined ? future.setResult(value as T) : future.setError(error)))
  return future
}
