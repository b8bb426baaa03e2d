/**
 * What a machine makes of checks: from pairs of rounds whose both sides ran the same code, how often a check raises a
 * false alarm here, how small a slowdown each cell would show, and how many rounds would show a smaller one. Pure.
 */
import {
  type Cell,
  type Comparison,
  cellKey,
  type Environment,
  type Rule,
  type RunRecords,
} from '../records.ts'
import { judge } from './judge.ts'
import { firstLevel, ownMargin } from './procedure.ts'
import {
  type DecidedTest,
  decideReal,
  type RealCell,
  type RealDecisions,
  type RealPair,
} from './real-tests.ts'
import { type PooledCell, type Resampled, resampleChecks } from './resampling.ts'
import { roundMetrics } from './roundmetrics.ts'
import { ruleFor } from './rules.ts'
import { hodgesLehmann } from './statistics/hodges-lehmann.ts'
import { detectableEffect, roundsFor } from './statistics/power.ts'

export const CALIBRATION_SCHEMA = 1

/** With this chance a slowdown of the size that is called detectable is found by the first rounds. */
const POWER = 0.8
/** Nobody waits for more. */
const MOST_ROUNDS = 500
/**
 * With how much certainty a slowdown of the threshold's very size can be found. The interval has to reach up to it,
 * in both stages, and one in twenty ends below what it is an interval of, however many rounds there are.
 */
const MOST_AT_THRESHOLD = 0.9

/** A slowdown that is to be found, as a share, and with which chance. */
export interface Aim {
  readonly effect: number
  readonly power: number
}

/** How the checks are made that it is about. */
export interface CalibrationOptions extends Pick<Comparison, 'rules' | 'alpha' | 'margin' | 'confirm'> {
  readonly rounds: number
  /** How many are simulated. */
  readonly checks: number
  readonly seed: number
  readonly aim?: Aim
}

export interface CalibratedMetric {
  readonly metric: string
  /** From how much worse on a check fails, as a share. */
  readonly threshold: number
  /** Standard deviation of ln(new / old) over the pairs: .02 is about 2 %. Absent where it cannot be told. */
  readonly spread?: number
  /** By how much the new side seems worse, as a share: of the same code, so it should be nothing. */
  readonly centre?: number
  /** Judged by all pairs, one side is worse than the other, which is the same code: something here favours a side. */
  readonly uneven: boolean
  /** The smallest slowdown, as a share, that a check finds in four of five cases. Absent: none, with so few rounds. */
  readonly detectable?: number
  /** The rounds in which it finds one of the threshold's size as often. Absent: more than anybody waits for. */
  readonly rounds?: number
}

export interface CalibratedCell {
  readonly cell: Cell
  /** Pairs of rounds that were measured. */
  readonly pairs: number
  /** Why there is nothing to tell. */
  readonly trouble?: string
  /** Wall time of a pair, ns; real time only. */
  readonly pairNs?: number
  /** Those that decide; in virtual time there is nothing to tell of them. */
  readonly metrics: readonly CalibratedMetric[]
}

/** Of a check in real time. */
export interface Duration {
  /** With the rehearsal and the control. */
  readonly ns: number
  /** What it takes on top to look again at the cell that takes longest. */
  readonly againNs: number
}

export interface Plan extends Aim, Partial<Duration> {
  /** Absent: no number of rounds that anybody would wait for. */
  readonly rounds?: number
  /** Metrics in which so small a slowdown is allowed: their threshold has to come down to it. */
  readonly lowered: readonly string[]
  /** What needs most rounds, or more than there can be. */
  readonly decisive?: { readonly cell: Cell; readonly metric: string }
  /** A slowdown of the threshold's very size is asked for, with more certainty than can be. */
  readonly atThreshold: readonly string[]
}

export interface Calibration {
  readonly schema: typeof CALIBRATION_SCHEMA
  readonly environment: Environment
  /** Pairs that were to be measured of each cell. */
  readonly pairs: number
  /** Rounds of the checks that it is about. */
  readonly rounds: number
  readonly cells: readonly CalibratedCell[]
  readonly controls: readonly CalibratedCell[]
  /** How many tests Holm's procedure goes over. */
  readonly family: number
  /** The control that moved while this was measured. */
  readonly moved?: { readonly cell: Cell; readonly metric: string }
  /** Absent: nothing in real time decides. */
  readonly checks?: Resampled
  readonly duration?: Duration
  readonly plan?: Plan
  readonly notes: readonly string[]
}

/** Both sides of a calibration are called so, and those of no comparison. */
export const BOTH_SIDES = 'the working tree'

/** Whether the records are those of a calibration. */
export function isCalibration({ header: { comparison } }: Pick<RunRecords, 'header'>): boolean {
  return comparison?.old.label === BOTH_SIDES && comparison.new.label === BOTH_SIDES
}

/** Throws where the records are not those of a comparison. */
export function calibrate(records: RunRecords, options: CalibrationOptions): Calibration {
  const { header } = records
  const decisions = decideReal(realPairs(records), { ...options, confirm: false, seed: options.seed })
  const timeOf = pairTimes(header.comparison!.rules)
  const gated = decisions.tests.filter(({ rule, cell }) => rule.level === 'error' && !cell.isControl)
  const judging = { ...options, family: gated.length }
  const real = (cell: RealCell) => realCell(cell, decisions, timeOf, judging)
  const { moved } = decisions
  const virtual = virtualCells(records)
  const duration = durationOf(decisions.cells, timeOf)
  return {
    schema: CALIBRATION_SCHEMA,
    environment: header.environment,
    pairs: header.rounds,
    rounds: options.rounds,
    cells: [...decisions.cells.filter(({ isControl }) => !isControl).map(real), ...virtual],
    controls: decisions.cells.filter(({ isControl }) => isControl).map(real),
    family: gated.length,
    ...(moved && { moved: { cell: moved.cell.measured.pair.new, metric: moved.metric.name } }),
    ...(gated.length > 0 && {
      checks: resampled(decisions, options),
      duration: duration(options.rounds),
      ...(options.aim && { plan: planOf(gated, options.aim, judging, duration) }),
    }),
    notes: header.notes ?? [],
  }
}

/** The pairs of cells in real time, with their rounds. */
function realPairs({ header, rounds }: RunRecords): RealPair[] {
  const { pairs } = header.comparison!
  return pairs
    .filter((pair) => pair.new.time === 'real')
    .map((pair) => {
      const of = (arm: 'old' | 'new') =>
        rounds.filter(
          (round) =>
            round.arm === arm &&
            round.stage === undefined &&
            round.control === pair.control &&
            cellKey(round.cell) === cellKey(pair[arm]),
        )
      return { pair, old: of('old'), new: of('new'), freshOld: [], freshNew: [] }
    })
}

/** The same code must give the same events: any difference is a fault. */
function virtualCells({ header, rounds }: RunRecords): CalibratedCell[] {
  const comparison = header.comparison!
  const pairs = comparison.pairs.filter((pair) => pair.new.time === 'virtual')
  if (pairs.length === 0) return []
  const report = judge({ header: { ...header, comparison: { ...comparison, pairs, exact: true } }, rounds })
  return report.cells.map(({ cell, verdict, reason, rounds: pairsRun }) => ({
    cell,
    pairs: pairsRun,
    ...(verdict === 'pass' ? {} : { trouble: reason }),
    metrics: [],
  }))
}

type PairTime = (cell: RealCell) => number

/** The mean wall time of a pair: both sides at once, or one after the other. */
function pairTimes(rules: readonly Rule[]): PairTime {
  return ({ measured: { old, new: now } }) => {
    if (now.length === 0) return 0
    const names = Object.keys(roundMetrics(now[0]!))
    const apart = names.some((name) => {
      const rule = ruleFor(rules, name, 'real')
      return rule !== undefined && rule.level !== 'off' && rule.pairs === 'apart'
    })
    const before = new Map(old.map(({ round, tookNs }) => [round, tookNs]))
    const times = now.map(({ round, tookNs }) => {
      const other = before.get(round) ?? 0
      return apart ? tookNs + other : Math.max(tookNs, other)
    })
    return times.reduce((sum, ns) => sum + ns, 0) / times.length
  }
}

/** One round more than those that count: the rehearsal. */
function durationOf(cells: readonly RealCell[], timeOf: PairTime): (rounds: number) => Duration {
  const times = cells.map(timeOf)
  const changing = cells.filter(({ isControl }) => !isControl).map(timeOf)
  return (rounds) => ({
    ns: (rounds + 1) * times.reduce((sum, ns) => sum + ns, 0),
    againNs: (rounds + 1) * Math.max(0, ...changing),
  })
}

type Judging = Pick<CalibrationOptions, 'alpha' | 'margin' | 'rounds' | 'confirm'> & {
  /** How many tests Holm's procedure goes over. */
  readonly family: number
}

function realCell(
  cell: RealCell,
  { tests }: RealDecisions,
  timeOf: PairTime,
  judging: Judging,
): CalibratedCell {
  const own = tests.filter((test) => test.cell === cell && test.rule.level === 'error')
  const { missing } = cell
  const gap = missing.length === 0 ? undefined : `Some rounds did not measure ${missing.join(', ')}`
  const trouble = cell.trouble ?? gap
  return {
    cell: cell.measured.pair.new,
    pairs: cell.rounds,
    ...(trouble === undefined ? {} : { trouble }),
    pairNs: timeOf(cell),
    metrics: own.map((test) => calibratedMetric(test, judging)),
  }
}

function calibratedMetric(
  { metric: { name, differences }, threshold, seed, decision }: DecidedTest,
  { rounds, family, ...judging }: Judging,
): CalibratedMetric {
  const uneven = decision.suspect || decision.improved
  if (differences.length < 2) return { metric: name, threshold, uneven }
  const margin = ownMargin({ threshold }, judging)
  const options = { margin, alpha: firstLevel(family, judging), power: POWER, seed }
  const detectable = detectableEffect(differences, { ...options, rounds })
  const needed = roundsFor(differences, { ...options, effect: Math.log1p(threshold), atMost: MOST_ROUNDS })
  return {
    metric: name,
    threshold,
    spread: deviation(differences),
    centre: Math.expm1(hodgesLehmann(differences)),
    uneven,
    ...(Number.isFinite(detectable) ? { detectable: Math.expm1(detectable) } : {}),
    ...(needed === undefined ? {} : { rounds: needed }),
  }
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}

function resampled({ cells, tests }: RealDecisions, options: CalibrationOptions): Resampled {
  const pooled = (cell: RealCell): PooledCell => ({
    metrics: tests
      .filter((test) => test.cell === cell && test.rule.level === 'error')
      .map(({ metric: { name, differences }, threshold }) => ({ name, threshold, differences })),
  })
  const pools = (isControl: boolean) =>
    cells
      .filter((cell) => cell.isControl === isControl)
      .map(pooled)
      .filter(({ metrics }) => metrics.length > 0)
  const { rounds, checks, alpha, margin, confirm, seed } = options
  const how = { rounds, checks, alpha, margin, confirm, seed }
  return resampleChecks({ cells: pools(false), controls: pools(true), ...how })
}

/** A slowdown in any one metric of any one cell is to be found with that chance, whichever it is. */
function planOf(
  gated: readonly DecidedTest[],
  aim: Aim,
  { family, ...judging }: Judging,
  durationIn: (rounds: number) => Duration,
): Plan {
  const { effect, power } = aim
  const alpha = firstLevel(family, judging)
  const needed = gated.map(({ metric, threshold, seed }) => {
    const options = {
      margin: ownMargin({ threshold: Math.min(threshold, effect) }, judging),
      alpha,
      power,
      seed,
    }
    const known = metric.differences.length >= 2
    const found =
      known && roundsFor(metric.differences, { ...options, effect: Math.log1p(effect), atMost: MOST_ROUNDS })
    return found || Infinity
  })
  const most = Math.max(...needed)
  const { cell, metric } = gated[needed.indexOf(most)]!
  const atThreshold =
    power > MOST_AT_THRESHOLD ? namesOf(gated.filter(({ threshold }) => threshold >= effect)) : []
  const rounds = Number.isFinite(most) && atThreshold.length === 0 ? most : undefined
  return {
    ...aim,
    ...(rounds === undefined ? {} : { rounds, ...durationIn(rounds) }),
    lowered: namesOf(gated.filter(({ threshold }) => threshold > effect)),
    decisive: { cell: cell.measured.pair.new, metric: metric.name },
    atThreshold,
  }
}

function namesOf(tests: readonly DecidedTest[]): string[] {
  return [...new Set(tests.map(({ metric }) => metric.name))]
}
