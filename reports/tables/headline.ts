/** The few figures that a reader looks for first, over all groups. */
import type { Group } from '../../harness/verdict/groups.ts'
import { type Comparison, comparisonOf, type Entry } from './comparison.ts'

export interface HeadlineRow {
  readonly group: Group
  /** The metric with its arrow's direction. */
  readonly metric: string
  readonly better: 'lower' | 'higher' | 'neither'
  /** By place in the header's policies; absent where the policy has no such cell or it broke. */
  readonly entries: ReadonlyMap<number, Entry>
}

/** The first of these that a group has: tails of the classes, or else what the scenario is about. */
const LEADS = [/^latency\..+\.p99$/, /^latency\.p99$/, /^timerLateness\.p99$/, /^sojourn\.mean$/]

export function headlineOf(groups: readonly Group[]): HeadlineRow[] {
  return groups.flatMap((group) => {
    const comparison = comparisonOf(group)
    return leadsOf(comparison).map((index) => rowOf(group, comparison, index))
  })
}

function leadsOf({ columns }: Comparison): number[] {
  const places = [...columns.keys()]
  for (const lead of LEADS) {
    const found = places.filter((index) => lead.test(columns[index]!.metric))
    if (found.length > 0) return found
  }
  const own = places.find((index) => !/^(throughput|cpu\.)/.test(columns[index]!.metric))
  return [own ?? places[0]].filter((index) => index !== undefined)
}

function rowOf(group: Group, { columns, rows }: Comparison, index: number): HeadlineRow {
  const { metric, better } = columns[index]!
  const sound = rows.filter((row) => row.trouble === undefined)
  return {
    group,
    metric,
    better,
    entries: new Map(sound.map((row) => [row.policyIndex, row.entries[index]!])),
  }
}
