/** Small pieces of work that arrive at random, whatever else the loop does. */
import { type Loop, ms, type Random, seconds } from '../../harness/api.ts'

/** How long what has arrived may take to be served. */
const PATIENCE_NS = seconds(5)

export class Sensitive {
  arrived = 0
  served = 0
  /** Told how long each took, from its arrival. */
  onDone: (ns: number) => void = () => {}
  readonly #loop: Loop
  readonly #random: Random
  readonly #meanNs: number
  readonly #workNs: number
  /** Who comes later does not count. */
  #endNs = Number.POSITIVE_INFINITY
  #arriving: PromiseLike<void> | undefined

  constructor(loop: Loop, random: Random, perSecond: number, workNs: number) {
    this.#loop = loop
    this.#random = random
    this.#meanNs = seconds(1) / perSecond
    this.#workNs = workNs
  }

  start(onDone: (ns: number) => void): void {
    this.onDone = onDone
    this.#arriving = this.#loop.arrivals(this.#arrivals(), ({ atNs }) => this.#arrive(atNs))
  }

  /** Done when all that have arrived were served. */
  async stop(): Promise<void> {
    this.#endNs = this.#loop.nowNs()
    await this.#arriving
    const limitNs = this.#loop.nowNs() + PATIENCE_NS
    while (this.served < this.arrived && this.#loop.nowNs() < limitNs) await this.#loop.sleep(ms(1))
  }

  /** All that come before the end, also those that the loop hears of only afterwards. */
  *#arrivals(): Generator<{ readonly atNs: number }> {
    for (let atNs = this.#loop.nowNs(); ; ) {
      atNs += Math.round(this.#random.exponential(this.#meanNs))
      if (atNs > this.#endNs) return
      yield { atNs }
    }
  }

  #arrive(atNs: number): void {
    if (atNs > this.#endNs) return
    this.arrived++
    // Those that come before and after something changes belong to what was when they came.
    const { onDone } = this
    const serve = () => {
      this.#loop.work(this.#workNs)
      this.served++
      onDone(this.#loop.nowNs() - atNs)
    }
    this.#loop.callSoon(serve, undefined, { className: 'sensitive', expectedNs: this.#workNs })
  }
}
