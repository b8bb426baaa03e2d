import { readFileSync } from 'node:fs'
import { isFdSelector, type Selector } from '../../harness/api.ts'

/** Descriptors that a process needs for itself: its libraries, its loop, what the harness talks through. */
const OWN_DESCRIPTORS = 64

export interface Room {
  /** Connections that one process may hold. */
  readonly connections: number
  /** What keeps it from holding more. */
  readonly limit: 'selector' | 'process'
}

/** How many connections a process may hold under this selector. */
export function roomUnder(selector: Selector, descriptors = descriptorLimit()): Room {
  const watchable = isFdSelector(selector) ? selector.maxFd + 1 : Number.POSITIVE_INFINITY
  return {
    connections: Math.max(0, Math.min(watchable, descriptors) - OWN_DESCRIPTORS),
    limit: watchable < descriptors ? 'selector' : 'process',
  }
}

/** Connections to itself that one process may hold: both ends of each. */
export function roomForPairs(descriptors = descriptorLimit()): number {
  return Math.max(1, Math.floor((descriptors - OWN_DESCRIPTORS) / 2))
}

/** Largest number of open files (`ulimit -n`), which Node raises to the hard limit when it starts. */
function descriptorLimit(): number {
  const soft = limitFromProc() ?? limitFromReport()
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY
}

function limitFromProc(): number | undefined {
  try {
    const line = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return line === null ? undefined : Number(line[1])
  } catch {
    return undefined
  }
}

/** To be had everywhere, but takes some 20 ms: it tells of everything else as well. */
function limitFromReport(): unknown {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: unknown } } }
  return userLimits?.open_files?.soft
}
