/** Why a cell in real time is called what it is called: in a sentence. */
import { formatInterval, formatShare } from '../format.ts'
import type { MetricVerdict, Verdict } from './check-report.ts'
import { type DecidedTest, type RealCell, type RealTest, troubleOf } from './real-tests.ts'
import { hodgesLehmann } from './statistics/hodges-lehmann.ts'

/** A test, and what is said of it. */
export interface JudgedTest {
  readonly test: DecidedTest
  readonly said: MetricVerdict
}

/** What holds for all cells. */
export interface ReasonContext {
  readonly alpha: number
  /** The control moved. */
  readonly contaminated: boolean
}

/** Of the metric that is furthest off among those that make the cell's verdict. */
export function realReason(
  verdict: Verdict,
  gated: readonly JudgedTest[],
  { missing }: RealCell,
  context: ReasonContext,
): string {
  if (verdict === 'pass') return passReason(gated, context.alpha)
  const told = gated.filter(({ said }) => said.verdict === verdict).sort(bySeverity)[0]
  if (told === undefined)
    return `${missing.join(', ')} cannot be judged: not all rounds of both sides have it`
  if (verdict === 'regression') return regressionReason(told.said)
  if (verdict === 'improvement') return `${change(told.said)}${interval(told.said)}`
  return inconclusiveReason(told, context)
}

/** What the control did, the same code on both sides. */
export function contaminationText({ cell, metric, differences }: RealTest): string {
  const { policy, scenario } = cell.measured.pair.new
  const moved = formatShare(Math.abs(Math.expm1(hodgesLehmann(differences))))
  return `The control cell (${policy} on ${scenario}), which is the same code on both sides, moved by ${moved} in ${metric.name}: the machine changed meanwhile`
}

/** Suspects first, then by how much worse. */
function bySeverity(a: JudgedTest, b: JudgedTest): number {
  const rank = ({ decision: { suspect, improved } }: DecidedTest) => (suspect ? 2 : improved ? 1 : 0)
  return rank(b.test) - rank(a.test) || Math.abs(b.said.worse ?? 0) - Math.abs(a.said.worse ?? 0)
}

function passReason(gated: readonly JudgedTest[], alpha: number): string {
  if (gated.length === 0) return 'no metric of this cell is to be judged: they are reported only'
  const allowed = gated.find(({ test }) => test.decision.adjustedP < alpha)?.said
  const seen = gated.map(({ said }) => `${formatShare(said.detectable!)} in ${said.metric}`).join(' and ')
  return allowed === undefined
    ? `nothing is worse; ${seen} would have been seen`
    : `${change(allowed)}${interval(allowed)}, and the threshold of ${formatShare(allowed.threshold!)} allows that`
}

function regressionReason(said: MetricVerdict): string {
  const threshold = `the threshold of ${formatShare(said.threshold!)}`
  const beyond = said.worse! >= said.threshold! ? `beyond ${threshold}` : `and perhaps beyond ${threshold}`
  return `${change(said)}${interval(said)}, ${beyond}${said.confirmed ? ', and fresh rounds said so again' : ''}`
}

function inconclusiveReason({ test, said }: JudgedTest, { contaminated }: ReasonContext): string {
  const { decision, cell, differences, metric } = test
  if (differences.length === 0) return `${metric.name} cannot be judged: ${whyUntestable(test)}`
  if (!decision.suspect && !decision.improved) return noiseReason(said)
  if (cell.isControl) return `${change(said)}, and is the same code on both sides`
  if (said.confirmed === false) return `${metric.name} looked worse, and fresh rounds did not say so again`
  if (contaminated) return `${change(said)}, but the control cell moved as well`
  const { freshOld, freshNew } = cell.measured
  const trouble = troubleOf(freshOld, freshNew)
  const again = trouble === undefined ? 'was not looked at again' : `could not be looked at again: ${trouble}`
  return `${change(said)}, and ${again}`
}

function whyUntestable({ metric: { better } }: RealTest): string {
  if (better === 'neither') return 'neither more nor less of it is better'
  return 'a ratio needs values above zero, and not all rounds have one'
}

function noiseReason({ metric, detectable, moreRounds }: MetricVerdict): string {
  const more = moreRounds === undefined ? '' : `: ${moreRounds} more rounds would settle it`
  const seen =
    detectable === undefined
      ? `so few rounds cannot tell anything of ${metric}`
      : `only a slowdown of ${formatShare(detectable)} or more in ${metric} would have been seen`
  return `too noisy: ${seen}${more}`
}

function change({ metric, worse = 0 }: MetricVerdict): string {
  return `${metric} is ${formatShare(Math.abs(worse))} ${worse < 0 ? 'better' : 'worse'}`
}

function interval({ low, high }: MetricVerdict): string {
  const text = formatInterval(low, high)
  return text === '' ? '' : ` (95 % interval ${text})`
}
