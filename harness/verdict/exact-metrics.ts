/** The metrics of two sides in virtual time, round by round: what moved, which way, and how far. */
import type { MetricValue } from '../contracts.ts'
import type { Rule } from '../records.ts'
import type { MetricVerdict } from './check-report.ts'
import { median } from './statistics/median.ts'
import { byName } from './summary.ts'

/** Shares are quotients: 105/100 − 1 is a little more than .05. A share of the threshold. */
const ROUNDING = 1e-9
const LEVELS: readonly Rule['level'][] = ['error', 'warn', 'off']

export interface ExactOptions {
  /** The rule for a metric in virtual time; absent: it is reported only. */
  readonly ruleOf: (metric: string) => Rule | undefined
  /** Any difference is a regression. */
  readonly exact: boolean
}

type Metrics = Readonly<Record<string, MetricValue>>

export interface Compared {
  /** All that both sides have: gated first, each group by name. */
  readonly metrics: MetricVerdict[]
  /** Those of them that are not the same in every round. */
  readonly moved: readonly MetricVerdict[]
  /** Those that one side alone has, or that are not measured in the same way. */
  readonly unpaired: readonly string[]
}

/** Round by round: the metrics of the old side and those of the new one. */
export function compareMetrics(
  olds: readonly Metrics[],
  news: readonly Metrics[],
  options: ExactOptions,
): Compared {
  const names = [...new Set([...olds, ...news].flatMap((each) => Object.keys(each)))].sort(byName)
  const metrics: MetricVerdict[] = []
  const moved = new Set<MetricVerdict>()
  const unpaired: string[] = []
  for (const name of names) {
    const [before, after] = [olds.map((each) => each[name]), news.map((each) => each[name])]
    const problem = whyUnpaired(before, after)
    if (problem !== undefined) {
      unpaired.push(`${name} (${problem})`)
      continue
    }
    const isMoved = before.some((metric, pair) => metric?.value !== after[pair]?.value)
    const compared = compareMetric(name, before, after, isMoved, options)
    metrics.push(compared)
    if (isMoved) moved.add(compared)
  }
  metrics.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)) // stable: by name within
  return { metrics, moved: metrics.filter((metric) => moved.has(metric)), unpaired }
}

type Values = readonly (MetricValue | undefined)[]

function whyUnpaired(before: Values, after: Values): string | undefined {
  const [a, b] = [before.find(Boolean), after.find(Boolean)]
  if (a === undefined) return 'new'
  if (b === undefined) return 'gone'
  return a.unit === b.unit && a.better === b.better ? undefined : 'another unit or direction'
}

function compareMetric(
  metric: string,
  before: Values,
  after: Values,
  isMoved: boolean,
  { ruleOf, exact }: ExactOptions,
): MetricVerdict {
  const { unit, better } = after.find((each) => each !== undefined)!
  const [old, now] = [medianOf(before), medianOf(after)]
  const worse = shareWorse(old, now, better)
  const { level, threshold } = ruleOf(metric) ?? { level: 'off' as const, threshold: 0 }
  const compared = { metric, unit, better, old, new: now, ...(worse === undefined ? {} : { worse }) }
  if (exact && isMoved) return { ...compared, level: 'error', verdict: 'regression' }
  if (level === 'off') return { ...compared, level, verdict: 'pass' }
  const beyond = isWorse(compared) && isBeyond(worse, threshold)
  const verdict = beyond ? 'regression' : isBetter(compared) ? 'improvement' : 'pass'
  return { ...compared, level, verdict, threshold }
}

/** From zero is beyond any threshold, and beyond none at all is whatever is worse. */
function isBeyond(worse: number | undefined, threshold: number): boolean {
  return worse === undefined || threshold === 0 || worse > threshold * (1 + ROUNDING)
}

function medianOf(values: Values): number {
  return median(values.flatMap((metric) => metric?.value ?? []))
}

/** Absent where no number says it: from zero, to zero, or below. */
function shareWorse(old: number, now: number, better: MetricVerdict['better']): number | undefined {
  if (better === 'neither' || old <= 0) return undefined
  if (better === 'higher' && now <= 0) return undefined
  const share = better === 'lower' ? now / old - 1 : old / now - 1
  return Number.isFinite(share) ? share : undefined
}

type Moved = Pick<MetricVerdict, 'old' | 'new' | 'better'>

/** By however little; also where there is no share. */
export function isWorse({ old, new: now, better }: Moved): boolean {
  return better === 'lower' ? now > old : better === 'higher' && now < old
}

export function isBetter({ old, new: now, better }: Moved): boolean {
  return isWorse({ old: now, new: old, better })
}
