import { readFile, writeFile } from 'node:fs/promises'
import type { Future } from './future.ts'
import type { Loop } from './loop.ts'
import type { Services, ThreadFunction } from './services.ts'
import { ThreadPool } from './threads.ts'

/** Worker threads and Node's own asynchronous files (libuv's thread pool): both off the loop's thread. */
export class RealServices implements Services {
  readonly #threads = new ThreadPool()

  runInThread<A extends unknown[], R>(loop: Loop, job: ThreadFunction<A, R>, args: A): Future<Awaited<R>> {
    return loop.fromPromise(this.#threads.run(job, args))
  }

  readFile(loop: Loop, path: string): Future<Uint8Array> {
    return loop.fromPromise(readFile(path))
  }

  writeFile(loop: Loop, path: string, data: Uint8Array): Future<void> {
    return loop.fromPromise(writeFile(path, data))
  }

  close(): void {
    this.#threads.close()
  }
}
