/** Time-outs as servers use them: armed with each request, and cancelled when it is answered. */
import { type Loop, ms, seconds } from '../../harness/api.ts'
import { type Context, EARLY_NS, type Timers } from './params.ts'

/** Armed and cancelled before others have a turn. */
const CHUNK = 500
/** When what is cancelled would fire, and what is left does. */
const LONG_NS = { from: seconds(5), to: seconds(30) }
const SHORT_NS = { from: ms(20), to: ms(200) }
/** The loop may keep cancelled timers until they are half of all (asyncio's rule); those of one chunk come on top. */
const HELD_PER_LIVE = 2

export async function armAndCancel(loop: Loop, ctx: Context, timers: Timers): Promise<void> {
  const churn = new Churn(loop, ctx, timers)
  await loop.spawn(() => churn.run(), { className: 'churn', name: 'churn' })
  churn.report()
}

interface Armed {
  readonly timer: { cancel(): void }
  readonly whenNs: number
  cancelled: boolean
  fired: boolean
}

class Churn {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #timers: Timers
  /** The long ones, in a ring: who is armed cancels who was armed `live` before. */
  readonly #ring: (Armed | undefined)[]
  #armed = 0
  #expiring = 0
  #cancelled = 0
  #fired = 0
  #firedCancelled = 0
  #firedTwice = 0
  #firedEarly = 0
  #mostHeld = 0
  /** Spent in arming and cancelling, ns; nothing in virtual time. */
  #spentNs = 0

  constructor(loop: Loop, ctx: Context, timers: Timers) {
    this.#loop = loop
    this.#ctx = ctx
    this.#timers = timers
    this.#ring = Array.from({ length: ctx.params.live })
  }

  async run(): Promise<void> {
    const { timers, expiring } = this.#ctx.params
    const random = this.#ctx.random.fork('churn')
    while (this.#armed < timers) {
      const chunk = Math.min(CHUNK, timers - this.#armed)
      // Drawn beforehand: what is timed is timers, not chance.
      const draws = Array.from({ length: chunk }, () => ({
        expires: random.uniform() < expiring,
        share: random.uniform(),
      }))
      const startNs = this.#loop.nowNs()
      for (const { expires, share } of draws) this.#arm(startNs, expires, share)
      this.#spentNs += this.#loop.nowNs() - startNs
      this.#mostHeld = Math.max(this.#mostHeld, this.#timers.timerCount)
      await this.#loop.sleep(0)
    }
    for (const armed of this.#ring) this.#cancel(armed)
    await this.#loop.sleep(SHORT_NS.to + ms(5))
    await this.#patience()
  }

  /** A timer of Node's own loop may be late, and a policy may run this before it. */
  async #patience(): Promise<void> {
    for (let i = 0; i < 100 && this.#fired < this.#expiring; i++) await this.#loop.sleep(ms(10))
  }

  #arm(nowNs: number, expires: boolean, share: number): void {
    const { from, to } = expires ? SHORT_NS : LONG_NS
    const whenNs = nowNs + from + share * (to - from)
    const armed: Armed = {
      timer: this.#timers.callAt(whenNs, () => this.#fire(armed)),
      whenNs,
      cancelled: false,
      fired: false,
    }
    if (expires) this.#expiring++
    else {
      const place = this.#armed % this.#ring.length
      this.#cancel(this.#ring[place])
      this.#ring[place] = armed
    }
    this.#armed++
  }

  #cancel(armed: Armed | undefined): void {
    if (armed === undefined || armed.cancelled) return
    armed.cancelled = true
    armed.timer.cancel()
    this.#cancelled++
  }

  #fire(armed: Armed): void {
    const latenessNs = this.#loop.nowNs() - armed.whenNs
    this.#fired++
    if (armed.cancelled) this.#firedCancelled++
    if (armed.fired) this.#firedTwice++
    if (latenessNs < -EARLY_NS) this.#firedEarly++
    armed.fired = true
    this.#ctx.meter.duration('timer.lateness', Math.max(0, latenessNs))
  }

  report(): void {
    const { meter, check, params } = this.#ctx
    meter.count('timers.cancelled', this.#cancelled)
    meter.count('timers.expired', this.#fired)
    meter.value('timers.held', this.#mostHeld, 'count', 'lower')
    if (this.#loop.clock.kind === 'real')
      meter.value('timer.cost', this.#spentNs / this.#armed, 'ns', 'lower')
    check(this.#firedCancelled === 0, `${this.#firedCancelled} timers fired after they had been cancelled`)
    check(this.#firedTwice === 0, `${this.#firedTwice} timers fired twice`)
    check(this.#firedEarly === 0, `${this.#firedEarly} timers fired before their time`)
    check(
      this.#fired === this.#expiring,
      `Of ${this.#expiring} timers that were not cancelled ${this.#fired} fired`,
    )
    const most = HELD_PER_LIVE * (params.live + this.#expiring + CHUNK)
    check(
      this.#mostHeld <= most,
      `The loop held ${this.#mostHeld} timers, where ${params.live} were live: cancelled ones pile up`,
    )
  }
}
