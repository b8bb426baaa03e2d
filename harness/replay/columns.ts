/** Which columns of a trace hold what, and in which unit: from `--columns`, from names, never guessed. */
import { UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import { excerpt, type Place } from './trace-place.ts'

const NS_OF_UNIT = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }
const DEFAULT_NAMES = {
  arrival: 'arrival_us',
  class: 'class',
  service: 'service_us',
  deadline: 'deadline_us',
}
const ROLES = Object.keys(DEFAULT_NAMES) as ColumnRole[]
const NAMES_LENGTH_MAX = 300

export type TimeUnit = keyof typeof NS_OF_UNIT
export type ColumnRole = keyof typeof DEFAULT_NAMES
export type TimeRole = Exclude<ColumnRole, 'class'>

/** What the user said of the columns. Serialises as JSON. */
export interface ColumnMapping {
  /** Columns by what they hold. `undefined`: the default name; empty: no such column (class and deadline only). */
  readonly columns: Readonly<Partial<Record<ColumnRole, string | undefined>>>
  /** Where not given, the suffix of the column's name is its unit (`_ns`, `_us`, `_ms`, `_s`). */
  readonly units?: Readonly<Partial<Record<TimeRole, TimeUnit>>>
  /** The deadline is a time of the arrivals' clock, not one counted from the row's own arrival. */
  readonly absoluteDeadline?: boolean
}

export interface TimeColumn {
  readonly role: TimeRole
  readonly name: string
  readonly unit: TimeUnit
  readonly nsPerUnit: number
}

/** The mapping with names and units known. */
export interface TraceColumns {
  readonly arrival: TimeColumn
  /** `undefined`: all rows are of class `default`. */
  readonly className: string | undefined
  readonly service: TimeColumn
  readonly deadline: TimeColumn | undefined
  /** The user named the deadline's column, so that it has to be there. */
  readonly deadlineRequired: boolean
  readonly absoluteDeadline: boolean
}

/**
 * `arrival=timestamp:s,class=kind,service=took:ms,deadline=due:ms:absolute`: for each, the column's name and, for
 * times, its unit; what is not mentioned keeps its default. Throws `UsageError`.
 */
export function parseColumns(text: string): ColumnMapping {
  const columns: Partial<Record<ColumnRole, string>> = {}
  const units: Partial<Record<TimeRole, TimeUnit>> = {}
  let absoluteDeadline = false
  for (const piece of text.split(',').map((each) => each.trim())) {
    if (piece === '') continue
    const { role, value } = splitPiece(piece)
    if (columns[role] !== undefined) throw new UsageError(`--columns maps '${role}' twice: keep one`)
    const column = role === 'class' ? { name: value } : parseTimeColumn(role, value, piece)
    columns[role] = column.name
    if (role !== 'class' && column.unit !== undefined) units[role] = column.unit
    absoluteDeadline ||= column.absolute === true
  }
  const mapping = { columns, units, absoluteDeadline }
  resolveColumns(mapping)
  return mapping
}

function splitPiece(piece: string): { role: ColumnRole; value: string } {
  const [, name, value] = /^([^=]*)=(.*)$/.exec(piece) ?? []
  const role = ROLES.find((each) => each === name)
  if (value === undefined)
    throw new UsageError(`'${piece}' in --columns names no column: write it as ROLE=COLUMN, as in class=kind`)
  if (role === undefined)
    throw new UsageError(
      `--columns knows no '${name}'${didYouMean(name!, ROLES)}: it maps ${ROLES.join(', ')} to columns`,
    )
  return { role, value }
}

interface ParsedColumn {
  readonly name: string
  readonly unit?: TimeUnit
  readonly absolute?: boolean
}

/** `NAME[:UNIT][:absolute]`, taken apart from the end, since names may hold colons (then the unit must be given). */
function parseTimeColumn(role: TimeRole, value: string, piece: string): ParsedColumn {
  const absolute = value.endsWith(':absolute')
  if (absolute && role !== 'deadline')
    throw new UsageError(`'${piece}' in --columns: only a deadline can be absolute, so leave ':absolute' out`)
  const plain = absolute ? value.slice(0, -':absolute'.length) : value
  const colon = plain.lastIndexOf(':')
  if (colon < 0) return { name: plain, absolute }
  const unit = plain.slice(colon + 1)
  if (!isUnit(unit))
    throw new UsageError(
      `'${piece}' in --columns: '${unit}' is no unit${didYouMean(unit, unitNames())}: use ${unitNames().join(', ')}`,
    )
  return { name: plain.slice(0, colon), unit, absolute }
}

/** Throws `UsageError` where a needed column is mapped to nothing and where neither mapping nor name gives a unit. */
export function resolveColumns(mapping: ColumnMapping): TraceColumns {
  const className = mapping.columns.class ?? DEFAULT_NAMES.class
  const deadline = mapping.columns.deadline
  return {
    arrival: timeColumn('arrival', mapping),
    className: className === '' ? undefined : className,
    service: timeColumn('service', mapping),
    deadline: deadline === '' ? undefined : timeColumn('deadline', mapping),
    deadlineRequired: deadline !== undefined && deadline !== '',
    absoluteDeadline: mapping.absoluteDeadline ?? false,
  }
}

function timeColumn(role: TimeRole, mapping: ColumnMapping): TimeColumn {
  const name = mapping.columns[role] ?? DEFAULT_NAMES[role]
  if (name === '')
    throw new UsageError(`--columns maps '${role}' to no column, and a trace needs one: write ${role}=COLUMN`)
  const unit = mapping.units?.[role] ?? /_([a-z]+)$/.exec(name)?.[1] ?? ''
  if (!isUnit(unit))
    throw new UsageError(
      `Column '${name}' has no unit: add it (${unitNames().join(', ')}), as in --columns '${role}=${name}:ms'`,
    )
  return { role, name, unit, nsPerUnit: NS_OF_UNIT[unit] }
}

function unitNames(): TimeUnit[] {
  return Object.keys(NS_OF_UNIT) as TimeUnit[]
}

function isUnit(text: string): text is TimeUnit {
  return Object.hasOwn(NS_OF_UNIT, text)
}

/** A line that lacks the column (or key) `name` of `role`: names what is there, and how to map it. */
export function missingColumn(
  role: ColumnRole,
  name: string,
  found: readonly string[],
  place: Place,
): UsageError {
  const listed = excerpt(found.join(', '), NAMES_LENGTH_MAX)
  const remedy = role === 'class' ? `'class=COLUMN', or 'class=' for no classes` : `'${role}=COLUMN:UNIT'`
  return place.lineMistake(
    `There is no '${name}'${didYouMean(name, found)} among ${listed}: name the column for ${role} with ` +
      `--columns ${remedy}`,
  )
}
