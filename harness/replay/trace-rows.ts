/** What a row of a trace is, and what must hold of all rows, whatever the file's format. */
import type { UsageError } from '../errors.ts'
import type { TimeColumn, TraceColumns } from './columns.ts'
import { excerpt, type Place } from './trace-place.ts'

/** One job of a trace. Times are whole ns. */
export interface TraceRow {
  /** On the trace's own clock: never less than that of the row before. */
  readonly arrivalNs: number
  readonly className: string
  readonly serviceNs: number
  /** Counted from the arrival; `Infinity` where there is none. */
  readonly deadlineNs: number
}

/** Turns blocks of whole lines into rows. Throws `UsageError` with file and line. */
export interface TraceParser {
  rowsOf(block: Buffer): TraceRow[]
  /** Called when the file is over: throws `UsageError` for what only the whole file can lack. */
  end(): void
}

/**
 * A column's number as whole ns; `NaN` where it is no time (not a number, negative, too large to be exact). Fractions
 * of large numbers may come out 1 ns off, as doubles have them.
 */
export function wholeNs(value: number, column: TimeColumn): number {
  const ns = value * column.nsPerUnit
  // The sum makes 0 of −0.
  return ns >= 0 && ns <= Number.MAX_SAFE_INTEGER ? Math.round(ns) + 0 : Number.NaN
}

const REMEDY_OF_NEGATIVE = {
  arrival: 'add the same to all arrivals, so that none is below 0',
  service: 'correct the row or leave it out',
  deadline: 'give the time from the arrival on, or leave it empty where there is none',
}

/** Why `wholeNs` gave `NaN` for `value`, which stood in the file as `text`. */
export function noTime(text: string, value: number, column: TimeColumn, place: Place): UsageError {
  const found = `Column '${column.name}' holds ${excerpt(text)}`
  if (Number.isNaN(value))
    return place.lineMistake(`${found}, which is no number: write a decimal such as 12 or 12.5, nothing else`)
  if (value < 0)
    return place.lineMistake(`${found}, and time is not negative: ${REMEDY_OF_NEGATIVE[column.role]}`)
  return place.lineMistake(
    `${found} ${column.unit}, more than the 104 days that are exact in ns: check the unit, which ` +
      `--columns '${column.role}=${column.name}:UNIT' sets, or count from the first arrival`,
  )
}

/** Checks rows against those before them. */
export class RowChecks {
  readonly #columns: TraceColumns
  readonly #place: Place
  #lastArrivalNs = -1
  #anyService = false

  constructor(columns: TraceColumns, place: Place) {
    this.#columns = columns
    this.#place = place
  }

  /** `deadlineNs` as the column has it: from the arrival, or absolute. Throws `UsageError`. */
  row(arrivalNs: number, className: string, serviceNs: number, deadlineNs: number): TraceRow {
    if (arrivalNs < this.#lastArrivalNs) throw this.#descending(arrivalNs)
    this.#lastArrivalNs = arrivalNs
    if (serviceNs > 0) this.#anyService = true
    const sinceNs = this.#columns.absoluteDeadline ? deadlineNs - arrivalNs : deadlineNs
    if (sinceNs < 0) throw this.#pastDeadline(arrivalNs, deadlineNs)
    return { arrivalNs, className, serviceNs, deadlineNs: sinceNs }
  }

  /** Throws `UsageError` where there was no row, or none that takes time. */
  end(): void {
    if (this.#lastArrivalNs < 0)
      throw this.#place.fileMistake('There are no rows: a trace needs one at least, a job a line')
    if (!this.#anyService)
      throw this.#place.fileMistake(
        `Column '${this.#columns.service.name}' is 0 in all rows, so there is nothing to run: map another with ` +
          "--columns 'service=COLUMN:UNIT'",
      )
  }

  #descending(arrivalNs: number): UsageError {
    const { arrival } = this.#columns
    return this.#place.lineMistake(
      `Arrival ${inUnit(arrivalNs, arrival)} comes after ${inUnit(this.#lastArrivalNs, arrival)}: sort the ` +
        `file by '${arrival.name}'`,
    )
  }

  #pastDeadline(arrivalNs: number, deadlineNs: number): UsageError {
    const deadline = this.#columns.deadline!
    return this.#place.lineMistake(
      `Deadline ${inUnit(deadlineNs, deadline)} is before the arrival, ${inUnit(arrivalNs, deadline)}: leave ` +
        `':absolute' out of --columns if '${deadline.name}' counts from the arrival`,
    )
  }
}

function inUnit(ns: number, column: TimeColumn): string {
  return `${ns / column.nsPerUnit} ${column.unit}`
}
