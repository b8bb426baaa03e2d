/** All charts of a report, group by group. */
import { cellKey } from '../../harness/records.ts'
import { type Group, groupsOf } from '../../harness/verdict/groups.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { chartedFidelity } from './fidelity.ts'
import { figureCharts } from './figures.ts'
import { overTimeCharts } from './overtime.ts'
import { percentileCharts } from './percentiles.ts'
import type { ChartSpec } from './spec.ts'
import { waitCharts } from './waits.ts'

/** Every chart of a report, in the order to be looked at. */
export function allCharts(report: Report): ChartSpec[] {
  return [...chartedGroups(report), ...chartedFidelity(report)].flatMap(({ charts }) => charts)
}

export interface ChartedGroup {
  readonly group: Group
  readonly charts: readonly ChartSpec[]
}

export function chartedGroups(report: Report): ChartedGroup[] {
  const seen = new Map<string, number>()
  return groupsOf(report).map((group) => {
    const key = cellKey({ ...group, policy: '', params: {} })
    const variant = seen.get(key) ?? 0
    seen.set(key, variant + 1)
    const charts = [percentileCharts, overTimeCharts, waitCharts, figureCharts].flatMap((make) =>
      make(group, variant),
    )
    return { group, charts }
  })
}
