import { type Future, type Loop, type Pipe, seconds, TimeoutError } from '../../harness/api.ts'
import { type Channel, type WatchPipe, watchPipe } from './channels.ts'

/** How long a byte may take before it counts as lost. */
const PATIENCE_NS = seconds(5)
/** Watched in one handle. */
const WATCHED_AT_ONCE = 64

export interface RingRun {
  /** Bytes taken by the pipes. */
  readonly written: number
  readonly read: number
  readonly tookNs: number
}

/**
 * The ring of libevent's `bench.c`: `active` bytes are thrown in, evenly spread, and whoever reads a byte writes one
 * to the next pipe, until `writes` more have been written. So the reads are exactly `active + writes`.
 */
export class Ring {
  readonly #loop: Loop
  readonly #pipes: readonly Pipe[]
  readonly #watch: WatchPipe
  readonly #patienceNs: number
  readonly #channels: Channel[] = []
  #done: Future<void> | undefined
  #expected = 0
  #writesLeft = 0
  #written = 0
  #read = 0

  /** Takes the pipes over. They are watched as the ring grows. */
  constructor(loop: Loop, pipes: readonly Pipe[], watch: WatchPipe = watchPipe, patienceNs = PATIENCE_NS) {
    this.#loop = loop
    this.#pipes = pipes
    this.#watch = watch
    this.#patienceNs = patienceNs
  }

  /** Bytes that came beyond those of the last run. */
  get surplus(): number {
    return Math.max(0, this.#read - this.#expected)
  }

  /** Gives way now and then: watching thousands takes long. */
  async growTo(size: number): Promise<void> {
    for (let index = this.#channels.length; index < size; index++) {
      const received = (bytes: number) => this.#received(index, bytes)
      this.#channels.push(this.#watch(this.#loop, this.#pipes[index]!, received))
      if (index % WATCHED_AT_ONCE === 0) await this.#loop.yieldNow()
    }
  }

  /** Ends when all was read, or when nothing more is to be hoped for: the counts then tell. */
  async run(active: number, writes: number): Promise<RingRun> {
    const loop = this.#loop
    const spacing = Math.floor(this.#channels.length / active)
    this.#expected = active + writes
    this.#writesLeft = writes
    this.#written = 0
    this.#read = 0
    const done = loop.createFuture()
    this.#done = done
    const startNs = loop.nowNs()
    for (let i = 0; i < active; i++) this.#send(i * spacing)
    await loop.timeout(this.#patienceNs, () => done).catch(forgiveTimeout)
    return { written: this.#written, read: this.#read, tookNs: loop.nowNs() - startNs }
  }

  close(): void {
    for (const channel of this.#channels) channel.close()
    closePipes(this.#pipes.slice(this.#channels.length))
    this.#channels.length = 0
  }

  #received(index: number, bytes: number): void {
    this.#read += bytes
    for (let left = bytes; left > 0 && this.#writesLeft > 0; left--) {
      this.#writesLeft--
      this.#send((index + 1) % this.#channels.length)
    }
    if (this.#read >= this.#expected && this.#done?.done === false) this.#done.setResult()
  }

  #send(index: number): void {
    if (this.#channels[index]!.send()) this.#written++
  }
}

function forgiveTimeout(error: unknown): void {
  if (!(error instanceof TimeoutError)) throw error
}

export function closePipes(pipes: readonly Pipe[]): void {
  for (const pipe of pipes) {
    pipe.closeReadEnd()
    pipe.closeWriteEnd()
  }
}
