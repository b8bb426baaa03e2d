/** What two runs of a virtual round gave, held against one another: in virtual time nothing may differ. */
import type { Outcome } from './round.ts'

type Figures = Readonly<Record<string, unknown>>

/** The parts of an outcome in the order in which they are compared, as people call them. */
const PARTS = Object.entries({
  status: 'status',
  reason: 'reason',
  metrics: 'metric',
  histograms: 'histogram',
  findings: 'finding',
  tables: 'table',
  series: 'time series',
  timelines: 'timeline',
} satisfies Record<Exclude<keyof Outcome, 'digest' | 'checkpoints'>, string>) as [keyof Outcome, string][]
const LONGEST_SHOWN = 120

/** Whether all is the same, event log included. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  return a.digest === b.digest && PARTS.every(([part]) => JSON.stringify(a[part]) === JSON.stringify(b[part]))
}

/** The first figure that differs, with both values; `undefined` where none does. */
export function firstDifference(a: Outcome, b: Outcome, runs: readonly [string, string]): string | undefined {
  for (const [part, title] of PARTS) {
    if (JSON.stringify(a[part]) === JSON.stringify(b[part])) continue
    const [name, ofA, ofB] = differing(title, a[part], b[part])
    const [textA, textB] = excerpts(textOf(ofA), textOf(ofB))
    return `${name}: ${textA} in the ${runs[0]}, ${textB} in the ${runs[1]}`
  }
  return undefined
}

function differing(title: string, a: unknown, b: unknown): [string, unknown, unknown] {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return [title, a, b]
  const [inA, inB] = [a as Figures, b as Figures]
  const keys = [...new Set([...Object.keys(inA), ...Object.keys(inB)])]
  const key = keys.find((each) => JSON.stringify(inA[each]) !== JSON.stringify(inB[each]))
  if (key === undefined) return [`order of each ${title}`, keys.join(', '), Object.keys(inB).join(', ')]
  const name = Array.isArray(a) ? `${title} ${Number(key) + 1}` : `${title} '${key}'`
  return [name, figureOf(inA[key]), figureOf(inB[key])]
}

/** A metric's number and a finding's message are what a person looks for. */
function figureOf(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item
  const { value, message } = item as Figures
  return value ?? message ?? item
}

function textOf(value: unknown): string {
  if (value === undefined) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Long texts from a little before the place where they part. */
function excerpts(a: string, b: string): [string, string] {
  let same = 0
  while (a[same] !== undefined && a[same] === b[same]) same++
  const from = Math.max(a.length, b.length) <= LONGEST_SHOWN ? 0 : Math.max(0, same - LONGEST_SHOWN / 4)
  return [excerpt(a, from), excerpt(b, from)]
}

function excerpt(text: string, from: number): string {
  const part = text.slice(from, from + LONGEST_SHOWN)
  return `${from > 0 ? '…' : ''}${part}${from + LONGEST_SHOWN < text.length ? '…' : ''}`
}
