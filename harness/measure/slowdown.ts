import type { Handle, LoopObserver } from '../contracts.ts'

/** How often the debt is paid. Asking the system for the processor time costs a microsecond. */
const EVERY_NS = 500_000

/**
 * Makes a loop slower on purpose, by really keeping the processor busy: whatever the process has used so far, it uses
 * the given share more. Proves that a check finds what it promises to find.
 */
export class Slowdown implements LoopObserver {
  readonly name = 'slowdown'
  readonly #share: number
  readonly #startNs = cpuNs()
  #addedNs = 0
  #nextNs = 0

  constructor(share: number) {
    this.#share = share
  }

  handleFinished(_handle: Handle, _startNs: number, endNs: number): void {
    if (endNs < this.#nextNs) return
    this.#nextNs = endNs + EVERY_NS
    const beforeNs = cpuNs()
    const ownNs = beforeNs - this.#startNs - this.#addedNs
    const untilNs = beforeNs + ownNs * this.#share - this.#addedNs
    // In processor time, not wall time: what others take of the processor meanwhile is no slowdown of this loop.
    while (cpuNs() < untilNs);
    this.#addedNs += cpuNs() - beforeNs
  }
}

/** Of all threads of this process. */
function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1e3
}
