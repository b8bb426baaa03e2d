/** Where the effects of messages are kept. It outlives consumers, as a database outlives its clients. */
export interface Ledger {
  /** Effects made in all. */
  readonly effects: number
  /** Makes the effect of a message; false where it had been made before. */
  apply(id: number): boolean
  has(id: number): boolean
}

/** Makes each effect once, however often it is asked to: what turns at-least-once delivery into exactly-once effect. */
export class IdempotentLedger implements Ledger {
  readonly #applied = new Set<number>()

  get effects(): number {
    return this.#applied.size
  }

  apply(id: number): boolean {
    if (this.#applied.has(id)) return false
    this.#applied.add(id)
    return true
  }

  has(id: number): boolean {
    return this.#applied.has(id)
  }
}
