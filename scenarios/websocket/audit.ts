/** What one subscriber got of each publisher, held against what was published. */
export class Audit {
  /** The last sequence number by publisher; they count from 1. */
  readonly #last = new Map<number, number>()
  received = 0
  /** Numbers that were left out between two that came. */
  #skipped = 0
  /** The first message that came when a later one of its publisher had come. */
  disorder: string | undefined

  take(publisher: number, sequence: number): void {
    const last = this.#last.get(publisher) ?? 0
    this.received++
    if (sequence <= last) {
      this.disorder ??= `message ${sequence} of publisher ${publisher} after message ${last}`
      return
    }
    this.#skipped += sequence - last - 1
    this.#last.set(publisher, sequence)
  }

  /** Messages that never came, of publishers that have sent so many. */
  missing(published: ReadonlyMap<number, number>): number {
    let missing = this.#skipped
    for (const [publisher, count] of published) missing += count - (this.#last.get(publisher) ?? 0)
    return missing
  }

  /** True where nothing is missing before the last that came of each publisher. */
  get isGapless(): boolean {
    return this.#skipped === 0 && this.disorder === undefined
  }
}
