import { monotonicNs } from '../three-models/blocking.ts'
import { sumOf, type Usage, UsageWindow } from '../three-models/usage.ts'

/** What one server did and what it cost, from its first request to its last answer. */
export class Tally {
  /** Connections (processes) or requests (all else) that were begun. */
  begun = 0
  answered = 0
  /** Given up, because the client was gone or nobody could be started. */
  aborted = 0
  /** The most that were under way at once. */
  atOnce = 0
  readonly places = new Set<string>()
  #window: UsageWindow | undefined
  #own: Usage | undefined
  readonly #others: Usage[] = []
  #otherBytes = 0
  #startNs = 0
  #endNs = 0

  get underWay(): number {
    return this.begun - this.answered - this.aborted
  }

  begin(): void {
    if (this.#window === undefined) {
      this.#window = new UsageWindow()
      this.#startNs = monotonicNs()
    }
    this.begun++
    this.atOnce = Math.max(this.atOnce, this.underWay)
  }

  answer(place: string): void {
    this.places.add(place)
    this.#end()
    this.answered++
  }

  abort(): void {
    this.#end()
    this.aborted++
  }

  /** What a process of its own cost. Those under way are alike, so that as many times its memory was held. */
  addProcess(usage: Usage): void {
    this.#others.push({ ...usage, memoryBytes: 0 })
    this.#otherBytes = Math.max(this.#otherBytes, usage.memoryBytes * this.underWay)
  }

  /** Of all processes. */
  usage(): Usage {
    const own = this.#own ?? { cpuNs: 0, memoryBytes: 0, voluntary: 0, involuntary: 0 }
    const all = sumOf([own, ...this.#others])
    return { ...all, memoryBytes: all.memoryBytes + this.#otherBytes }
  }

  /** Answers a second. */
  rate(): number {
    return this.answered === 0 ? 0 : (this.answered * 1e9) / (this.#endNs - this.#startNs)
  }

  #end(): void {
    this.#own = this.#window!.usage()
    this.#endNs = monotonicNs()
  }
}
