/** `records.jsonl`: appended to as rounds end, readable whenever the harness dies. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf, UsageError } from '../errors.ts'
import { headerSchema, type RoundRecord, type RunHeader, type RunRecords, roundSchema } from '../records.ts'

export const RECORDS_FILE = 'records.jsonl'

export interface ReadRecords extends RunRecords {
  /** The last line was cut off (the harness was killed while it wrote) and has been left out. */
  readonly truncated: boolean
}

/** Makes the folder and proves that it can be written. Throws `UsageError`. */
export function prepareDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory))
    const probe = join(directory, `.loopdyno-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw new UsageError(
      `Cannot write to the output folder '${directory}': ${messageOf(error)}. Choose another with --out`,
    )
  }
}

/** One folder after another: Node's own recursive mkdir never returns where the system answers ENOENT (in /proc). */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  mkdirSync(path)
}

/** What reporters have written for an earlier run. Charts are named `SCENARIO-TIME-...png`; all else is not ours. */
const REPORTS = [
  'summary.json',
  'report.md',
  'index.html',
  'check.json',
  'check.md',
  'junit.xml',
  'calibration.json',
]
const CHART = /(-(real|virtual)-.*|^check-(real|virtual).*)\.png$/

/** Reports and records of two runs must not stand side by side. */
function removeReports(directory: string): void {
  for (const file of REPORTS) rmSync(join(directory, file), { force: true })
  const charts = join(directory, 'charts')
  if (!existsSync(charts)) return
  for (const file of readdirSync(charts)) if (CHART.test(file)) rmSync(join(charts, file))
}

/**
 * Starts a new file. That of the run before is kept under the time it was last written, and its reports, which can
 * be made again from it, are removed. Returns the path it is kept at.
 */
export function startRecords(directory: string, header: RunHeader): string | undefined {
  const path = join(directory, RECORDS_FILE)
  const kept = existsSync(path) ? keepOld(directory, path) : undefined
  writeFileSync(path, `${JSON.stringify(header)}\n`)
  return kept
}

function keepOld(directory: string, path: string): string {
  const written = statSync(path).mtime.toISOString().replace(/[:.]/g, '-')
  const kept = join(directory, `records-${written}.jsonl`)
  renameSync(path, kept)
  removeReports(directory)
  return kept
}

export function appendRecord(directory: string, record: RoundRecord): void {
  appendFileSync(join(directory, RECORDS_FILE), `${JSON.stringify(record)}\n`)
}

/** Cuts off a last line that is not whole, so that what is appended next stands on a line of its own. */
export function repairRecords(directory: string): void {
  const path = join(directory, RECORDS_FILE)
  const text = readFileSync(path, 'utf8')
  if (!text.endsWith('\n')) writeFileSync(path, text.slice(0, text.lastIndexOf('\n') + 1))
}

/** Throws `UsageError` that names the file and the line. */
export function readRecords(directory: string): ReadRecords {
  const path = join(directory, RECORDS_FILE)
  if (!existsSync(path))
    throw new UsageError(`No ${RECORDS_FILE} in '${directory}': is it the folder of a run?`)
  const lines = readFileSync(path, 'utf8').split('\n')
  const last = lines.pop()! // what follows the last line end: nothing, unless a line was cut off
  const [header, ...rounds] = lines.map((line, index) => parseLine(path, line, index))
  const parsed = headerSchema.safeParse(header)
  if (!parsed.success) throw new UsageError(`${path}:1: not the header of a run that this version can read`)
  return {
    header: parsed.data,
    rounds: rounds.map((round, index) => parseRound(path, round, index)),
    truncated: last !== '',
  }
}

function parseLine(path: string, line: string, index: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new UsageError(`${path}:${index + 1}: not JSON: the file is damaged`)
  }
}

function parseRound(path: string, round: unknown, index: number): RoundRecord {
  const parsed = roundSchema.safeParse(round)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw new UsageError(
    `${path}:${index + 2}: not the record of a round: ${issue.path.join('.')}: ${issue.message}`,
  )
}
