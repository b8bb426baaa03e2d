import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'
import type { Environment } from './records.ts'
import { VERSION } from './version.ts'

/** The machine and runtime that a run happened on. */
export function readEnvironment(): Environment {
  return {
    loopdyno: VERSION,
    node: process.version,
    platform: platform(),
    arch: arch(),
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0]!,
  }
}
