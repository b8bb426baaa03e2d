/** The thread that reads a trace for `openTrace`: sends rows in columns, a few batches ahead of whoever takes them. */
import { workerData } from 'node:worker_threads'
import { messageOf, UsageError } from '../errors.ts'
import { readTrace } from './trace.ts'
import type { TraceRow } from './trace-rows.ts'
import { BATCHES_AHEAD, SENT, TAKEN, type TraceMessage, type TraceTask } from './trace-thread.ts'

const { path, format, port, counters } = workerData as TraceTask
/** Numbers of the classes, by name, as the messages name them. */
const classes = new Map<string, number>()

function send(message: TraceMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
  Atomics.add(counters, SENT, 1)
  Atomics.notify(counters, SENT)
}

/** Sleeps while enough batches are on their way. */
function waitForRoom(): void {
  for (;;) {
    const taken = Atomics.load(counters, TAKEN)
    if (Atomics.load(counters, SENT) - taken < BATCHES_AHEAD) return
    Atomics.wait(counters, TAKEN, taken)
  }
}

function columnsOf(rows: readonly TraceRow[]): { message: TraceMessage; transfer: ArrayBuffer[] } {
  const arrivalsNs = Float64Array.from(rows, (row) => row.arrivalNs)
  const servicesNs = Float64Array.from(rows, (row) => row.serviceNs)
  const deadlinesNs = Float64Array.from(rows, (row) => row.deadlineNs)
  const newClasses: string[] = []
  const classNumbers = Uint16Array.from(rows, ({ className }) => {
    const known = classes.get(className)
    if (known !== undefined) return known
    classes.set(className, classes.size)
    newClasses.push(className)
    return classes.size - 1
  })
  const transfer = [arrivalsNs, servicesNs, deadlinesNs, classNumbers].map((array) => array.buffer)
  return {
    message: { kind: 'rows', arrivalsNs, servicesNs, deadlinesNs, classNumbers, newClasses },
    transfer,
  }
}

try {
  for await (const rows of readTrace(path, format)) {
    waitForRoom()
    const { message, transfer } = columnsOf(rows)
    send(message, transfer)
  }
  send({ kind: 'end' })
} catch (error) {
  send({ kind: 'failed', message: messageOf(error), isMistake: error instanceof UsageError })
}
