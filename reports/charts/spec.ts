/**
 * A chart as plain data (JSON): what is drawn, not how. PNG files and pages draw from the same.
 * `config.ts` turns it into a chart.js configuration.
 */
import type { Unit } from '../../harness/contracts.ts'

export interface ChartSpec {
  /** Unique in the report; the file's stem. */
  readonly id: string
  readonly title: string
  /** Lines under the title: rounds, load, how to read it. */
  readonly subtitle: readonly string[]
  /** For those who cannot see it. */
  readonly alt: string
  readonly drawing: Lines | Columns | Bars
  readonly series: readonly Series[]
}

/** A curve a policy over percentiles; y is logarithmic. */
export interface Lines {
  readonly kind: 'lines'
  readonly x: { readonly title: string; readonly ticks: readonly { at: number; label: string }[] }
  readonly y: Axis
}

/** A group of columns a category, one column a policy; y is logarithmic. */
export interface Columns {
  readonly kind: 'columns'
  readonly categories: readonly string[]
  readonly y: Axis
}

/** One lying bar a policy from zero: each series has one point. */
export interface Bars {
  readonly kind: 'bars'
  readonly x: Axis
}

export interface Axis {
  readonly title: string
  readonly unit: Unit
}

/** One policy's values. */
export interface Series {
  readonly policy: string
  /** The policy's place in the run: gives its colour, dash and marker in every chart. */
  readonly policyIndex: number
  readonly points: readonly Point[]
}

export interface Point {
  /** Lines: the place on the x axis. */
  readonly x?: number
  /** Absent where the policy has no such value. */
  readonly value?: number
  /** The rounds' smallest and largest value, where there are several. */
  readonly low?: number
  readonly high?: number
}
