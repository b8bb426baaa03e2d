/** Reads a trace of jobs: arrival, class, service time and deadline, a bounded number at a time. */
import { type ColumnMapping, resolveColumns } from './columns.ts'
import { CsvParser } from './csv.ts'
import { JsonlParser } from './jsonl.ts'
import { wholeLines } from './lines.ts'
import { traceBytes, traceSize } from './trace-bytes.ts'
import { Place } from './trace-place.ts'
import type { TraceParser, TraceRow } from './trace-rows.ts'

export type { TraceRow } from './trace-rows.ts'

/** How to read a trace: `{ format, ...parseColumns(text) }`. Serialises as JSON. */
export interface TraceFormat extends ColumnMapping {
  /** `undefined`: by the file's name (`.csv`, `.jsonl`, `.ndjson`, each with `.gz` or without). */
  readonly format: 'csv' | 'jsonl' | undefined
  /** All classes that may come. Absent: any. */
  readonly classes?: readonly string[]
}

export interface TraceClass {
  readonly name: string
  readonly rows: number
  readonly serviceNs: number
}

/** What a trace comes to as a whole. */
export interface TraceSurvey {
  readonly rows: number
  /** In order of first appearance. */
  readonly classes: readonly TraceClass[]
  readonly firstArrivalNs: number
  readonly lastArrivalNs: number
  /** From the first arrival to the last. */
  readonly spanNs: number
  readonly serviceNs: number
  /** Service time over span: the share of one server that it takes. `Infinity` where all arrive at once. */
  readonly load: number
  /** Whether any row has a deadline. */
  readonly hasDeadlines: boolean
}

/** Rows in file order, those of 64 KiB of text at a time. Throws `UsageError` that names file, line and remedy. */
export async function* readTrace(path: string, format: TraceFormat): AsyncGenerator<TraceRow[]> {
  const place = new Place(path)
  await traceSize(place)
  yield* traceRows(traceBytes(place), place, format)
}

/** `readTrace` from chunks of at most 1 MiB, of a file that `place` names. */
export async function* traceRows(
  chunks: AsyncIterable<Buffer>,
  place: Place,
  format: TraceFormat,
): AsyncGenerator<TraceRow[]> {
  const parser = parserFor(place, format)
  for await (const block of wholeLines(chunks, place)) {
    const rows = parser.rowsOf(block)
    if (rows.length > 0) yield rows
  }
  parser.end()
}

function parserFor(place: Place, format: TraceFormat): TraceParser {
  const columns = resolveColumns(format)
  return (format.format ?? formatOfName(place)) === 'csv'
    ? new CsvParser(columns, place, format.classes)
    : new JsonlParser(columns, place, format.classes)
}

function formatOfName(place: Place): 'csv' | 'jsonl' {
  const ending = /\.(csv|jsonl|ndjson)(?:\.gz)?$/i.exec(place.path)?.[1]?.toLowerCase()
  if (ending === undefined)
    throw place.fileMistake('The name does not tell the format: give --format csv or --format jsonl')
  return ending === 'csv' ? 'csv' : 'jsonl'
}

/** Reads the whole file once. `onProgress` gets the share that is read, up to 1. Throws what `readTrace` throws. */
export async function surveyTrace(
  path: string,
  format: TraceFormat,
  onProgress?: (share: number) => void,
): Promise<TraceSurvey> {
  const place = new Place(path)
  const size = await traceSize(place)
  const bytes = traceBytes(place, (read) => onProgress?.(Math.min(1, read / size)))
  const tally = new Tally()
  for await (const rows of traceRows(bytes, place, format)) for (const row of rows) tally.add(row)
  return tally.survey()
}

class Tally {
  readonly #classes = new Map<string, { rows: number; serviceNs: number }>()
  #rows = 0
  #firstNs = 0
  #lastNs = 0
  #serviceNs = 0
  #hasDeadlines = false

  add(row: TraceRow): void {
    if (this.#rows === 0) this.#firstNs = row.arrivalNs
    this.#rows++
    this.#lastNs = row.arrivalNs
    this.#serviceNs += row.serviceNs
    if (row.deadlineNs < Infinity) this.#hasDeadlines = true
    const known = this.#classes.get(row.className)
    if (known === undefined) this.#classes.set(row.className, { rows: 1, serviceNs: row.serviceNs })
    else {
      known.rows++
      known.serviceNs += row.serviceNs
    }
  }

  survey(): TraceSurvey {
    const spanNs = this.#lastNs - this.#firstNs
    return {
      rows: this.#rows,
      classes: [...this.#classes].map(([name, sums]) => ({ name, ...sums })),
      firstArrivalNs: this.#firstNs,
      lastArrivalNs: this.#lastNs,
      spanNs,
      serviceNs: this.#serviceNs,
      load: this.#serviceNs / spanNs,
      hasDeadlines: this.#hasDeadlines,
    }
  }
}
