/** A run as GitHub's step summary: the tables of `report.md`, without pictures, and no more than a summary may have. */
import { groupsOf } from '../../harness/verdict/groups.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { fitting } from './budget.ts'
import { documentOf } from './run.ts'

/** GitHub takes 1 MiB a step and shows nothing of a larger one; other tools of the step may write as well. */
export const SUMMARY_BYTES = 900_000

/** At most so many bytes. */
export function runSummary(report: Report, bytes: number): string {
  const groups = groupsOf(report).map((group) => ({ group, charts: [] }))
  const lines = documentOf(report, groups, []).split('\n')
  return fitting(lines, bytes, (omitted) => `\n_${omitted} more lines are in report.md._\n`).join('\n')
}
