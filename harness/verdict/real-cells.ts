/** The verdict on cells in real time: what the procedure decided, with the figures and the reason. */
import { type Comparison, cellKey, type Rule } from '../records.ts'
import type { CellVerdict, MetricVerdict, Verdict } from './check-report.ts'
import { estimate, estimateWithInterval, type PairedMetric } from './paired.ts'
import { contaminationText, type ReasonContext, realReason } from './real-reasons.ts'
import {
  type DecidedTest,
  decideReal,
  type RealCell,
  type RealPair,
  type RealSettings,
  suspectPairs,
} from './real-tests.ts'
import { byName } from './summary.ts'

export interface RealVerdicts {
  readonly cells: ReadonlyMap<Comparison['pairs'][number], CellVerdict>
  /** Pairs that look worse, in their order, and are (or are to be) looked at again. */
  readonly suspects: readonly RealPair[]
  /** How many tests Holm's procedure went over. */
  readonly family: number
  readonly contaminated?: string
}

export function judgeReal(pairs: readonly RealPair[], settings: RealSettings): RealVerdicts {
  const decisions = decideReal(pairs, settings)
  const contaminated = decisions.moved && contaminationText(decisions.moved)
  const context = { alpha: settings.alpha, contaminated: contaminated !== undefined }
  const verdicts = decisions.cells.map((cell) => {
    const tests = decisions.tests.filter((test) => test.cell === cell)
    return [cell.measured.pair, cellVerdict(cell, tests, context)] as const
  })
  return {
    cells: new Map(verdicts),
    suspects: suspectPairs(decisions),
    family: decisions.family,
    ...(contaminated === undefined ? {} : { contaminated }),
  }
}

const FROM_WORST: readonly Verdict[] = ['failed', 'regression', 'inconclusive', 'improvement', 'pass']

/** The verdict of several: that of the worst. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return FROM_WORST.find((verdict) => verdicts.includes(verdict)) ?? 'pass'
}

function cellVerdict(cell: RealCell, tests: readonly DecidedTest[], context: ReasonContext): CellVerdict {
  const { old, new: now } = cell.measured.pair
  const shared = {
    cell: now,
    ...(cellKey(old) === cellKey(now) ? {} : { oldCell: old }),
    control: cell.isControl,
    rounds: cell.rounds,
  }
  if (cell.trouble !== undefined) return { ...shared, verdict: 'failed', reason: cell.trouble, metrics: [] }
  const judged = tests.map((test) => ({ test, said: metricVerdict(test) }))
  const gated = judged.filter(({ said }) => said.level === 'error')
  const verdicts = gated.map(({ said }) => said.verdict)
  // What a rule asks for and not every round measured has not been passed.
  const verdict = worstOf(cell.missing.length === 0 ? verdicts : [...verdicts, 'inconclusive'])
  return {
    ...shared,
    verdict,
    reason: realReason(verdict, gated, cell, context),
    metrics: [...judged.map(({ said }) => said).sort(byLevelAndName), ...cell.reported.map(onlyReported)],
  }
}

const LEVELS: readonly Rule['level'][] = ['error', 'warn', 'off']

function byLevelAndName(a: MetricVerdict, b: MetricVerdict): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || byName(a.metric, b.metric)
}

/** Fresh rounds give the figures where there are some: those that made it suspect are likely to exaggerate. */
function metricVerdict({ metric, rule, threshold, seed, decision, freshMetric }: DecidedTest): MetricVerdict {
  const { verdict, p, adjustedP, confirmed, detectable, suspect, improved } = decision
  const shown = (confirmed === undefined ? undefined : freshMetric()) ?? metric
  const isNoisy = verdict === 'inconclusive' && !suspect && !improved
  const moreRounds = isNoisy ? decision.moreRounds : undefined
  return {
    ...namesOf(metric),
    level: rule.level,
    verdict,
    ...estimateWithInterval(shown, seed),
    p,
    adjustedP,
    threshold,
    ...(confirmed === undefined ? {} : { confirmed }),
    ...(Number.isFinite(detectable) ? { detectable } : {}),
    ...(moreRounds === undefined ? {} : { moreRounds }),
  }
}

/** Without a test, and without an interval. */
function onlyReported(metric: PairedMetric): MetricVerdict {
  return { ...namesOf(metric), level: 'off', verdict: 'pass', ...estimate(metric) }
}

function namesOf({ name, unit, better }: PairedMetric): Pick<MetricVerdict, 'metric' | 'unit' | 'better'> {
  return { metric: name, unit, better }
}
