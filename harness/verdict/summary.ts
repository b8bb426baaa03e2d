/**
 * What a run comes to: `summary.json`, schema 1. Pure: the same records give the same summary, byte by byte,
 * in whatever order the rounds arrived.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { MetricValue } from '../contracts.ts'
import {
  type Cell,
  cellKey,
  cellSchema,
  environmentSchema,
  type RecordedFinding,
  type RoundRecord,
  type RoundStatus,
  type RunRecords,
  roundStatus,
} from '../records.ts'
import { roundMetrics } from './roundmetrics.ts'
import { spreadOf } from './statistics/median.ts'

export const SUMMARY_SCHEMA = 1

const summaryMetric = z.object({
  /** The median of the rounds' values. */
  value: z.number(),
  unit: z.enum(['ns', 'ops/s', 'bytes', 'count', 'ratio']),
  better: z.enum(['lower', 'higher', 'neither']),
  /** The smallest of the rounds' values; absent where one round alone gave it. */
  low: z.number().optional(),
  /** The largest of the rounds' values; absent where one round alone gave it. */
  high: z.number().optional(),
})

const summaryFinding = z.object({
  kind: z.string(),
  message: z.string(),
  fatal: z.boolean().optional(),
  times: z.number().int().positive().optional(),
})

const summaryCell = cellSchema.extend({
  seed: z.number(),
  /** Rounds recorded, ok or not; 0 where the run was cut short. */
  rounds: z.number().int(),
  status: roundStatus,
  reason: z.string().optional(),
  metrics: z.record(z.string(), summaryMetric),
  findings: z.array(summaryFinding),
  digest: z.string().optional(),
})

export const summarySchema = z.object({
  schema: z.literal(SUMMARY_SCHEMA),
  environment: environmentSchema,
  /** What worlds of virtual cells were like, where not by default. */
  world: z.string().optional(),
  cells: z.array(summaryCell),
})

export type Summary = z.infer<typeof summarySchema>
export type SummaryCell = z.infer<typeof summaryCell>
export type SummaryMetric = z.infer<typeof summaryMetric>

/** From least to worst: a cell has the status of its worst round. */
const SEVERITY: readonly RoundStatus[] = ['ok', 'unsupported', 'unavailable', 'timeout', 'failed']

/** The summary of a run, cells in the order of the plan. */
export function summarize(records: RunRecords): Summary {
  const rounds = roundsByCell(records.rounds)
  const { environment, seed, cells, worldText } = records.header
  return {
    schema: SUMMARY_SCHEMA,
    environment,
    ...(worldText === undefined ? {} : { world: worldText }),
    cells: cells.map((cell) => summarizeCell(cell, seed, rounds.get(cellKey(cell)) ?? [])),
  }
}

/** Each cell's rounds in round order. Where a round was run again (`--resume`), its last record counts. */
export function roundsByCell(rounds: readonly RoundRecord[]): Map<string, RoundRecord[]> {
  const latest = new Map<string, Map<number, RoundRecord>>()
  for (const round of rounds) {
    const key = cellKey(round.cell)
    if (!latest.has(key)) latest.set(key, new Map())
    latest.get(key)!.set(round.round, round)
  }
  const inOrder = (byNumber: Map<number, RoundRecord>) =>
    [...byNumber.values()].sort((a, b) => a.round - b.round)
  return new Map([...latest].map(([key, byNumber]) => [key, inOrder(byNumber)]))
}

function summarizeCell(cell: Cell, seed: number, rounds: readonly RoundRecord[]): SummaryCell {
  const { policy, selector, time, scenario, params } = cell
  const digest = digestOf(cell, rounds)
  return {
    policy,
    selector,
    time,
    scenario,
    params,
    seed,
    rounds: rounds.length,
    ...statusOf(rounds),
    metrics: mergeMetrics(rounds.filter((round) => round.status === 'ok').map(roundMetrics)),
    findings: mergeFindings(rounds),
    ...(digest === undefined ? {} : { digest }),
  }
}

function statusOf(rounds: readonly RoundRecord[]): { status: RoundStatus; reason?: string } {
  if (rounds.length === 0)
    return { status: 'failed', reason: 'No round was recorded: finish it with --resume' }
  const severity = Math.max(...rounds.map((round) => SEVERITY.indexOf(round.status)))
  const status = SEVERITY[severity]!
  const reason = status === 'ok' ? undefined : rounds.find((round) => round.status === status)?.reason
  return reason === undefined ? { status } : { status, reason }
}

function mergeMetrics(rounds: readonly Record<string, MetricValue>[]): Record<string, SummaryMetric> {
  const names = new Set(rounds.flatMap((metrics) => Object.keys(metrics)))
  return Object.fromEntries([...names].sort(byName).map((name) => [name, mergeMetric(name, rounds)]))
}

/** `perEvent.400` before `perEvent.1000`; the same on every machine. */
export function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function mergeMetric(name: string, rounds: readonly Record<string, MetricValue>[]): SummaryMetric {
  const given = rounds.map((metrics) => metrics[name]).filter((metric) => metric !== undefined)
  const { unit, better } = given[0]!
  const { value, low, high } = spreadOf(given.map((metric) => metric.value))
  return given.length === 1 ? { value, unit, better } : { value, unit, better, low, high }
}

function mergeFindings(rounds: readonly RoundRecord[]): RecordedFinding[] {
  const merged = new Map<string, { kind: string; message: string; fatal: boolean; times: number }>()
  for (const finding of rounds.flatMap((round) => round.findings)) {
    const key = JSON.stringify([finding.kind, finding.message])
    const known = merged.get(key) ?? { kind: finding.kind, message: finding.message, fatal: false, times: 0 }
    known.fatal ||= finding.fatal === true
    known.times += finding.times ?? 1
    merged.set(key, known)
  }
  return [...merged.values()].map(({ kind, message, fatal, times }) => ({
    kind,
    message,
    ...(fatal ? { fatal } : {}),
    ...(times > 1 ? { times } : {}),
  }))
}

/** One digest for all rounds of a virtual cell; none unless every round has one. */
function digestOf(cell: Cell, rounds: readonly RoundRecord[]): string | undefined {
  if (cell.time !== 'virtual' || rounds.length === 0) return undefined
  const digests = rounds.map((round) => round.digest)
  if (digests.includes(undefined)) return undefined
  return createHash('sha256').update(digests.join('')).digest('hex')
}
