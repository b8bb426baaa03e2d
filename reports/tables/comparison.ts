/** A group's table, ready to print: every value with its ratio, the best of each column marked. */
import { formatRatio, formatValue } from '../../harness/format.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import type { SummaryMetric } from '../../harness/verdict/summary.ts'
import { type Column, columnsOf } from './columns.ts'

/** Medians this near to the best count as the best. */
const AS_GOOD = 0.02

export interface Comparison {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** The policy that ratios refer to: the first that finished; absent where none did. */
  readonly base?: string
}

export interface Row {
  readonly policy: string
  readonly policyIndex: number
  /** What went wrong, where something did: shown in place of values, as a broken cell's numbers mislead. */
  readonly trouble?: string
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly text: string
  /** Against the base policy; empty for the base itself. */
  readonly ratio: string
  /** Smallest to largest over the rounds; empty where one cannot tell them apart. */
  readonly range: string
  /** The best of its column, or not told apart from it by the rounds. */
  readonly best: boolean
}

export function comparisonOf(group: Group): Comparison {
  const finished = group.members.filter((member) => member.cell.status === 'ok')
  const columns = columnsOf({ ...group, members: finished })
  const base = finished[0]
  const best = columns.map((column) => bestOf(column, finished))
  const rows = group.members.map((member) => ({
    policy: member.policy,
    policyIndex: member.policyIndex,
    ...troubleOf(member),
    entries: columns.map((column, index) => entryOf(column, member, base, best[index]!)),
  }))
  return base === undefined ? { columns, rows } : { columns, rows, base: base.policy }
}

function troubleOf({ cell }: Member): { trouble?: string } {
  if (cell.status === 'ok') return {}
  return { trouble: cell.reason === undefined ? cell.status : `${cell.status}: ${cell.reason}` }
}

function entryOf(column: Column, member: Member, base: Member | undefined, best: ReadonlySet<Member>): Entry {
  const metric = member.cell.metrics[column.metric]
  // What has no direction is only told, not compared.
  const compared = base !== member && column.better !== 'neither'
  const baseMetric = compared ? base?.cell.metrics[column.metric] : undefined
  return {
    text: formatValue(metric?.value, column.unit),
    ratio: formatRatio(metric?.value, baseMetric?.value),
    range: rangeOf(metric),
    best: best.has(member),
  }
}

/** `1.99 – 2.04 ms`: the unit once, where both ends have the same. */
export function rangeOf(metric: SummaryMetric | undefined): string {
  if (metric?.low === undefined || metric.high === undefined) return ''
  const low = formatValue(metric.low, metric.unit)
  const high = formatValue(metric.high, metric.unit)
  if (low === high) return ''
  const [number, ...unit] = low.split(' ')
  return `${high.endsWith(` ${unit.join(' ')}`) && unit.length > 0 ? number : low} – ${high}`
}

/**
 * Who shares first place: everyone whose median is within 2 % of the best. Nobody, where all do: a mark
 * on every row says nothing.
 */
function bestOf(column: Column, members: readonly Member[]): ReadonlySet<Member> {
  const given = members.filter((member) => member.cell.metrics[column.metric] !== undefined)
  if (column.better === 'neither' || given.length < 2) return new Set()
  const sign = column.better === 'lower' ? 1 : -1
  const metricOf = (member: Member) => member.cell.metrics[column.metric]!
  const first = given.reduce((a, b) => (sign * (metricOf(b).value - metricOf(a).value) < 0 ? b : a))
  const best = given.filter((member) => isAsGood(metricOf(member), metricOf(first)))
  return best.length === given.length ? new Set() : new Set(best)
}

/** Overlapping rounds make no equals: one bad round of the best would make anybody as good. */
function isAsGood(metric: SummaryMetric, best: SummaryMetric): boolean {
  return Math.abs(metric.value - best.value) <= AS_GOOD * Math.abs(best.value)
}
