/** One of the two sides of a comparison: which code its processes run. */
export interface Arm {
  readonly name: 'old' | 'new'
  /** The working directory of its processes: where the paths of its plug-ins start. Absent: ours. */
  readonly directory?: string
  /** Added to the environment of its processes. */
  readonly environment?: Readonly<Record<string, string>>
  /** The script of its processes where they are of another build of the harness. */
  readonly child?: string
  /** Slowed down on purpose: by which share of its processor time. */
  readonly slowdown?: number
}
