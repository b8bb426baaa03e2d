/** All charts of a report, group by group. */
import { cellKey } from '../../harness/records.ts'
import { type Group, groupsOf } from '../../harness/verdict/groups.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { checkCharts } from './check.ts'
import { chartedFidelity } from './fidelity.ts'
import { figureCharts } from './figures.ts'
import { laneCharts } from './lanes.ts'
import { overTimeCharts } from './overtime.ts'
import { percentileCharts } from './percentiles.ts'
import { sizeCharts } from './sizes.ts'
import type { ChartSpec } from './spec.ts'
import { waitCharts } from './waits.ts'

/** Every chart of a report, in the order to be looked at. */
export function allCharts(report: Report): ChartSpec[] {
  if (report.check !== undefined) return checkCharts(report.check)
  return [...chartedGroups(report), ...chartedFidelity(report)].flatMap(({ charts }) => charts)
}

export interface ChartedGroup {
  readonly group: Group
  readonly charts: readonly ChartSpec[]
}

export function chartedGroups(report: Report): ChartedGroup[] {
  const seen = new Map<string, number>()
  const ids = new Set<string>()
  const groups = groupsOf(report)
  return groups.map((group) => {
    const key = cellKey({ ...group, policy: '', params: {} })
    const variant = seen.get(key) ?? 0
    seen.set(key, variant + 1)
    const made = [laneCharts, percentileCharts, overTimeCharts, waitCharts, figureCharts].flatMap((make) =>
      make(group, variant),
    )
    // Over all selectors, beside the first of them.
    const workload = groups.filter((each) => workloadKey(each) === workloadKey(group))
    if (workload[0] === group) made.unshift(...sizeCharts(workload, variant))
    return { group, charts: made.map((chart) => ({ ...chart, id: unused(chart.id, ids) })) }
  })
}

function workloadKey(group: Group): string {
  return cellKey({ ...group, policy: '', selector: '' })
}

/** Names may differ in characters that no file name takes: then they are told apart by number. */
function unused(id: string, taken: Set<string>): string {
  let name = id
  for (let number = 2; taken.has(name); number++) name = `${id}-${number}`
  taken.add(name)
  return name
}
