/** What a reporter is: one file in `reports/` with one default export, found by name. */
import type { RunRecords } from '../records.ts'
import type { Summary } from './summary.ts'

/** All that a reporter may look at: what was measured and what it comes to. */
export interface Report {
  readonly records: RunRecords
  readonly summary: Summary
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
}

export interface Reporter {
  /** kebab-case; equals the file's stem. */
  readonly name: string
  /** One line, shown by `list`. */
  readonly summary: string
  /** Writes the report and returns the paths of the files it wrote. */
  write(report: Report, target: ReportTarget): Promise<string[]>
}
