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

export const ruleSchema = z.object({
  /** A metric's name, `*` standing for one or more of its parts: `cpu.perOp`, `latency.*.p99`. */
  metric: z.string(),
  level: z.enum(['off', 'warn', 'error']),
  /** From where on being worse counts, as a share: .05. */
  threshold: z.number().min(0),
  /** Absent: in both. */
  time: z.enum(['real', 'virtual']).optional(),
  /** Whether the two sides of a pair run at once or one after the other (real time): load against isolated latency. */
  pairs: z.enum(['together', 'apart']).optional(),
})

/** One of the two sides that are compared: which code it was. */
const armSchema = z.object({
  /** What people call it: `HEAD~1 (1a2b3c4)`, `the working tree`, `loopdyno.baseline.json`. */
  label: z.string(),
  commit: z.string().optional(),
  /** The plug-in files that were loaded, and what was in them (SHA-256). */
  files: z.array(z.object({ path: z.string(), sha256: z.string() })).default([]),
})

/** What a check compares, and by which rules. */
export const comparisonSchema = z.object({
  old: armSchema,
  new: armSchema,
  pairs: z.array(
    z.object({
      old: cellSchema,
      new: cellSchema,
      /** Both sides run the same code: which shard's machine it watches, from 1. */
      control: z.number().int().positive().optional(),
    }),
  ),
  rules: z.array(ruleSchema).readonly(),
  /** Of the whole family of tests. */
  alpha: z.number(),
  /** A slowdown up to this share is not looked for: .03. */
  margin: z.number(),
  /** In virtual time any difference fails. */
  exact: z.boolean(),
  /** Fresh rounds of cells that look worse, before they are called so. */
  confirm: z.boolean(),
  /** The old side's rounds were there before: fresh ones are of the new side alone. */
  recorded: z.boolean().optional(),
  /** What was added to the new side on purpose, as a share of its processor time. */
  inject: z.number().optional(),
  /** Rounds of a cell in virtual time, each with another seed. */
  virtualRounds: z.number().int(),
  /** How long a round warms up and measures, where the scenario leaves that open, ms. */
  warmupMs: z.number(),
  windowMs: z.number(),
})

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
  /** Two sides were run against one another. */
  comparison: comparisonSchema.optional(),
  /** What else a person should know of it, a sentence each. */
  notes: z.array(z.string()).optional(),
  /** It is a part of a larger run, of which `cells` are some: every `count`-th of `cells` here, from `index` (1 ...) on. */
  shard: z
    .object({ index: z.number().int(), count: z.number().int(), cells: z.array(cellSchema) })
    .optional(),
  /** SHA-256 of what shards must have in common to be merged. */
  plan: z.string().optional(),
})

export const roundSchema = z.object({
  kind: z.literal('round'),
  cell: cellSchema,
  /** Which side of a comparison it is of. */
  arm: z.enum(['old', 'new']).optional(),
  /** A comparison looks again, in fresh rounds, at what seemed worse. */
  stage: z.literal('confirmation').optional(),
  /** Of the pair that runs the same code on both sides: which shard's machine it watches, from 1. */
  control: z.number().int().positive().optional(),
  /** The first event that is not that of the old side; virtual time, where both sides could be run again. */
  divergence: z.string().optional(),
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
  /** Hashes of that log's beginnings, to see where it parts from another: `EVENTS/SPACING:`, four characters a place. */
  checkpoints: z.string().optional(),
  /** A virtual round that was run again in other processes: how often in all, and whether every run was the same. */
  verification: z.object({ runs: z.number().int().min(2), agree: z.boolean() }).optional(),
})

export type Cell = z.infer<typeof cellSchema>
export type Environment = z.infer<typeof environmentSchema>
export type RunHeader = z.infer<typeof headerSchema>
export type RoundRecord = z.infer<typeof roundSchema>
export type Comparison = z.infer<typeof comparisonSchema>
export type Rule = z.infer<typeof ruleSchema>
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

/** Whose rounds it is of: a cell, and in a comparison the side and the stage. */
export function sideKey({
  cell,
  arm,
  stage,
  control,
}: Pick<RoundRecord, 'cell' | 'arm' | 'stage' | 'control'>): string {
  return JSON.stringify([arm, stage, control, cellKey(cell)])
}
