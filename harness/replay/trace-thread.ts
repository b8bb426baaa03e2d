/**
 * A trace as a plain iterable, of any length in little memory.
 *
 * Streams are asynchronous in Node, and a simulated world must not depend on when a read comes back. So another thread
 * reads ahead, and whoever wants a row blocks until it is there.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { UsageError } from '../errors.ts'
import type { TraceFormat } from './trace.ts'
import type { TraceRow } from './trace-rows.ts'

/** Batches (of 64 KiB of text each) that are read before they are asked for. */
export const BATCHES_AHEAD = 8
/** Which counter is which: messages sent by the reader, and taken by us. */
export const SENT = 0
export const TAKEN = 1

export interface TraceTask {
  readonly path: string
  readonly format: TraceFormat
  readonly port: MessagePort
  readonly counters: Int32Array<SharedArrayBuffer>
}

interface RowsMessage {
  readonly kind: 'rows'
  readonly arrivalsNs: Float64Array
  readonly servicesNs: Float64Array
  readonly deadlinesNs: Float64Array
  /** Indices into all `newClasses` so far. */
  readonly classNumbers: Uint16Array
  readonly newClasses: readonly string[]
}

export type TraceMessage =
  | RowsMessage
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string; readonly isMistake: boolean }

/** The rows of a trace, in file order, for one pass. Taking a row throws what `readTrace` throws. */
export function* openTrace(path: string, format: TraceFormat): Generator<TraceRow, void> {
  const reader = new Reader(path, format)
  const classNames: string[] = []
  try {
    for (let batch = reader.take(); batch !== undefined; batch = reader.take()) {
      classNames.push(...batch.newClasses)
      for (let i = 0; i < batch.arrivalsNs.length; i++) {
        yield {
          arrivalNs: batch.arrivalsNs[i]!,
          className: classNames[batch.classNumbers[i]!]!,
          serviceNs: batch.servicesNs[i]!,
          deadlineNs: batch.deadlinesNs[i]!,
        }
      }
    }
  } finally {
    reader.close()
  }
}

class Reader {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #counters = new Int32Array(new SharedArrayBuffer(8))

  constructor(path: string, format: TraceFormat) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const workerData: TraceTask = { path, format, port: port2, counters: this.#counters }
    this.#worker = new Worker(new URL('./trace-worker.js', import.meta.url), {
      workerData,
      transferList: [port2],
    })
    this.#worker.unref()
    this.#port.unref()
  }

  /** Blocks until a batch is there; `undefined` after the last one. */
  take(): RowsMessage | undefined {
    const taken = Atomics.load(this.#counters, TAKEN)
    // Sleeps only while nothing more was sent than we have taken.
    Atomics.wait(this.#counters, SENT, taken)
    Atomics.add(this.#counters, TAKEN, 1)
    Atomics.notify(this.#counters, TAKEN)
    const message = receiveMessageOnPort(this.#port)!.message as TraceMessage
    if (message.kind === 'rows') return message
    if (message.kind === 'end') return undefined
    throw message.isMistake ? new UsageError(message.message) : new Error(message.message)
  }

  close(): void {
    this.#port.close()
    void this.#worker.terminate()
  }
}
