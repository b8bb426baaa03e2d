/**
 * Two sides of a cell in virtual time, held against one another to the last digit: what is not the same there is a
 * change of behaviour, and no noise. Pure.
 */
import { createHash } from 'node:crypto'
import type { RoundRecord } from '../records.ts'
import type { CellVerdict, MetricVerdict } from './check-report.ts'
import { divergenceBetween, eventsOf } from './checkpoints.ts'
import { compareMetrics, type ExactOptions, isBetter, isWorse } from './exact-metrics.ts'
import { type Changes, exactReason, type FirstDifference } from './exact-reason.ts'
import { roundMetrics } from './roundmetrics.ts'

export interface ExactComparison extends Pick<CellVerdict, 'verdict' | 'reason' | 'rounds' | 'metrics'> {
  /** Those of the metrics that are not the same in every round. */
  readonly moved: readonly MetricVerdict[]
  /** Absent where there was nothing to compare. */
  readonly exact?: NonNullable<CellVerdict['exact']>
  /** Absent where all events are the same. */
  readonly first?: FirstDifference
}

interface Pair {
  readonly old: RoundRecord
  readonly new: RoundRecord
}

/** Compares rounds of the same number and seed; where a round is there twice, its last record counts. */
export function compareExactly(
  oldRounds: readonly RoundRecord[],
  newRounds: readonly RoundRecord[],
  options: ExactOptions,
): ExactComparison {
  const [old, now] = [latest(oldRounds), latest(newRounds)]
  const pairs = pairsOf(old, now)
  const problem = brokenRound(old, now) ?? missing(old, now, pairs)
  if (problem !== undefined) {
    return { verdict: 'failed', reason: problem, rounds: pairs.length, metrics: [], moved: [] }
  }
  const [olds, news] = [pairs.map((pair) => pair.old), pairs.map((pair) => pair.new)]
  const compared = compareMetrics(olds.map(roundMetrics), news.map(roundMetrics), options)
  const { metrics, moved, unpaired } = compared
  const first = firstDifference(pairs)
  const changes = { moved, unpaired, findings: pairs.some(findingsDiffer), first, rounds: pairs.length }
  const verdict = options.exact ? strictVerdict(changes) : verdictOf(metrics)
  const { reason, divergence } = exactReason(verdict, changes, options.exact)
  const digests = { same: first === undefined, oldDigest: digestOf(olds), newDigest: digestOf(news) }
  const exact = divergence === undefined ? digests : { ...digests, divergence }
  return { verdict, reason, rounds: pairs.length, metrics, moved, exact, ...(first && { first }) }
}

/** In round order. */
function latest(rounds: readonly RoundRecord[]): RoundRecord[] {
  const byNumber = new Map(rounds.map((each) => [each.round, each]))
  return [...byNumber.values()].sort((a, b) => a.round - b.round)
}

function pairsOf(old: readonly RoundRecord[], now: readonly RoundRecord[]): Pair[] {
  return now.flatMap((each) => {
    const before = old.find(({ round, seed }) => round === each.round && seed === each.seed)
    return before === undefined ? [] : [{ old: before, new: each }]
  })
}

function brokenRound(old: readonly RoundRecord[], now: readonly RoundRecord[]): string | undefined {
  const [before, after] = [old, now].map((rounds) => rounds.find(({ status }) => status !== 'ok'))
  if (before !== undefined && after !== undefined) return `both sides broke down: ${why(after)}`
  if (after !== undefined) return `the new side broke down: ${why(after)}`
  return before && `the old side broke down: ${why(before)}`
}

function why({ status, reason }: RoundRecord): string {
  return reason === undefined ? status : `${status}: ${reason}`
}

function missing(
  old: readonly RoundRecord[],
  now: readonly RoundRecord[],
  pairs: readonly Pair[],
): string | undefined {
  if (old.length === 0 || now.length === 0)
    return `the ${old.length === 0 ? 'old' : 'new'} side has no rounds`
  if (pairs.length === 0) return 'no round of the two sides has the same number and seed'
  const { old: before, new: after } = pairs.find((pair) => !pair.old.digest || !pair.new.digest) ?? {}
  if (before === undefined || after === undefined) return undefined
  return `round ${after.round + 1} of the ${before.digest ? 'new' : 'old'} side has no digest`
}

function strictVerdict({ moved, unpaired, findings, first }: Changes): 'pass' | 'regression' {
  const changed = moved.length > 0 || unpaired.length > 0 || findings || first !== undefined
  return changed ? 'regression' : 'pass'
}

function verdictOf(metrics: readonly MetricVerdict[]): 'pass' | 'regression' | 'improvement' {
  const gated = metrics.filter(({ level }) => level === 'error')
  if (gated.some(({ verdict }) => verdict === 'regression')) return 'regression'
  return gated.some(isBetter) && !metrics.some(isWorse) ? 'improvement' : 'pass'
}

/** Whoever wrote the record may have put its members in another order. */
function findingsDiffer(pair: Pair): boolean {
  const [a, b] = [pair.old, pair.new].map(({ findings }) =>
    JSON.stringify(
      findings.map(({ kind, message, fatal = false, times = 1 }) => [kind, message, fatal, times]),
    ),
  )
  return a !== b
}

function firstDifference(pairs: readonly Pair[]): FirstDifference | undefined {
  const pair = pairs.find((each) => each.old.digest !== each.new.digest)
  if (pair === undefined) return undefined
  const { old, new: now } = pair
  const { round, seed } = now
  const first = { round, seed, oldDigest: old.digest!, newDigest: now.digest! }
  const [a, b] = [old.checkpoints ?? '', now.checkpoints ?? '']
  const interval = divergenceBetween(a, b)
  return interval === undefined ? first : { ...first, interval, events: [eventsOf(a)!, eventsOf(b)!] }
}

/** One for all rounds, as a summary has it. */
function digestOf(rounds: readonly RoundRecord[]): string {
  return createHash('sha256')
    .update(rounds.map(({ digest }) => digest).join(''))
    .digest('hex')
}
