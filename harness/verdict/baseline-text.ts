/** How a baseline is written, and how strictly it is read: people edit it by hand and merge it. */
import type { z } from 'zod'
import { messageOf, UsageError } from '../errors.ts'
import { cellKey, cellSchema } from '../records.ts'
import { BASELINE_SCHEMA, type Baseline, baselineSchema, labelOf } from './baseline.ts'

/** JSON with a line for each cell and round, so that a diff shows which of them changed. */
export function formatBaseline(baseline: Baseline): string {
  const { run, metrics, cells, ...head } = baseline
  const written = cells.map(({ rounds, ...cell }) =>
    objectText({ ...lines(cell), rounds: listText(rounds.map(line), '      ') }, '    '),
  )
  const fields = {
    ...lines(head),
    run: objectText(lines(run), '  '),
    metrics: objectText(lines(metrics), '  '),
    cells: listText(written, '  '),
  }
  return `${objectText(fields, '')}\n`
}

function line(value: unknown): string {
  return JSON.stringify(value)
}

function lines(fields: object): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, line(value)]))
}

/** Of fields that are text already. */
function objectText(fields: Readonly<Record<string, string>>, indent: string): string {
  return bracketed(
    '{',
    Object.entries(fields).map(([name, text]) => `${line(name)}: ${text}`),
    '}',
    indent,
  )
}

function listText(texts: readonly string[], indent: string): string {
  return bracketed('[', texts, ']', indent)
}

function bracketed(open: string, texts: readonly string[], close: string, indent: string): string {
  if (texts.length === 0) return open + close
  return `${open}\n${texts.map((text) => `${indent}  ${text}`).join(',\n')}\n${indent}${close}`
}

/** `path` names the file in errors. Throws `UsageError` for what is not, to the last value, a baseline. */
export function parseBaseline(text: string, path: string): Baseline {
  const given = parseJson(text.replace(/^\uFEFF/, ''), path)
  checkVersion(given, path)
  const problem = problemOf(given)
  if (problem !== undefined) throw mistake(path, problem)
  return given as Baseline
}

function problemOf(given: unknown): string | undefined {
  const parsed = baselineSchema.safeParse(given)
  return parsed.success ? inconsistency(parsed.data) : explain(parsed.error.issues[0]!, given)
}

function mistake(path: string, problem: string): UsageError {
  return new UsageError(
    `${path}: ${problem}. Take back what was changed by hand, or remove it and make it anew: loopdyno baseline save`,
  )
}

/** Strings, to be passed over, and what JavaScript writes for a number where JSON has none. */
const NO_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity|undefined)\b/g

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const marked = text.replace(NO_NUMBER, (token) => (token[0] === '"' ? token : line(token)))
    if (marked === text) throw mistake(path, whyNoJson(text, messageOf(error)))
    // Named by the cell and metric it stands at, not by its place in the file.
    throw mistake(path, problemOf(parseJson(marked, path)) ?? 'it has NaN or Infinity, which JSON has not')
  }
}

function whyNoJson(text: string, message: string): string {
  if (text.trim() === '') return 'it is empty'
  if (/^(<{7}|>{7}) /m.test(text)) return 'it has the marks of a merge that is not resolved'
  return isCutOff(text) ? 'it is cut off: the end is missing' : `it is not JSON: ${message}`
}

/** A string or a bracket was opened that is not closed. */
function isCutOff(text: string): boolean {
  const open = text.replace(NO_NUMBER, '').replace(/[^"[\]{}]/g, '')
  const depth = [...open].reduce((sum, each) => sum + ('[{'.includes(each) ? 1 : -1), 0)
  return open.includes('"') || depth > 0
}

function checkVersion(given: unknown, path: string): void {
  const { schema, environment } = (given ?? {}) as { schema?: unknown; environment?: { loopdyno?: unknown } }
  if (schema === BASELINE_SCHEMA) return
  if (typeof schema !== 'number')
    throw new UsageError(
      `${path} is not a baseline: its 'schema' is ${line(schema) ?? 'missing'}. Name another with --baseline, or make one with loopdyno baseline save`,
    )
  const version = environment?.loopdyno
  const theirs = typeof version === 'string' ? `loopdyno ${version}` : 'the version of loopdyno that made it'
  throw new UsageError(
    `${path} has the baseline schema ${schema}, and this version of loopdyno reads ${BASELINE_SCHEMA}: remove it and make it anew with 'loopdyno baseline save', or use ${theirs}`,
  )
}

/** `path: what is wrong`, in the words of the run rather than of the file. */
function explain(issue: z.core.$ZodIssue, given: unknown): string {
  const place = placeOf(issue.path, given)
  if (issue.code === 'unrecognized_keys') return `${place}unknown field '${issue.keys.join("', '")}'`
  const value = valueAt(given, issue.path)
  if (value === undefined) return `${place}it is missing`
  const expected = issue.message.replace(/^Invalid (input|option): /, '').replace(/, received .*$/, '')
  return `${place}${expected.replace(/^expected number$/, 'expected a number')}${notText(value)}`
}

function notText(value: unknown): string {
  if (typeof value === 'object' && value !== null) return ''
  return typeof value === 'string' ? `, not '${value}'` : `, not ${String(value)}`
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given)
}

function placeOf(path: readonly PropertyKey[], given: unknown): string {
  const [top, cell, part, round, ...rest] = path
  if (top !== 'cells' || cell === undefined) return fieldText(path)
  const label = cellLabel(valueAt(given, ['cells', cell, 'cell']), Number(cell))
  if (part !== 'rounds' || round === undefined) return `${label}: ${fieldText(path.slice(2))}`
  const metric =
    rest[0] === 'metrics' && rest.length === 2 ? `metric '${String(rest[1])}': ` : fieldText(rest)
  return `${label}: round ${Number(round) + 1}: ${metric}`
}

function fieldText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `field '${path.map(String).join('.')}': `
}

function cellLabel(cell: unknown, index: number): string {
  const parsed = cellSchema.safeParse(cell)
  return parsed.success ? labelOf(parsed.data) : `cell ${index + 1}`
}

/** What a schema cannot say: twice the same cell or round, values of nothing that is defined. */
function inconsistency({ cells, metrics }: Baseline): string | undefined {
  const keys = new Set<string>()
  for (const { cell, control, rounds, metrics: own = {} } of cells) {
    if (keys.size === keys.add(`${control} ${cellKey(cell)}`).size)
      return `${labelOf(cell)}: it is there twice`
    const numbers = rounds.map(({ round }) => round)
    const twice = numbers.find((round, index) => numbers.indexOf(round) !== index)
    if (twice !== undefined) return `${labelOf(cell)}: round ${twice + 1} is there twice`
    const names = rounds.flatMap((round) => Object.keys(round.metrics))
    const unknown = names.find((name) => own[name] === undefined && metrics[name] === undefined)
    if (unknown !== undefined) return `${labelOf(cell)}: metric '${unknown}' has no unit under 'metrics'`
  }
  return undefined
}
