/** Annotations and the step summary of GitHub Actions: what a reviewer sees without opening a log. */
import { appendFileSync } from 'node:fs'
import type { Report, Reporter } from '../harness/verdict/reporter.ts'
import { checkDocument } from './document/check.ts'
import { runSummary, SUMMARY_BYTES } from './document/stepsummary.ts'
import { checkAnnotations, runAnnotations } from './github/annotations.ts'
import { commandLine, withinLimits } from './github/commands.ts'

const reporter: Reporter = {
  name: 'github',
  summary: 'annotations on stdout and a step summary, in GitHub Actions; only where it is asked for',
  onRequest: true,
  async write(report, { stdout, summaryPath }) {
    const annotations = report.check === undefined ? runAnnotations(report) : checkAnnotations(report.check)
    stdout(withinLimits(annotations).map(commandLine).join(''))
    if (summaryPath !== undefined) appendFileSync(summaryPath, summaryOf(report))
    // Not one of the run's own files: it belongs to the step.
    return []
  },
}

export default reporter

/** Without charts: nothing stands beside a summary. */
function summaryOf(report: Report): string {
  const { check } = report
  return check === undefined ? runSummary(report, SUMMARY_BYTES) : checkDocument(check, SUMMARY_BYTES, [])
}
