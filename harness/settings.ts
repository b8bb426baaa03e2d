/** Options of policies and params of scenarios: text from the command line to validated values. */
import { z } from 'zod'
import { UsageError } from './errors.ts'
import { didYouMean } from './suggest.ts'

export interface SettingDoc {
  readonly name: string
  readonly default: unknown
  readonly description: string
}

function shapeOf(schema: z.ZodType): Record<string, z.ZodType> {
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {}
}

/** The settings that a schema takes, for help and `list`. */
export function describeSettings(schema: z.ZodType): SettingDoc[] {
  return Object.entries(shapeOf(schema)).map(([name, field]) => {
    const parsed = field.safeParse(undefined)
    const description = field.description ?? innerDescription(field)
    return { name, default: defaultText(field) ?? (parsed.success ? parsed.data : undefined), description }
  })
}

/** `50ms` rather than the nanoseconds it is turned into. */
function defaultText(field: z.ZodType): unknown {
  let inner: unknown = field
  for (let depth = 0; depth < 5 && inner !== undefined; depth++) {
    if (inner instanceof z.ZodDefault) return inner.def.defaultValue
    inner = (inner as { def?: { in?: unknown; innerType?: unknown } }).def?.in
  }
  return undefined
}

function innerDescription(field: z.ZodType): string {
  return (field as { def?: { in?: z.ZodType } }).def?.in?.description ?? ''
}

export function settingNames(schema: z.ZodType): string[] {
  return Object.keys(shapeOf(schema))
}

/** Validates; `owner` names the plug-in in errors. Throws `UsageError`. */
export function parseSettings(
  schema: z.ZodType,
  given: Readonly<Record<string, string>>,
  owner: string,
): Record<string, unknown> {
  const known = settingNames(schema)
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const hint = didYouMean(name, known)
    const has = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none'
    throw new UsageError(`${owner} has no option '${name}'${hint}: ${has}`)
  }
  const fields = shapeOf(schema)
  const values = Object.fromEntries(
    Object.entries(given).map(([name, text]) => [name, fromText(fields[name]!, text)]),
  )
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data as Record<string, unknown>
  throw new UsageError(parsed.error.issues.map((issue) => explain(issue, given, owner)).join('\n'))
}

/** Command lines give text: takes it as it is where the schema accepts that, else as a number or a boolean. */
function fromText(field: z.ZodType, text: string): unknown {
  if (field.safeParse(text).success) return text
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

function explain(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>, owner: string): string {
  const name = String(issue.path[0] ?? '')
  const value = given[name] === undefined ? '' : ` '${given[name]}'`
  return `${owner}: option '${name}' does not take${value}: ${plain(issue.message)}`
}

/** Without what the value was before it was read: on a command line everything is a string. */
function plain(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/, received \w+$/, '')
}
