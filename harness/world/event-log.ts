import { createHash } from 'node:crypto'
import type { Handle, LoopObserver } from '../contracts.ts'

const RECORD_NUMBERS = 5
const RECORDS_BUFFERED = 4096

/**
 * The log of everything that ran in a world, kept as a running SHA-256. A record is five numbers: host, start, end,
 * sequence, name. Names count by order of first appearance and are hashed once, in the clear.
 */
export class EventLog {
  readonly #hash = createHash('sha256')
  readonly #buffer = new Float64Array(RECORD_NUMBERS * RECORDS_BUFFERED)
  readonly #names = new Map<string, number>()
  #used = 0

  /** An observer that writes the handles of one host into the log. */
  observer(host: number): LoopObserver {
    return {
      name: 'event-log',
      handleFinished: (handle, startNs, endNs) => this.#add(host, handle, startNs, endNs),
    }
  }

  /** Ends the log. Little-endian byte order is that of every platform Node runs on but s390x. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #add(host: number, handle: Handle, startNs: number, endNs: number): void {
    const name = this.#nameId(handle)
    if (this.#used === this.#buffer.length) this.#flush()
    const buffer = this.#buffer
    buffer[this.#used++] = host
    buffer[this.#used++] = startNs
    buffer[this.#used++] = endNs
    buffer[this.#used++] = handle.sequence
    buffer[this.#used++] = name
  }

  #nameId(handle: Handle): number {
    const name = handle.name
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const id = this.#names.size
    this.#names.set(name, id)
    this.#flush()
    this.#hash.update(`${id}=${name}\n`)
    return id
  }

  #flush(): void {
    this.#hash.update(new Uint8Array(this.#buffer.buffer, 0, this.#used * 8))
    this.#used = 0
  }
}
