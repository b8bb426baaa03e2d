/** Folders that tests run the command line in, and what it leaves there. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { type RoundRecord, type RunHeader, roundSchema } from '../../harness/records.ts'
import { type Summary, type SummaryCell, summarySchema } from '../../harness/verdict/summary.ts'

/** A folder outside of the repository that is removed when the tests of the file are done. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'loopdyno-e2e-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A policy that breaks its contract. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url))
}

export function parseSummary(text: string): Summary {
  return summarySchema.parse(JSON.parse(text))
}

export function readSummary(directory: string): Summary {
  return parseSummary(readFileSync(join(directory, 'summary.json'), 'utf8'))
}

export function cellOf(summary: Summary, policy: string, scenario?: string): SummaryCell {
  const found = summary.cells.find(
    (cell) => cell.policy === policy && (scenario === undefined || cell.scenario === scenario),
  )
  if (found === undefined) throw new Error(`No cell of ${policy} in the summary`)
  return found
}

/** `scenario selector policy: status`, one for each cell; a failed one with its reason. */
export function statuses(summary: Summary): string[] {
  return summary.cells.map(({ scenario, selector, policy, status, reason }) =>
    `${scenario} ${selector} ${policy}: ${status} ${reason ?? ''}`.trimEnd(),
  )
}

export function recordsText(directory: string): string {
  return readFileSync(join(directory, 'records.jsonl'), 'utf8')
}

/** Every line that is whole. */
export function readLines(directory: string): { header: RunHeader; rounds: RoundRecord[] } {
  const [header, ...rounds] = recordsText(directory).split('\n').slice(0, -1)
  return {
    header: JSON.parse(header!) as RunHeader,
    rounds: rounds.map((line) => roundSchema.parse(JSON.parse(line))),
  }
}
