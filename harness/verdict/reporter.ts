/** What a reporter is: one file in `reports/` with one default export, found by name. */
import type { RunRecords } from '../records.ts'
import type { CheckReport } from './check-report.ts'
import type { Summary } from './summary.ts'

/** All that a reporter may look at: what was measured and what it comes to. */
export interface Report {
  readonly records: RunRecords
  readonly summary: Summary
  /** Where two sides were compared: what that came to. */
  readonly check?: CheckReport
}

/** Where a report goes. */
export interface ReportTarget {
  /** The run's directory; files go in here. It is made where it does not exist. */
  readonly directory: string
  /** Writes to the terminal, exactly as given: ends its own lines. */
  stdout(text: string): void
  /** Whether the terminal shows colours (NO_COLOR and FORCE_COLOR are already looked at). */
  readonly color: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** Where GitHub Actions takes a step's summary (GITHUB_STEP_SUMMARY); absent elsewhere. */
  readonly summaryPath?: string
}

export interface Reporter {
  /** kebab-case; equals the file's stem. */
  readonly name: string
  /** One line, shown by `list`. */
  readonly summary: string
  /** Made only where it is asked for by name. */
  readonly onRequest?: true
  /** Writes the report and returns the paths of the files it wrote. */
  write(report: Report, target: ReportTarget): Promise<string[]>
}
