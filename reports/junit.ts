/** `junit.xml`: what CI systems show as tests; one a cell of a run; of a check one a gated metric and virtual cell. */
import type { Reporter } from '../harness/verdict/reporter.ts'
import { checkCases, runCases } from './junit/cases.ts'
import { documentOf } from './junit/xml.ts'
import { writeWhole } from './output/wholefile.ts'

const reporter: Reporter = {
  name: 'junit',
  summary: 'junit.xml: cells and metrics as tests, for CI systems',
  async write(report, { directory }) {
    const cases = report.check === undefined ? runCases(report) : checkCases(report, report.check)
    return [writeWhole(directory, 'junit.xml', documentOf(cases, report.records.header))]
  },
}

export default reporter
