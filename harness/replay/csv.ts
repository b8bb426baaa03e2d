/** Rows from CSV with a header. Numbers and known classes are read from the bytes, without a string a row. */
import { type ColumnRole, missingColumn, type TimeColumn, type TraceColumns } from './columns.ts'
import { CsvFields } from './csv-fields.ts'
import { ClassNames } from './trace-classes.ts'
import { decimalOf } from './trace-numbers.ts'
import { excerpt, type Place } from './trace-place.ts'
import { noTime, RowChecks, type TraceParser, type TraceRow, wholeNs } from './trace-rows.ts'

const ABSENT = -1

/** Which field holds what; `ABSENT` where none does. */
interface Header extends Record<ColumnRole, number> {
  readonly fields: number
}

export class CsvParser implements TraceParser {
  readonly #columns: TraceColumns
  readonly #place: Place
  readonly #fields: CsvFields
  readonly #classes: ClassNames
  readonly #checks: RowChecks
  #header: Header | undefined

  constructor(columns: TraceColumns, place: Place, classes?: readonly string[]) {
    this.#columns = columns
    this.#place = place
    this.#fields = new CsvFields(place)
    this.#classes = new ClassNames(place, classes)
    this.#checks = new RowChecks(columns, place)
  }

  rowsOf(block: Buffer): TraceRow[] {
    const rows: TraceRow[] = []
    for (let at = 0; at < block.length; ) {
      this.#place.line++
      at = this.#fields.split(block, at)
      if (this.#fields.blank) continue
      if (this.#header === undefined) this.#header = this.#readHeader()
      else rows.push(this.#row(this.#header))
    }
    return rows
  }

  end(): void {
    if (this.#header === undefined)
      throw this.#place.fileMistake('The file is empty: a trace has a header and a row a job')
    this.#checks.end()
  }

  #readHeader(): Header {
    const names = Array.from({ length: this.#fields.count }, (_, field) => this.#fields.text(field))
    const { arrival, className, service, deadline, deadlineRequired } = this.#columns
    const noDeadline = deadline === undefined || !(deadlineRequired || names.includes(deadline.name))
    return {
      fields: names.length,
      arrival: this.#fieldOf('arrival', arrival.name, names),
      class: className === undefined ? ABSENT : this.#fieldOf('class', className, names),
      service: this.#fieldOf('service', service.name, names),
      deadline: noDeadline ? ABSENT : this.#fieldOf('deadline', deadline.name, names),
    }
  }

  #fieldOf(role: ColumnRole, name: string, names: readonly string[]): number {
    const field = names.indexOf(name)
    if (field === ABSENT) throw notHeader(names, this.#place) ?? missingColumn(role, name, names, this.#place)
    if (names.includes(name, field + 1))
      throw this.#place.lineMistake(`Two columns are named ${excerpt(name)}: rename or drop one`)
    return field
  }

  #row(header: Header): TraceRow {
    const fields = this.#fields
    if (fields.count !== header.fields) throw this.#wrongCount(header.fields)
    return this.#checks.row(
      this.#time(header.arrival, this.#columns.arrival),
      header.class === ABSENT
        ? 'default'
        : this.#classes.ofBytes(fields.bytes, fields.starts[header.class]!, fields.ends[header.class]!),
      this.#time(header.service, this.#columns.service),
      this.#hasDeadline(header) ? this.#time(header.deadline, this.#columns.deadline!) : Infinity,
    )
  }

  #hasDeadline({ deadline }: Header): boolean {
    return deadline !== ABSENT && this.#fields.starts[deadline] !== this.#fields.ends[deadline]
  }

  #time(field: number, column: TimeColumn): number {
    const { bytes, starts, ends } = this.#fields
    const value = decimalOf(bytes, starts[field]!, ends[field]!)
    const ns = wholeNs(value, column)
    if (Number.isNaN(ns)) throw noTime(this.#fields.text(field), value, column, this.#place)
    return ns
  }

  #wrongCount(wanted: number): Error {
    const { count, starts, ends, bytes } = this.#fields
    const line = excerpt(bytes.toString('utf8', starts[0], ends[count - 1]))
    return this.#place.lineMistake(
      `This row has ${count} ${count === 1 ? 'field' : 'fields'} where the header has ${wanted}: ${line}; ` +
        'write every field, with commas between, and quote those that hold a comma',
    )
  }
}

/** Mistakes that no mapping of columns would mend: no header at all, and another separator. */
function notHeader(names: readonly string[], place: Place): Error | undefined {
  const line = excerpt(names.join(','))
  if (names.some((name) => /^-?\d+(?:\.\d+)?$/.test(name)))
    return place.lineMistake(`A header must name the columns before ${line}: add one above this line`)
  if (names.length === 1 && /[;\t]/.test(names[0]!))
    return place.lineMistake(`The header ${line} has no commas: separate the fields of all lines with commas`)
  return undefined
}
