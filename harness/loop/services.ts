import type { Future } from './future.ts'
import type { Loop } from './loop.ts'

/** Runs in another thread: must not refer to anything outside itself. */
export type ThreadFunction<A extends unknown[], R> = (...args: A) => R

/** What a loop has done outside its own thread. Real threads and files, or a world's models of them. */
export interface Services {
  runInThread<A extends unknown[], R>(loop: Loop, job: ThreadFunction<A, R>, args: A): Future<Awaited<R>>
  readFile(loop: Loop, path: string): Future<Uint8Array>
  writeFile(loop: Loop, path: string, data: Uint8Array): Future<void>
  close(): void
}
