/** Traces from text instead of files, in chunks of any size. */
import type { ColumnMapping } from '../../harness/replay/columns.ts'
import { type TraceRow, traceRows } from '../../harness/replay/trace.ts'
import { Place } from '../../harness/replay/trace-place.ts'

export interface TextOptions {
  readonly name?: string
  readonly mapping?: ColumnMapping
  readonly chunkBytes?: number
}

const DEFAULTS: ColumnMapping = { columns: {} }

export async function* chunksOf(bytes: Buffer, chunkBytes = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

export async function rowsOf(content: string | Buffer, options: TextOptions = {}): Promise<TraceRow[]> {
  const chunks = chunksOf(Buffer.from(content as string), options.chunkBytes)
  const format = { format: undefined, ...(options.mapping ?? DEFAULTS) }
  const rows: TraceRow[] = []
  for await (const batch of traceRows(chunks, new Place(options.name ?? 't.csv'), format)) rows.push(...batch)
  return rows
}

/** The message of the `UsageError` that reading ends in. Fails where there is none, or another. */
export async function mistakeIn(content: string | Buffer, options: TextOptions = {}): Promise<string> {
  return mistakeOf(rowsOf(content, options))
}

export async function mistakeOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => new Error('There was no mistake'),
    (reason: Error) => reason,
  )
  if (error.name !== 'UsageError') throw error
  return error.message
}

/** Short for expected rows: times in µs. */
export function row(
  arrivalUs: number,
  className: string,
  serviceUs: number,
  deadlineUs = Infinity,
): TraceRow {
  return { arrivalNs: arrivalUs * 1e3, className, serviceNs: serviceUs * 1e3, deadlineNs: deadlineUs * 1e3 }
}
