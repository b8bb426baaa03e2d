import { readFileSync } from 'node:fs'
import type { MetricValue } from '../contracts.ts'

/** Processor time of this process in the measured window. */
export class CpuWindow {
  #start = process.cpuUsage()
  #total: NodeJS.CpuUsage | undefined

  mark(edge: 'start' | 'stop'): void {
    if (edge === 'start') this.#start = process.cpuUsage()
    else this.#total = process.cpuUsage(this.#start)
  }

  /** Up to now where the window is still open. */
  get ns(): number {
    const { user, system } = this.#total ?? process.cpuUsage(this.#start)
    return (user + system) * 1e3
  }
}

/** Processor time of the window, and what that is per operation where operations are known. */
export function cpuMetrics(ns: number, operations: number): Record<string, MetricValue> {
  const total: MetricValue = { value: ns, unit: 'ns', better: 'neither' }
  if (operations === 0) return { 'cpu.total': total }
  return { 'cpu.total': total, 'cpu.perOp': { value: ns / operations, unit: 'ns', better: 'lower' } }
}

/** The most memory this process has had. Not getrusage's figure: that begins with the size of the parent. */
export function peakMemory(): MetricValue {
  return { value: highWaterBytes() ?? process.resourceUsage().maxRSS * 1024, unit: 'bytes', better: 'lower' }
}

function highWaterBytes(): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return match === null ? undefined : Number(match[1]) * 1024
  } catch {
    return undefined
  }
}
