import { performance } from 'node:perf_hooks'
import type { Clock } from '../contracts.ts'

/** The machine's monotonic clock. One of the two places where time is read from the outside. */
export class RealClock implements Clock {
  readonly kind = 'real'
  lastNs = 0
  workedNs = 0

  constructor() {
    this.nowNs()
  }

  nowNs(): number {
    this.lastNs = performance.now() * 1e6
    return this.lastNs
  }

  /** Spins: sleeping would let others have the processor, which is just what is to be prevented. */
  work(durationNs: number): void {
    if (!(durationNs > 0)) return
    this.workedNs += durationNs
    const endNs = this.nowNs() + durationNs
    while (this.nowNs() < endNs);
  }
}

/** A host's clock in a simulated world: it moves only when work is done or the world says so. */
export class VirtualClock implements Clock {
  readonly kind = 'virtual'
  lastNs = 0
  workedNs = 0

  nowNs(): number {
    return this.lastNs
  }

  work(durationNs: number): void {
    if (!(durationNs > 0)) return
    this.workedNs += durationNs
    this.lastNs += durationNs
  }

  /** Moves on to `timeNs`; never back. */
  advanceTo(timeNs: number): void {
    if (timeNs > this.lastNs) this.lastNs = timeNs
  }
}
