/**
 * A chart as plain data (JSON): what is drawn, not how. PNG files and pages draw from the same.
 * `config.ts` turns it into a chart.js configuration.
 */
import type { Unit } from '../../harness/contracts.ts'
import type { Verdict } from '../../harness/verdict/check-report.ts'

export interface ChartSpec {
  /** Unique in the report; the file's stem. */
  readonly id: string
  readonly title: string
  /** Lines under the title: rounds, load, how to read it. */
  readonly subtitle: readonly string[]
  /** For those who cannot see it. */
  readonly alt: string
  readonly drawing: Lines | Columns | Bars | Lanes | Forest
  /** A policy each; none where a drawing compares two sides. */
  readonly series: readonly Series[]
}

/** A curve a policy. */
export interface Lines {
  readonly kind: 'lines'
  readonly x: Axis | PlacedAxis
  readonly y: Axis
  /** Each value holds until the next point, as a number of jobs does; otherwise a smooth curve joins them. */
  readonly stepped: boolean
}

/** A group of columns a category, one column a policy, from the foot of the scale. */
export interface Columns {
  readonly kind: 'columns'
  readonly categories: readonly string[]
  readonly y: Axis
}

/** One lying bar a policy: each series has one point. */
export interface Bars {
  readonly kind: 'bars'
  readonly x: Axis
}

/** Who ran and who waited when, of one policy: blocks of lanes under one another, on one time axis. */
export interface Lanes {
  readonly kind: 'lanes'
  readonly x: Axis
  readonly blocks: readonly LaneBlock[]
}

export interface LaneBlock {
  readonly name: string
  /** From its start to its last span's end, in words. */
  readonly total: string
  readonly lanes: readonly Lane[]
}

export interface Lane {
  readonly name: string
  /** In the unit of the axis. */
  readonly spans: readonly {
    readonly kind: 'running' | 'waiting'
    readonly from: number
    readonly to: number
  }[]
}

/** How much worse the new side is: a row a metric, its interval as a bar, against what is allowed. Shares: .05 is 5 %. */
export interface Forest {
  readonly kind: 'forest'
  readonly title: string
  /** The ends of the axis; what lies beyond is drawn as an arrow. */
  readonly from: number
  readonly to: number
  /** Changes up to this, up or down, are not looked for. */
  readonly margin?: number
  readonly blocks: readonly ForestBlock[]
}

export interface ForestBlock {
  readonly name: string
  readonly rows: readonly ForestRow[]
}

export interface ForestRow {
  readonly name: string
  /** `moved`: no rule judges it. */
  readonly verdict: Verdict | 'moved'
  readonly worse: number
  readonly low?: number
  readonly high?: number
  /** From where on it fails. */
  readonly limit?: number
}

export interface Axis {
  readonly title: string
  readonly unit: Unit
  readonly scale: ScaleKind
}

/**
 * `linear`: from zero. `log`: by 1-2-5, with no place for 0. `ratio`: logarithmic around 1, which is marked: twice and
 * half are equally far from it.
 */
export type ScaleKind = 'linear' | 'log' | 'ratio'

/** An axis that is labelled at these places and nowhere else. */
export interface PlacedAxis {
  readonly title: string
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
}

/** One policy's values; none where its lanes are drawn. */
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
