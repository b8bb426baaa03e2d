/** `report.md` of a run, `check.md` of a check: for a repository, an issue or a pull request. */
import type { Report, Reporter } from '../harness/verdict/reporter.ts'
import { chartedGroups } from './charts/charts.ts'
import { checkCharts } from './charts/check.ts'
import { chartedFidelity } from './charts/fidelity.ts'
import { COMMENT_BYTES, checkDocument } from './document/check.ts'
import { documentOf } from './document/run.ts'
import { writeCharts } from './output/chartfiles.ts'
import { writeWhole } from './output/wholefile.ts'

const reporter: Reporter = {
  name: 'markdown',
  summary: 'report.md with its charts, or check.md: for a repository, an issue or a pull request',
  async write(report, { directory }) {
    if (report.check !== undefined) return writeCheck(report, directory)
    const groups = chartedGroups(report)
    const fidelities = chartedFidelity(report)
    const charts = writeCharts(
      [...groups, ...fidelities].flatMap((one) => one.charts),
      directory,
    )
    return [writeWhole(directory, 'report.md', documentOf(report, groups, fidelities)), ...charts]
  },
}

export default reporter

function writeCheck({ check }: Report, directory: string): string[] {
  if (check === undefined) return []
  const charts = checkCharts(check)
  const document = checkDocument(check, COMMENT_BYTES, charts)
  return [writeWhole(directory, 'check.md', document), ...writeCharts(charts, directory)]
}
