/** What the raw pairs of the study come to: how often checks raise false alarms, and how often they find a slowdown. */
import { z } from 'zod'
import {
  type Counted,
  countedOf,
  type PooledCell,
  type Resampled,
  resampleChecks,
} from '../../../harness/verdict/resampling.ts'
import { DEFAULT_RULES, ruleFor } from '../../../harness/verdict/rules.ts'
import { hodgesLehmann } from '../../../harness/verdict/statistics/hodges-lehmann.ts'

const pairSet = z.object({
  name: z.string(),
  scenario: z.string(),
  settings: z.string(),
  policy: z.string(),
  /** Processes beside it that keep a processor each busy. */
  hogs: z.number().int().min(0),
  /** By which share the new side was slowed down; 0: both sides are the same code. */
  inject: z.number().min(0),
  pairing: z.enum(['together', 'apart']),
  /** How long a process warmed up before its figures counted, and for how long they did, ms. */
  warmupMs: z.number(),
  windowMs: z.number(),
  metrics: z.record(
    z.string(),
    z.object({
      better: z.enum(['lower', 'higher']),
      pairs: z.array(z.tuple([z.number().positive(), z.number().positive()])).min(2),
    }),
  ),
})

const study = z.object({
  made: z.string(),
  environment: z.object({ cpu: z.string(), cores: z.number(), node: z.string(), kernel: z.string() }),
  sets: z.array(pairSet).min(1),
})

export type PairSet = z.infer<typeof pairSet>
export type Study = z.infer<typeof study>

/** Throws where the text is not that of a study. */
export function parseStudy(text: string): Study {
  return study.parse(JSON.parse(text))
}

export interface StudyOptions {
  /** Simulated checks for each figure. */
  readonly checks: number
  readonly seed: number
  /** Cells that get a verdict for each figure, which takes long. Default: 300. */
  readonly judged?: number
}

/** As `check` does unless told otherwise. */
const DEFAULTS = { rounds: 20, alpha: 0.05, margin: 0.03, confirm: true }
/** A default check: four policies on three scenarios. */
const CELLS = 12
const JUDGED = 300
/** What decides in such a check: every cell has both. */
export const COST = ['cpu.perOp', 'throughput']
/** What such a check runs, with its settings. Others with these metrics are harder: bare loops, files, longer requests. */
export const CHECKED: Readonly<Record<string, string>> = {
  'http-server': 'load=0.4,reportUs=1000,durationMs=3000',
  pipeline: 'scale=0.001',
  'user-interface': '',
}

const PLACES = [
  { place: 'without hogs', has: (set: PairSet) => set.hogs === 0 },
  { place: 'beside hogs', has: (set: PairSet) => set.hogs > 0 },
  { place: 'both', has: () => true },
] as const

/** How often something happens in checks of so many cells. */
interface Figure {
  readonly place: string
  readonly cells: number
  readonly counted: Counted
  readonly inconclusive: Counted
}

export interface AlarmFigure extends Figure {
  /** Which cells, or the metric that alone decides. */
  readonly what: string
  /** Real pairs that the checks are drawn from. */
  readonly pairs: number
}

export interface PowerFigure extends Figure {
  /** By which share the new side of one cell was slowed down; absent: its pairs were moved to where it is `worse`. */
  readonly inject?: number
  readonly metric: string
  /** How much worse the metric really was, as a share: the estimate from all pairs. */
  readonly worse: number
}

/** Of each metric by itself, in a check of one cell and of many, and of the metrics of a default check together. */
export function falseAlarms({ sets }: Study, options: StudyOptions): AlarmFigure[] {
  const same = sets.filter(({ inject }) => inject === 0)
  const names = [...new Set(same.flatMap(({ metrics }) => Object.keys(metrics)))]
  const kinds = [
    ...names.map((name) => ({ what: name, metrics: [name], of: () => true })),
    { what: 'a default check', metrics: COST, of: isChecked },
    { what: 'harder cells', metrics: COST, of: (set: PairSet) => !isChecked(set) },
  ]
  return kinds.flatMap(({ what, metrics, of }) =>
    PLACES.flatMap(({ place, has }) => {
      const measured = same.filter(
        (set) => has(set) && of(set) && metrics.every((name) => name in set.metrics),
      )
      if (measured.length === 0) return []
      const pools = pooled(measured, metrics)
      const pairs = pools.reduce((sum, cell) => sum + cell.metrics[0]!.differences.length, 0)
      const many = resample(take(pools, CELLS), options)
      // One cell alone may be any of them: all have their share of the checks.
      const alone = pools.map((cell, i) => resample([cell], shareOf(options, pools.length, i)))
      const shared = { what, place, pairs }
      return [
        { ...shared, cells: 1, ...summed(alone) },
        { ...shared, cells: CELLS, counted: many.alarms, inconclusive: many.inconclusive },
      ]
    }),
  )
}

/** Of one cell that was slowed down: alone, and as one among those of a default check that were not. */
export function power({ sets }: Study, options: StudyOptions): PowerFigure[] {
  const slowed = sets.filter(({ inject }) => inject > 0)
  return slowed.flatMap((set) => {
    const names = Object.keys(set.metrics)
    const [cell] = pooled([set], names)
    const beside = sets
      .filter(
        ({ inject, hogs, metrics }) =>
          inject === 0 && hogs === set.hogs && names.every((name) => name in metrics),
      )
      .filter(isChecked)
    const others = beside.length === 0 ? [] : take(pooled(beside, names), CELLS - 1)
    const place = set.hogs > 0 ? 'beside hogs' : 'without hogs'
    return (others.length === 0 ? [[]] : [[], others]).flatMap((more) => {
      const { metrics, inconclusive } = resample([cell!, ...more], options)
      const shared = { place, inject: set.inject, cells: 1 + more.length, inconclusive }
      return names.map((metric) => ({
        ...shared,
        metric,
        worse: Math.expm1(hodgesLehmann(differencesOf(set.metrics[metric]!))),
        counted: metrics[metric]!.found!,
      }))
    })
  })
}

function isChecked({ scenario, settings }: PairSet): boolean {
  return CHECKED[scenario] === settings
}

/**
 * The same of a cell of a default check beside hogs whose metric is worse by just so much: the pairs of all that were
 * slowed down, moved there, as nobody knows beforehand which busy-wait comes to it. None where there are no such pairs.
 */
export function powerAt(
  { sets }: Study,
  { metric, worse }: Pick<PowerFigure, 'metric' | 'worse'>,
  options: StudyOptions,
): PowerFigure[] {
  const checked = sets.filter((set) => isChecked(set) && set.hogs > 0)
  const slowed = checked.filter(({ inject }) => inject > 0)
  const [cell] = pooled(slowed, COST)
  if (cell === undefined) return []
  const there: PooledCell = {
    ...cell,
    metrics: cell.metrics.map((each) =>
      each.name === metric ? { ...each, differences: movedTo(Math.log1p(worse), each.differences) } : each,
    ),
  }
  const others = take(
    pooled(
      checked.filter(({ inject }) => inject === 0),
      COST,
    ),
    CELLS - 1,
  )
  return [[], others].map((more) => {
    const { metrics, inconclusive } = resample([there, ...more], options)
    const counted = metrics[metric]!.found!
    return { place: 'beside hogs', cells: 1 + more.length, metric, worse, counted, inconclusive }
  })
}

function movedTo(centre: number, differences: readonly number[]): number[] {
  const middle = hodgesLehmann(differences)
  return differences.map((each) => each - middle + centre)
}

/** A pool for each program: what was measured of it in several places is one. */
function pooled(sets: readonly PairSet[], names: readonly string[]): PooledCell[] {
  const programOf = ({ scenario, settings }: PairSet) => JSON.stringify([scenario, settings])
  const programs = [...new Set(sets.map(programOf))]
  return programs.map((program) => {
    const group = sets.filter((set) => programOf(set) === program)
    const metrics = names.map((name) => ({
      name,
      threshold: ruleFor(DEFAULT_RULES, name, 'real')!.threshold,
      differences: group.flatMap((set) => differencesOf(set.metrics[name]!)),
    }))
    return { metrics, slowed: group[0]!.inject > 0 }
  })
}

function differencesOf({ better, pairs }: PairSet['metrics'][string]): number[] {
  const sign = better === 'higher' ? -1 : 1
  return pairs.map(([old, now]) => sign * Math.log(now / old))
}

/** So many, in turns. */
function take<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[i % items.length]!)
}

function resample(cells: readonly PooledCell[], options: StudyOptions): Resampled {
  return resampleChecks({ ...DEFAULTS, judged: JUDGED, ...options, cells })
}

/** So many share the work. */
function shareOf(
  { checks, seed, judged = JUDGED }: StudyOptions,
  count: number,
  index: number,
): StudyOptions {
  return { checks: Math.ceil(checks / count), judged: Math.ceil(judged / count), seed: seed + index }
}

function summed(all: readonly Resampled[]): Pick<Figure, 'counted' | 'inconclusive'> {
  const sum = (counts: readonly Counted[]) =>
    countedOf(
      counts.reduce((total, { times }) => total + times, 0),
      counts.reduce((total, { of }) => total + of, 0),
    )
  return {
    counted: sum(all.map(({ alarms }) => alarms)),
    inconclusive: sum(all.map(({ inconclusive }) => inconclusive)),
  }
}
