/** What a process, or a part of a run, cost: all its threads included. */
export interface Usage {
  readonly cpuNs: number
  /** Of a part: the most resident memory seen, above that at its beginning. Of a process: what it shares with none. */
  readonly memoryBytes: number
  /** Context switches because a thread had to wait. */
  readonly voluntary: number
  /** Context switches because another had its turn. */
  readonly involuntary: number
}

/** Of this process, so far. Self-contained: other processes get it as source text. */
export function processUsage(): Usage {
  const { userCPUTime, systemCPUTime, voluntaryContextSwitches, involuntaryContextSwitches } =
    process.resourceUsage()
  let memoryBytes = process.memoryUsage.rss()
  try {
    const text = process.getBuiltinModule('node:fs').readFileSync('/proc/self/smaps_rollup', 'latin1')
    const parts = [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)].map(([, kB]) => Number(kB) * 1024)
    memoryBytes = parts.reduce((sum, bytes) => sum + bytes)
  } catch {} // not Linux: shared memory counts
  return {
    cpuNs: (userCPUTime + systemCPUTime) * 1e3,
    memoryBytes,
    voluntary: voluntaryContextSwitches,
    involuntary: involuntaryContextSwitches,
  }
}

/** Begins to count when it is made. */
export class UsageWindow {
  readonly #start = processUsage()
  readonly #startBytes = process.memoryUsage.rss()
  #mostBytes = this.#startBytes

  /** Reads the memory: to be called where there may be most of it. */
  readonly look = (): void => {
    this.#mostBytes = Math.max(this.#mostBytes, process.memoryUsage.rss())
  }

  /** Up to now. */
  usage(): Usage {
    this.look()
    const { cpuNs, voluntary, involuntary } = processUsage()
    return {
      cpuNs: cpuNs - this.#start.cpuNs,
      memoryBytes: this.#mostBytes - this.#startBytes,
      voluntary: voluntary - this.#start.voluntary,
      involuntary: involuntary - this.#start.involuntary,
    }
  }
}

/** Of a process and those it started. */
export function sumOf(usages: readonly Usage[]): Usage {
  const total = (pick: (usage: Usage) => number) => usages.reduce((sum, usage) => sum + pick(usage), 0)
  return {
    cpuNs: total((usage) => usage.cpuNs),
    memoryBytes: total((usage) => usage.memoryBytes),
    voluntary: total((usage) => usage.voluntary),
    involuntary: total((usage) => usage.involuntary),
  }
}
