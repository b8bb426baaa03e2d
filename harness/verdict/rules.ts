/** Which metrics decide a verdict, from how much worse on: our own rules, a config file's, and those of `--max`. */
import type { TimeKind } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import type { Rule } from '../records.ts'

/**
 * What decides unless a user says otherwise. In real time that is cost, under load on both sides alike, and how long an
 * idle loop takes to wake up, by itself: the median, because real tails spread threefold from run to run. Memory per
 * connection is that of JavaScript objects and buffers (± 0.2 % from run to run), not that in RAM (± 10 %). In virtual
 * time everything that has a better direction decides, because nothing there is noise.
 */
export const DEFAULT_RULES: readonly Rule[] = [
  { metric: '*', level: 'error', threshold: 0, time: 'virtual' },
  { metric: 'cpu.perOp', level: 'error', threshold: 0.05, time: 'real', pairs: 'together' },
  { metric: 'throughput', level: 'error', threshold: 0.1, time: 'real', pairs: 'together' },
  { metric: 'memory.heapPerConnection', level: 'error', threshold: 0.1, time: 'real', pairs: 'together' },
  { metric: 'wakeUp.idle.p50', level: 'error', threshold: 0.25, time: 'real', pairs: 'apart' },
]

/**
 * The last rule that matches decides; absent: reported only. A rule that does not say how pairs are run leaves that to
 * those before it, so that `--max wakeUp.idle.p50=+40%` changes the threshold and nothing else.
 */
export function ruleFor(rules: readonly Rule[], metric: string, time: TimeKind): Rule | undefined {
  const matching = rules.filter((rule) => (rule.time ?? time) === time && matches(rule.metric, metric))
  const last = matching.at(-1)
  const pairs = matching.findLast((rule) => rule.pairs !== undefined)?.pairs
  return last === undefined || pairs === undefined ? last : { ...last, pairs }
}

/** `latency.*.p99`: a `*` in place of one or more of the parts between dots, `*` alone for every metric. */
export function matches(pattern: string, metric: string): boolean {
  return partsMatch(pattern.split('.'), metric.split('.'))
}

function partsMatch(pattern: readonly string[], parts: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined || parts.length === 0) return first === undefined && parts.length === 0
  if (first !== '*') return first === parts[0] && partsMatch(rest, parts.slice(1))
  return parts.some((_, index) => partsMatch(rest, parts.slice(index + 1)))
}

/** Throws `UsageError` for `wake*` and `a..b`; `what` begins its message. */
export function checkPattern(pattern: string, what: string): string {
  const isSound = (part: string) => part === '*' || (part !== '' && !part.includes('*'))
  if (pattern.split('.').every(isSound)) return pattern
  throw new UsageError(
    `${what} takes the name of a metric, * in place of whole parts as in latency.*.p99, not '${pattern}'`,
  )
}

/** `5%` → .05. Throws `UsageError`; `what` begins its message: `--margin`. */
export function parseShare(text: string, what: string): number {
  const [, digits] = /^(\d+(?:\.\d+)?)%$/.exec(text.trim()) ?? []
  // 2.3 / 100 is not the number nearest to .023; this is.
  if (digits !== undefined) return Number(`${digits}e-2`)
  throw new UsageError(`${what} takes a percentage such as 5%, not '${text}'`)
}

/** The flag `--max latency.interactive.p99=+5%`, in both times. Throws `UsageError`. */
export function parseMax(text: string): Rule {
  const at = text.lastIndexOf('=') // a class may have one in its name
  if (at < 1) throw new UsageError(`--max takes METRIC=+5%, as in latency.interactive.p99=+5%, not '${text}'`)
  const metric = checkPattern(text.slice(0, at), '--max')
  const most = text.slice(at + 1).trim()
  return { metric, level: 'error', threshold: parseShare(most.replace(/^\+/, ''), `--max ${metric}`) }
}

/** All rules, ours first and `--max` last, so that it has the last word. Throws `UsageError`. */
export function readRules(configured: readonly Rule[], max: readonly string[]): Rule[] {
  return [...DEFAULT_RULES, ...configured, ...max.map(parseMax)]
}

/** By content: rules that come from records are copies. */
function isDefault(rule: Rule): boolean {
  const text = (each: Rule) => JSON.stringify(Object.entries(each).sort())
  return DEFAULT_RULES.some((each) => text(each) === text(rule))
}

/** A user's rules that no metric of a run answers to: misspelt, mostly. */
export function unusedRules(rules: readonly Rule[], metricNames: readonly string[]): Rule[] {
  return rules.filter((rule) => !isDefault(rule) && !metricNames.some((name) => matches(rule.metric, name)))
}
