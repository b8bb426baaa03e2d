import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Handle, LoopObserver } from '../contracts.ts'
import { Checkpoints } from './checkpoints.ts'

export const RECORD_NUMBERS = 5
const RECORDS_BUFFERED = 4096

/** Where the names of a kept log stand: a JSON string a line, by number. */
export function namesPath(path: string): string {
  return `${path}.names`
}

/** The files in which the log of this process's world is kept. */
class LogFiles {
  readonly #records: number
  readonly #names: number
  /** Kept, not thrown: a log is written from an observer, and an observer that throws is switched off. */
  error: unknown

  constructor(path: string) {
    this.#records = openSync(path, 'w')
    this.#names = openSync(namesPath(path), 'w')
  }

  records(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#records, bytes, written)
    } catch (error) {
      this.error ??= error
    }
  }

  name(name: string): void {
    try {
      writeSync(this.#names, `${JSON.stringify(name)}\n`)
    } catch (error) {
      this.error ??= error
    }
  }

  close(): void {
    closeSync(this.#records)
    closeSync(this.#names)
  }
}

let kept: LogFiles | undefined

/**
 * Keeps the events of the world that runs next, in full: the records at `path` as they are hashed, five little-endian
 * doubles each, and the names beside it. Returns what closes the files. Throws where they cannot be written.
 */
export function keepEventLog(path: string): () => void {
  const files = new LogFiles(path)
  kept = files
  return () => {
    kept = undefined
    files.close()
  }
}

/**
 * The log of everything that ran in a world, kept as a running SHA-256. A record is five numbers: host, start, end,
 * sequence, name. Names count by order of first appearance and are hashed once, in the clear.
 */
export class EventLog {
  readonly #hash = createHash('sha256')
  readonly #buffer = new Float64Array(RECORD_NUMBERS * RECORDS_BUFFERED)
  readonly #names = new Map<string, number>()
  readonly #checkpoints = new Checkpoints()
  /** Those that have been hashed. */
  #events = 0
  #used = 0
  /** How much of the buffer is filled before it is hashed: no further than to the next checkpoint. 0: not known yet. */
  #limit = 0
  #lastName: string | undefined
  #lastId = 0
  #digest: Buffer | undefined

  /** An observer that writes the handles of one host into the log. */
  observer(host: number): LoopObserver {
    return {
      name: 'event-log',
      handleFinished: (handle, startNs, endNs) => this.#add(host, handle, startNs, endNs),
    }
  }

  /**
   * Ends the log. Little-endian byte order is that of every platform Node runs on but s390x. Throws where the log was to
   * be kept and could not be written.
   */
  digest(): string {
    return this.#end().toString('hex')
  }

  /** Ends the log as `digest` does: where its beginnings can be told apart from those of another. */
  checkpoints(): string {
    const digest = this.#end()
    return this.#checkpoints.text(this.#events, digest)
  }

  #end(): Buffer {
    if (this.#digest === undefined) {
      this.#flush()
      if (kept?.error !== undefined) throw kept.error
      this.#digest = this.#hash.digest()
    }
    return this.#digest
  }

  #add(host: number, handle: Handle, startNs: number, endNs: number): void {
    const name = this.#nameId(handle)
    if (this.#used === this.#limit) this.#flush()
    const buffer = this.#buffer
    buffer[this.#used++] = host
    buffer[this.#used++] = startNs
    buffer[this.#used++] = endNs
    buffer[this.#used++] = handle.sequence
    buffer[this.#used++] = name
  }

  /** Handles of one name come in runs: the last one is found without a look-up. */
  #nameId({ name }: Handle): number {
    if (name !== this.#lastName) {
      this.#lastName = name
      this.#lastId = this.#lookUp(name)
    }
    return this.#lastId
  }

  #lookUp(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const id = this.#names.size
    this.#names.set(name, id)
    this.#flush()
    this.#hash.update(`${id}=${name}\n`)
    kept?.name(name)
    return id
  }

  #flush(): void {
    const bytes = new Uint8Array(this.#buffer.buffer, 0, this.#used * 8)
    this.#hash.update(bytes)
    kept?.records(bytes)
    this.#events += this.#used / RECORD_NUMBERS
    this.#used = 0
    if (this.#events === this.#checkpoints.next) this.#checkpoints.take(this.#hash)
    this.#limit = Math.min(RECORDS_BUFFERED, this.#checkpoints.next - this.#events) * RECORD_NUMBERS
  }
}
