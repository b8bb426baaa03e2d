/**
 * The record's schema: what one round gave. `records.jsonl` holds one header line and then a line a round;
 * every statistic, chart and verdict is rebuilt from it alone.
 */
import { z } from 'zod'
import type { WorldModel } from './world/model.ts'

export const RECORD_SCHEMA = 1

const unit = z.enum(['ns', 'ops/s', 'bytes', 'count', 'ratio'])
const better = z.enum(['lower', 'higher', 'neither'])
/** JSON has no NaN and no Infinity; a metric that is not a number is a bug where it was made. */
const metric = z.object({ value: z.number(), unit, better })

const finding = z.object({
  kind: z.string(),
  message: z.string(),
  fatal: z.boolean().optional(),
  times: z.number().int().positive().optional(),
})

const table = z.object({
  title: z.string(),
  columns: z.array(z.object({ name: z.string(), unit: unit.optional() })).readonly(),
  rows: z.array(z.array(z.union([z.string(), z.number()])).readonly()).readonly(),
})

const series = z.object({
  title: z.string(),
  unit,
  stepNs: z.number(),
  lines: z.record(z.string(), z.array(z.number()).readonly()),
})

const span = z.object({ kind: z.enum(['running', 'waiting']), startNs: z.number(), endNs: z.number() })

const timeline = z.object({
  title: z.string(),
  blocks: z
    .array(
      z.object({
        name: z.string(),
        lanes: z.array(z.object({ name: z.string(), spans: z.array(span).readonly() })).readonly(),
      }),
    )
    .readonly(),
})

/** One policy × selector × scenario × params × time. */
export const cellSchema = z.object({
  /** As given on the command line: the label in tables and charts. */
  policy: z.string(),
  selector: z.string(),
  time: z.enum(['real', 'virtual']),
  scenario: z.string(),
  params: z.record(z.string(), z.unknown()),
})

export const environmentSchema = z.object({
  loopdyno: z.string(),
  node: z.string(),
  platform: z.string(),
  arch: z.string(),
  kernel: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  loadAverage: z.number(),
})

export const roundStatus = z.enum(['ok', 'failed', 'timeout', 'unsupported', 'unavailable'])

export const headerSchema = z.object({
  kind: z.literal('run'),
  schema: z.literal(RECORD_SCHEMA),
  startedAt: z.string(),
  seed: z.number(),
  rounds: z.number().int(),
  environment: environmentSchema,
  /** The command line that made it, to be run again. */
  command: z.string().optional(),
  /** The selectors that were asked for; a policy may have chosen another. */
  selectors: z.array(z.string()).optional(),
  cells: z.array(cellSchema),
  /** What the worlds of virtual cells were like; absent: the default. */
  world: z.custom<WorldModel>((value) => typeof value === 'object' && value !== null).optional(),
  /** The same as it was asked for: `latency=200us dispatchNs=175`. */
  worldText: z.string().optional(),
  /** Virtual cells were charged what the real ones cost, to compare them. */
  fidelity: z.boolean().optional(),
  /** Colour and order of policies in every chart. */
  policies: z.array(z.string()),
})

export const roundSchema = z.object({
  kind: z.literal('round'),
  cell: cellSchema,
  round: z.number().int(),
  seed: z.number(),
  status: roundStatus,
  reason: z.string().optional(),
  /** Wall time of the whole round, ns. */
  tookNs: z.number(),
  /** HdrHistograms of ns by `QUANTITY[.CLASS]`, compressed, base64. */
  histograms: z.record(z.string(), z.string()),
  /** Exact extremes and sums that a histogram rounds, by the same names. */
  metrics: z.record(z.string(), metric),
  findings: z.array(finding),
  tables: z.array(table),
  series: z.array(series).default([]),
  timelines: z.array(timeline).default([]),
  /** SHA-256 of the virtual run's whole event log. */
  digest: z.string().optional(),
  /** A virtual round that was run again in other processes: how often in all, and whether every run was the same. */
  verification: z.object({ runs: z.number().int().min(2), agree: z.boolean() }).optional(),
})

export type Cell = z.infer<typeof cellSchema>
export type Environment = z.infer<typeof environmentSchema>
export type RunHeader = z.infer<typeof headerSchema>
export type RoundRecord = z.infer<typeof roundSchema>
export type RoundStatus = z.infer<typeof roundStatus>
export type RecordedFinding = z.infer<typeof finding>
export type RecordedTable = z.infer<typeof table>
export type RecordedSeries = z.infer<typeof series>
export type RecordedTimeline = z.infer<typeof timeline>

/** A run as its records tell it. */
export interface RunRecords {
  readonly header: RunHeader
  readonly rounds: readonly RoundRecord[]
}

/** What makes a cell the same cell: the key under which rounds are gathered. */
export function cellKey(cell: Cell): string {
  return JSON.stringify([cell.scenario, cell.time, cell.selector, cell.policy, cell.params])
}
