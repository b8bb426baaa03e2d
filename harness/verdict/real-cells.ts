/**
 * The verdict on real time: one family of one-sided tests against a margin, corrected by Holm, and fresh rounds for
 * whatever looks worse. How many rounds there are is fixed beforehand; nothing is run until it is significant.
 */
import { formatShare } from '../format.ts'
import { deriveSeed } from '../random.ts'
import { type Comparison, cellKey, type RoundRecord } from '../records.ts'
import type { CellVerdict, MetricVerdict, Verdict } from './check-report.ts'
import {
  betterP,
  type Estimate,
  estimate,
  matched,
  type PairedMetric,
  pairMetrics,
  worseP,
} from './paired.ts'
import { ruleFor } from './rules.ts'
import { holm } from './statistics/holm.ts'
import { detectableEffect, roundsFor } from './statistics/power.ts'

/** With this chance a slowdown of the size that is called detectable is found. */
const POWER = 0.8
/** Nobody waits for more. */
const MOST_ROUNDS = 500
/** A margin as large as the threshold could never be exceeded in time: it keeps this share of a small threshold. */
const MARGIN_OF_THRESHOLD = 0.6

/** What a pair of cells was measured as. */
export interface RealPair {
  readonly pair: Comparison['pairs'][number]
  readonly old: readonly RoundRecord[]
  readonly new: readonly RoundRecord[]
  /** Those of the confirmation. */
  readonly freshOld: readonly RoundRecord[]
  readonly freshNew: readonly RoundRecord[]
}

export interface RealVerdicts {
  readonly cells: ReadonlyMap<Comparison['pairs'][number], CellVerdict>
  /** Pairs that look worse, in their order, and are (or are to be) looked at again. */
  readonly suspects: readonly RealPair[]
  /** How many tests Holm's procedure went over. */
  readonly family: number
  readonly contaminated?: string
}

type Settings = Pick<Comparison, 'rules' | 'alpha' | 'margin' | 'confirm'> & { readonly seed: number }

/** A gated metric and what its first rounds say. */
interface Test {
  readonly owner: RealPair
  readonly metric: PairedMetric
  readonly threshold: number
  readonly margin: number
  readonly seed: number
  readonly p: number
  readonly betterP: number
  readonly figures: Estimate
}

/** What Holm makes of a test. */
interface Adjusted extends Test {
  readonly adjustedP: number
  readonly adjustedBetterP: number
  readonly isSuspect: boolean
}

export function judgeReal(pairs: readonly RealPair[], settings: Settings): RealVerdicts {
  const sound = pairs.filter((each) => troubleOf(each) === undefined)
  const tests = sound.flatMap((each) => testsOf(each, settings))
  const [changed, controls] = split(tests, ({ owner }) => owner.pair.control !== undefined)
  const [warned, gated] = split(changed, ({ metric }) => metric.rule!.level === 'error')
  const contaminated = contaminationOf(controls, settings.alpha)
  const families = [gated, warned, controls].map((family) => adjust(family, settings.alpha))
  const adjusted = families.flat()
  const suspects = sound.filter(
    (each) =>
      each.pair.control === undefined && adjusted.some(({ owner, isSuspect }) => owner === each && isSuspect),
  )
  const family = gated.length
  const context = { settings, family, contaminated, fresh: confirm(families, settings) }
  const cells = new Map(pairs.map((each) => [each.pair, cellVerdict(each, adjusted, context)]))
  return { cells, suspects, family, ...(contaminated === undefined ? {} : { contaminated }) }
}

/** Those that are not so, and those that are. */
function split<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => !is(item)), items.filter(is)]
}

/** Why there is nothing to compare. */
function troubleOf({ old, new: now }: RealPair): string | undefined {
  for (const [rounds, side] of [
    [now, 'new'],
    [old, 'old'],
  ] as const) {
    const broken = rounds.find(({ status }) => status !== 'ok')
    if (broken !== undefined)
      return `The ${side} side broke down (${broken.status}): ${broken.reason ?? 'no reason is known'}`
  }
  if (matched(old, now).length === 0) return 'There is no round that both sides have'
  return undefined
}

function testsOf(owner: RealPair, { rules, margin, seed }: Settings): Test[] {
  const metrics = pairMetrics(owner.old, owner.new, (name) => ruleFor(rules, name, 'real'))
  return metrics.filter(isTested).map((metric) => {
    const { threshold } = metric.rule!
    const ownMargin = Math.log1p(Math.min(margin, threshold * MARGIN_OF_THRESHOLD))
    const ownSeed = deriveSeed(seed, `${cellKey(owner.pair.new)} ${metric.name}`)
    return {
      owner,
      metric,
      threshold,
      margin: ownMargin,
      seed: ownSeed,
      p: worseP(metric, ownMargin),
      betterP: betterP(metric, ownMargin),
      figures: estimate(metric, ownSeed, true),
    }
  })
}

function isTested({ rule, better }: PairedMetric): boolean {
  return rule !== undefined && rule.level !== 'off' && better !== 'neither'
}

function adjust(family: readonly Test[], alpha: number): Adjusted[] {
  const worse = holm(family.map(({ p }) => p))
  const improved = holm(family.map((test) => test.betterP))
  return family.map((test, i) => {
    // Proven to exceed the margin, and not shown to stay below what fails.
    const isSuspect = worse[i]! < alpha && (test.figures.high ?? 0) >= test.threshold
    return { ...test, adjustedP: worse[i]!, adjustedBetterP: improved[i]!, isSuspect }
  })
}

/** What fresh rounds say of a suspect. */
interface Fresh {
  readonly confirmed: boolean
  readonly figures: Estimate
}

/** Holm again, over the suspects of each family. A suspect without fresh rounds is not in the result. */
function confirm(
  families: readonly (readonly Adjusted[])[],
  { rules, alpha }: Settings,
): ReadonlyMap<Adjusted, Fresh> {
  const confirmed = new Map<Adjusted, Fresh>()
  for (const family of families) {
    const again = family.filter(({ isSuspect, owner }) => isSuspect && owner.freshNew.length > 0)
    const metrics = again.map(({ owner, metric }) =>
      pairMetrics(owner.freshOld, owner.freshNew, (name) => ruleFor(rules, name, 'real')).find(
        ({ name }) => name === metric.name,
      ),
    )
    const adjusted = holm(
      metrics.map((metric, i) => (metric === undefined ? 1 : worseP(metric, again[i]!.margin))),
    )
    again.forEach((test, i) => {
      if (metrics[i] === undefined) return
      const figures = estimate(metrics[i], test.seed, true)
      confirmed.set(test, {
        confirmed: adjusted[i]! < alpha && (figures.high ?? 0) >= test.threshold,
        figures,
      })
    })
  }
  return confirmed
}

/** The same code on both sides must come out the same; both directions count. */
function contaminationOf(controls: readonly Test[], alpha: number): string | undefined {
  const adjusted = holm(controls.flatMap(({ p, betterP: q }) => [p, q]))
  const moved = controls.find((_, i) => Math.min(adjusted[2 * i]!, adjusted[2 * i + 1]!) < alpha)
  if (moved === undefined) return undefined
  const { owner, metric, figures } = moved
  return `The control cell (${owner.pair.new.policy} on ${owner.pair.new.scenario}), which is the same code on both sides, moved by ${formatShare(figures.worse ?? 0)} in ${metric.name}: the machine changed meanwhile`
}

interface Context {
  readonly settings: Settings
  readonly family: number
  readonly contaminated: string | undefined
  readonly fresh: ReadonlyMap<Adjusted, Fresh>
}

function cellVerdict(owner: RealPair, tests: readonly Adjusted[], context: Context): CellVerdict {
  const { pair } = owner
  const cell = {
    cell: pair.new,
    ...(cellKey(pair.old) === cellKey(pair.new) ? {} : { oldCell: pair.old }),
    control: pair.control !== undefined,
    rounds: matched(owner.old, owner.new).length,
  }
  const trouble = troubleOf(owner)
  if (trouble !== undefined) return { ...cell, verdict: 'failed', reason: trouble, metrics: [] }
  const judged = tests.filter((test) => test.owner === owner).map((test) => metricVerdict(test, context))
  const gated = judged.filter(({ level }) => level === 'error')
  const verdict = worstOf(gated.map((metric) => metric.verdict))
  return {
    ...cell,
    verdict,
    reason: reasonOf(verdict, gated, context),
    metrics: [...judged.sort((a, b) => byLevel(a) - byLevel(b)), ...othersOf(owner, context.settings)],
  }
}

function byLevel({ level }: MetricVerdict): number {
  return ['error', 'warn', 'off'].indexOf(level)
}

/** What is only reported: without a test, and without an interval. */
function othersOf(owner: RealPair, { rules, seed }: Settings): MetricVerdict[] {
  return pairMetrics(owner.old, owner.new, (name) => ruleFor(rules, name, 'real'))
    .filter((metric) => !isTested(metric))
    .map((metric) => ({
      metric: metric.name,
      unit: metric.unit,
      better: metric.better,
      level: 'off',
      verdict: 'pass',
      ...estimate(metric, seed, false),
    }))
}

function metricVerdict(test: Adjusted, context: Context): MetricVerdict {
  const { metric, threshold, margin, p, adjustedP, figures } = test
  const { differences, name, unit, better, rule } = metric
  const fresh = context.fresh.get(test)
  const alpha = context.settings.alpha / Math.max(1, context.family)
  const options = { margin, alpha, power: POWER, seed: test.seed }
  const detectable = differences.length < 2 ? Infinity : Math.expm1(detectableEffect(differences, options))
  const verdict = decide(test, fresh, detectable, context)
  const more = verdict === 'inconclusive' && !test.isSuspect ? moreRounds(test, options) : undefined
  return {
    metric: name,
    unit,
    better,
    level: rule!.level,
    verdict,
    ...(fresh?.figures ?? figures),
    p,
    adjustedP,
    threshold,
    ...(fresh === undefined ? {} : { confirmed: fresh.confirmed }),
    ...(Number.isFinite(detectable) ? { detectable } : {}),
    ...(more === undefined ? {} : { moreRounds: more }),
  }
}

function decide(
  { metric, threshold, isSuspect, adjustedBetterP, figures }: Adjusted,
  fresh: Fresh | undefined,
  detectable: number,
  { settings, contaminated }: Context,
): Verdict {
  if (metric.differences.length === 0) return 'inconclusive'
  if (isSuspect) {
    if (contaminated !== undefined) return 'inconclusive'
    if (!settings.confirm) return 'regression'
    return fresh?.confirmed ? 'regression' : 'inconclusive'
  }
  const improved = adjustedBetterP < settings.alpha && (figures.low ?? 0) <= -threshold / (1 + threshold)
  if (improved) return contaminated === undefined ? 'improvement' : 'inconclusive'
  return detectable > threshold ? 'inconclusive' : 'pass'
}

/** How many rounds beyond those that were run would find a slowdown of the size of the threshold. */
function moreRounds(
  { metric, threshold }: Test,
  options: Parameters<typeof detectableEffect>[1],
): number | undefined {
  const { length } = metric.differences
  if (length < 2) return undefined
  const needed = roundsFor(metric.differences, {
    ...options,
    effect: Math.log1p(threshold),
    atMost: MOST_ROUNDS,
  })
  return needed === undefined || needed <= length ? undefined : needed - length
}

const FROM_WORST: readonly Verdict[] = ['failed', 'regression', 'inconclusive', 'improvement', 'pass']

/** The verdict of several: that of the worst. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return FROM_WORST.find((verdict) => verdicts.includes(verdict)) ?? 'pass'
}

function reasonOf(verdict: Verdict, gated: readonly MetricVerdict[], context: Context): string {
  const first = gated.find((metric) => metric.verdict === verdict)
  if (first === undefined) return 'No metric of this cell is gated: it is reported only'
  const change = `${first.metric} is ${formatShare(Math.abs(first.worse ?? 0))} ${(first.worse ?? 0) < 0 ? 'better' : 'worse'}`
  if (verdict === 'regression')
    return `${change}, beyond the threshold of ${formatShare(first.threshold!)}${first.confirmed ? ', and fresh rounds said so again' : ''}`
  if (verdict === 'improvement') return change
  if (verdict === 'pass') return `Nothing is worse; ${detectableText(gated)}`
  if (context.contaminated !== undefined && first.adjustedP! < context.settings.alpha)
    return `${change}, but the control cell moved as well`
  if (first.confirmed === false) return `${first.metric} looked worse, and fresh rounds did not confirm it`
  if (first.adjustedP! < context.settings.alpha) return `${change}, and was not looked at again`
  const more = first.moreRounds === undefined ? '' : `: ${first.moreRounds} more rounds would settle it`
  const seen =
    first.detectable === undefined
      ? `so few rounds cannot tell anything of ${first.metric}`
      : `only a slowdown of ${formatShare(first.detectable)} or more in ${first.metric} would have been seen`
  return `Too noisy: ${seen}${more}`
}

function detectableText(gated: readonly MetricVerdict[]): string {
  return gated
    .map(({ metric, detectable }) => `${formatShare(detectable ?? 0)} in ${metric}`)
    .join(' and ')
    .concat(' would have been seen')
}
