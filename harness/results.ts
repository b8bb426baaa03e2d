/** What a round can come to: figures, tables, pictures and findings. Part of the contracts, and exported with them. */

export type Unit = 'ns' | 'ops/s' | 'bytes' | 'count' | 'ratio'
export type Better = 'lower' | 'higher' | 'neither'

export interface MetricValue {
  readonly value: number
  readonly unit: Unit
  readonly better: Better
}

export type FindingKind =
  | 'lost'
  | 'twice'
  | 'withheld'
  | 'starved'
  | 'stalled'
  | 'unfinished'
  | 'policy-error'
  | 'observer-error'
  | 'exception'
  | 'invariant'
  | 'stuck'
  | 'exited'
  | 'memory'
  | 'slow-callback'
  | 'accept-failed'
  | 'nondeterministic'

/** Something a person should know about a cell. Where `fatal`, it breaks the cell. */
export interface Finding {
  readonly kind: FindingKind
  readonly message: string
  readonly fatal?: boolean
  /** How often, where the same thing was found more than once. */
  readonly times?: number
}

/** A small table that an observer adds to the record; `unit` formats every number of its column. */
export interface ObserverTable {
  readonly title: string
  readonly columns: readonly { readonly name: string; readonly unit?: Unit }[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** Who ran and who waited when: lanes of spans side by side, for a picture. */
export interface Timeline {
  readonly title: string
  /** Groups of lanes under a heading each, e.g. one a concurrency model, drawn on one time axis. */
  readonly blocks: readonly TimelineBlock[]
}

export interface TimelineBlock {
  readonly name: string
  readonly lanes: readonly { readonly name: string; readonly spans: readonly TimelineSpan[] }[]
}

/** Times count from the start of the block, ns. Where there is no span, the lane does nothing. */
export interface TimelineSpan {
  readonly kind: 'running' | 'waiting'
  readonly startNs: number
  readonly endNs: number
}

/** Quantities over the time of a run, for a line chart: the mean of each step. */
export interface TimeSeries {
  readonly title: string
  readonly unit: Unit
  /** Time from one value to the next, ns; the first is that of the first step. */
  readonly stepNs: number
  readonly lines: Readonly<Record<string, readonly number[]>>
}
