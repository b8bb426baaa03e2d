/** A baseline: the raw values of a run, committed beside the code, for later runs to be held against. Pure. */
import { z } from 'zod'
import type { MetricValue } from '../contracts.ts'
import {
  type Cell,
  cellSchema,
  type Environment,
  environmentSchema,
  headerSchema,
  type RoundRecord,
  type RunRecords,
  roundSchema,
  roundStatus,
} from '../records.ts'
import { roundMetrics } from './roundmetrics.ts'
import { byName, roundsByCell } from './summary.ts'

export const BASELINE_SCHEMA = 1

/** Beyond this, digits of a figure in real time are noise: they would make each diff and file larger for nothing. */
const REAL_DIGITS = 7

const definitions = z.record(
  z.string(),
  z.strictObject({
    unit: z.enum(['ns', 'ops/s', 'bytes', 'count', 'ratio']),
    better: z.enum(['lower', 'higher', 'neither']),
  }),
)

const baselineRound = z.strictObject({
  round: z.int().min(0),
  seed: z.number(),
  status: roundStatus,
  /** Why it did not end well. */
  reason: z.string().optional(),
  /** Virtual time only, as in the records. */
  digest: z.string().optional(),
  checkpoints: z.string().optional(),
  findings: roundSchema.shape.findings.optional(),
  /** Exact in virtual time, seven significant digits in real time. */
  metrics: z.record(z.string(), z.number()),
})

const baselineCell = z.strictObject({
  cell: cellSchema.strict(),
  /** It watches the machine: what a check of it finds is not the code's doing. */
  control: z.literal(true).optional(),
  /** Of metrics that another cell has under the same name with another meaning. */
  metrics: definitions.optional(),
  rounds: z.array(baselineRound).min(1, 'expected at least one round'),
})

const names = z.array(z.string())

export const baselineSchema = z.strictObject({
  schema: z.literal(BASELINE_SCHEMA),
  /** ISO 8601. */
  createdAt: z.string(),
  command: z.string().optional(),
  /** Of the repository it was made in. */
  commit: z.string().optional(),
  environment: z.strictObject(environmentSchema.shape),
  /** What has to be asked for to run it again. Names, paths and settings as they were given. */
  run: z.strictObject({
    policies: names.min(1),
    scenarios: names.min(1),
    selectors: names,
    /** Empty: real where the scenario has it, else virtual. */
    times: z.array(z.enum(['real', 'virtual'])),
    settings: names,
    seed: z.number(),
    rounds: z.int().min(1),
    /** Rounds of a cell in virtual time, where that is another number. */
    virtualRounds: z.int().min(1).optional(),
    /** Absent: the default. */
    world: headerSchema.shape.world,
    worldText: z.string().optional(),
    /** How long a round warmed up and measured, where the scenario leaves that open, ms. */
    warmupMs: z.number().optional(),
    windowMs: z.number().optional(),
  }),
  /** Every metric that has a value below, once. */
  metrics: definitions,
  cells: z.array(baselineCell).min(1, 'expected at least one cell'),
})

export type Baseline = z.infer<typeof baselineSchema>
type Definitions = z.infer<typeof definitions>
type BaselineCell = z.infer<typeof baselineCell>
type BaselineRound = z.infer<typeof baselineRound>

/** What records do not tell of the run that they are of. */
export interface BaselineOrigin {
  readonly commit?: string
  readonly policies: readonly string[]
  readonly scenarios: readonly string[]
  readonly selectors: readonly string[]
  readonly times: readonly ('real' | 'virtual')[]
  readonly settings: readonly string[]
}

/** The baseline of a run; of a comparison, that of its new side. Throws RangeError for a metric that is no number. */
export function baselineOf({ header, rounds }: RunRecords, origin: BaselineOrigin): Baseline {
  const { environment, startedAt, seed, world, worldText } = header
  const { commit, policies, scenarios, selectors, times, settings } = origin
  const { virtualRounds, warmupMs, windowMs } = header.comparison ?? {}
  const own = rounds.filter((round) => round.arm !== 'old' && round.stage === undefined)
  const metrics: Definitions = {}
  const cellsOf = (some: readonly RoundRecord[]) =>
    Object.values(sorted(Object.fromEntries(roundsByCell(some)))).map((each) => cellOf(each, metrics))
  const cells = [
    ...cellsOf(own.filter(({ control }) => control === undefined)),
    ...cellsOf(own.filter(({ control }) => control !== undefined)),
  ]
  return withoutAbsent({
    schema: BASELINE_SCHEMA,
    createdAt: startedAt,
    command: header.command,
    commit,
    environment,
    run: withoutAbsent({
      policies: [...policies],
      scenarios: [...scenarios],
      selectors: [...selectors],
      times: [...times],
      settings: [...settings],
      seed,
      rounds: header.rounds,
      virtualRounds,
      world,
      worldText,
      warmupMs,
      windowMs,
    }),
    metrics: sorted(metrics),
    cells,
  })
}

/** Adds what is new to `known`; what is known there as something else stays with the cell. */
function cellOf(rounds: readonly RoundRecord[], known: Definitions): BaselineCell {
  const { cell, control } = rounds[0]!
  const foreign: Definitions = {}
  const kept = rounds.map((round) => {
    const metrics = round.status === 'ok' ? roundMetrics(round) : {}
    for (const [name, { unit, better }] of Object.entries(metrics)) {
      known[name] ??= { unit, better }
      if (known[name].unit !== unit || known[name].better !== better) foreign[name] ??= { unit, better }
    }
    return keptRound(round, metrics)
  })
  return withoutAbsent({
    cell,
    control: control === undefined ? undefined : true,
    metrics: Object.keys(foreign).length > 0 ? sorted(foreign) : undefined,
    rounds: kept,
  })
}

function keptRound(record: RoundRecord, metrics: Record<string, MetricValue>): BaselineRound {
  const { cell, round, seed, status, reason, digest, checkpoints, findings } = record
  const values = Object.entries(metrics).map(([name, { value }]) => {
    if (!Number.isFinite(value)) throw new RangeError(`${labelOf(cell)}: metric '${name}' is ${value}`)
    return [name, cell.time === 'virtual' ? value : Number(value.toPrecision(REAL_DIGITS))] as const
  })
  const found = cell.time === 'virtual' && findings.length > 0 ? [...findings] : undefined
  const kept = { round, seed, status, reason, digest, checkpoints, findings: found }
  return withoutAbsent({ ...kept, metrics: sorted(Object.fromEntries(values)) })
}

/** `pipeline · fifo · epoll · real time`: how messages name a cell. */
export function labelOf({ scenario, policy, selector, time }: Cell): string {
  return `${scenario} · ${policy} · ${selector} · ${time} time`
}

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => byName(a, b)))
}

/** The rounds of a baseline as records, the old side of a comparison. Histograms, tables and times are gone. */
export function roundsOf(baseline: Baseline): RoundRecord[] {
  return baseline.cells.flatMap(({ cell, control, metrics: own = {}, rounds }) =>
    rounds.map((round) => ({
      kind: 'round' as const,
      cell,
      arm: 'old' as const,
      ...(control && { control: 1 }),
      tookNs: 0,
      histograms: {},
      findings: [],
      tables: [],
      series: [],
      timelines: [],
      ...round,
      metrics: Object.fromEntries(
        Object.entries(round.metrics).map(([name, value]) => [
          name,
          { value, ...(own[name] ?? baseline.metrics[name])! },
        ]),
      ),
    })),
  )
}

/**
 * Why figures in real time of two machines must not be compared, a phrase each; empty where they may. `there` is the
 * machine of `a`, `here` that of `b`. A kernel counts by its first two numbers: patches come weekly and seldom touch the
 * cost of system calls. Memory counts when it differs by a tenth: what a kernel keeps for itself varies. The load of
 * the moment and the version of loopdyno are no property of a machine.
 */
export function environmentDifferences(a: Environment, b: Environment): string[] {
  const compared: [unknown, unknown, string, string][] = [
    [a.node, b.node, `Node ${a.node}`, b.node],
    [a.platform, b.platform, `platform ${a.platform}`, b.platform],
    [a.arch, b.arch, `architecture ${a.arch}`, b.arch],
    [a.cpu, b.cpu, `processor ${a.cpu}`, b.cpu],
    [a.cores, b.cores, a.cores === 1 ? '1 core' : `${a.cores} cores`, String(b.cores)],
    [seriesOf(a.kernel), seriesOf(b.kernel), `kernel ${a.kernel}`, b.kernel],
  ]
  const differences = compared
    .filter(([theirs, ours]) => theirs !== ours)
    .map(([, , there, here]) => `${there} there, ${here} here`)
  if (Math.abs(a.memoryBytes - b.memoryBytes) <= Math.max(a.memoryBytes, b.memoryBytes) / 10)
    return differences
  return [...differences, `${gibibytes(a)} of memory there, ${gibibytes(b)} here`]
}

/** `6.18` of `6.18.44-generic`. */
function seriesOf(kernel: string): string {
  return /^\d+\.\d+/.exec(kernel)?.[0] ?? kernel
}

function gibibytes({ memoryBytes }: Environment): string {
  return `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`
}
