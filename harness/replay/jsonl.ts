/** Rows from JSON Lines: an object a line. */
import { messageOf } from '../errors.ts'
import { missingColumn, type TimeColumn, type TraceColumns } from './columns.ts'
import { NEWLINE } from './lines.ts'
import { ClassNames } from './trace-classes.ts'
import { excerpt, type Place, printable } from './trace-place.ts'
import { noTime, RowChecks, type TraceParser, type TraceRow, wholeNs } from './trace-rows.ts'

type Fields = Record<string, unknown>

export class JsonlParser implements TraceParser {
  readonly #columns: TraceColumns
  readonly #place: Place
  readonly #classes: ClassNames
  readonly #checks: RowChecks
  #anyLine = false
  #anyDeadline = false

  constructor(columns: TraceColumns, place: Place, classes?: readonly string[]) {
    this.#columns = columns
    this.#place = place
    this.#classes = new ClassNames(place, classes)
    this.#checks = new RowChecks(columns, place)
  }

  rowsOf(block: Buffer): TraceRow[] {
    const rows: TraceRow[] = []
    for (let start = 0; start < block.length; ) {
      this.#place.line++
      const end = block.indexOf(NEWLINE, start)
      const line = block.toString('utf8', start, end).trim()
      if (line !== '') rows.push(this.#row(this.#parse(line)))
      start = end + 1
    }
    return rows
  }

  end(): void {
    if (!this.#anyLine) throw this.#place.fileMistake('The file is empty: a trace has a JSON object a job')
    if (this.#columns.deadlineRequired && !this.#anyDeadline)
      throw this.#place.fileMistake(
        `No line has the key '${this.#columns.deadline!.name}': correct 'deadline=' in --columns, or leave it out`,
      )
    this.#checks.end()
  }

  #parse(line: string): Fields {
    this.#anyLine = true
    const value = this.#json(line)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#place.lineMistake(`${excerpt(line)} is no JSON object: write a row as {"key": value, ...}`)
    return value as Fields
  }

  #json(line: string): unknown {
    try {
      return JSON.parse(line)
    } catch (error) {
      // V8 repeats the text after its reason, as much of it as it likes.
      const reason = printable(messageOf(error).replace(/, (?:\.\.\.)?".*$/s, ''))
      throw this.#place.lineMistake(`${excerpt(line)} is not valid JSON (${reason}): write one object a line`)
    }
  }

  #row(fields: Fields): TraceRow {
    const { arrival, className, service, deadline } = this.#columns
    return this.#checks.row(
      this.#time(fields, arrival),
      className === undefined ? 'default' : this.#class(fields, className),
      this.#time(fields, service),
      deadline === undefined ? Infinity : this.#deadline(fields, deadline),
    )
  }

  #class(fields: Fields, key: string): string {
    if (!Object.hasOwn(fields, key)) throw missingColumn('class', key, Object.keys(fields), this.#place)
    const value = fields[key]
    if (typeof value === 'string') return this.#classes.of(value)
    if (typeof value === 'number') return this.#classes.of(String(value))
    throw this.#place.lineMistake(
      `Key '${key}' holds ${excerpt(JSON.stringify(value))}, which is no class: write text or a number`,
    )
  }

  /** A key that is not there, or null, is no deadline. */
  #deadline(fields: Fields, column: TimeColumn): number {
    if (!Object.hasOwn(fields, column.name)) return Infinity
    this.#anyDeadline = true
    return fields[column.name] === null ? Infinity : this.#time(fields, column)
  }

  #time(fields: Fields, column: TimeColumn): number {
    if (!Object.hasOwn(fields, column.name))
      throw missingColumn(column.role, column.name, Object.keys(fields), this.#place)
    const value = fields[column.name]
    if (typeof value !== 'number') throw noTime(JSON.stringify(value), Number.NaN, column, this.#place)
    const ns = wholeNs(value, column)
    if (Number.isNaN(ns)) throw noTime(String(value), value, column, this.#place)
    return ns
  }
}
