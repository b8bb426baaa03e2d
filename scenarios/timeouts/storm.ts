/** Very many timers of one instant, and urgent work that arrives all the while. */
import { type Loop, ms, type Random, seconds, us } from '../../harness/api.ts'
import { type Context, EARLY_NS, type Timers } from './params.ts'

/** How the storm is drawn: in so many steps. */
const STEPS = 60

export async function weatherStorm(loop: Loop, ctx: Context, timers: Timers): Promise<void> {
  const storm = new Storm(loop, ctx, timers)
  await storm.run()
  storm.report()
}

interface Urgent {
  readonly atNs: number
}

interface Served extends Urgent {
  readonly doneNs: number
}

class Storm {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #timers: Timers
  readonly #atNs: number
  /** When each timer of the storm fired. */
  readonly #firedNs: number[] = []
  readonly #urgent: Served[] = []
  readonly #fires: number[]
  /** When all had fired. */
  #endNs = Number.POSITIVE_INFINITY
  #arrived = 0
  #early = 0
  readonly #over

  constructor(loop: Loop, ctx: Context, timers: Timers) {
    this.#loop = loop
    this.#ctx = ctx
    this.#timers = timers
    this.#over = loop.createFuture()
    this.#fires = new Array(ctx.params.storm).fill(0)
    this.#atNs = loop.nowNs() + ms(ctx.params.calmMs)
  }

  async run(): Promise<void> {
    const { storm, stormUs } = this.#ctx.params
    const options = { className: 'expired', expectedNs: us(stormUs) }
    for (let i = 0; i < storm; i++) {
      this.#timers.callAt(this.#atNs, () => this.#fire(i), options)
    }
    const arriving = this.#loop.arrivals(this.#arrivals(this.#ctx.random.fork('urgent')), (item) =>
      this.#arrive(item),
    )
    await this.#end()
    await arriving
    while (this.#urgent.length < this.#arrived) await this.#loop.sleep(ms(1))
  }

  /** All have fired; or, where one is lost, a while later. */
  async #end(): Promise<void> {
    const { storm, stormUs, urgentUs } = this.#ctx.params
    const limitNs = ms(this.#ctx.params.calmMs) + 20 * us(storm * (stormUs + urgentUs / 10)) + seconds(2)
    const limit = this.#loop.callLater(limitNs, () => this.#finish())
    await this.#over
    limit.cancel()
  }

  #finish(): void {
    if (this.#over.done) return
    this.#endNs = this.#loop.nowNs()
    this.#over.setResult()
  }

  /** All that come before the storm is over, also those that the loop hears of only afterwards. */
  *#arrivals(random: Random): Generator<Urgent> {
    const meanNs = seconds(1) / this.#ctx.params.urgentPerSecond
    for (let atNs = this.#loop.nowNs(); ; ) {
      atNs += Math.round(random.exponential(meanNs))
      if (atNs > this.#endNs) return
      yield { atNs }
    }
  }

  #arrive({ atNs }: Urgent): void {
    this.#arrived++
    const workNs = us(this.#ctx.params.urgentUs)
    const serve = () => {
      this.#loop.work(workNs)
      this.#urgent.push({ atNs, doneNs: this.#loop.nowNs() })
    }
    this.#loop.callSoon(serve, undefined, { className: 'urgent', expectedNs: workNs })
  }

  #fire(index: number): void {
    const nowNs = this.#loop.nowNs()
    if (nowNs < this.#atNs - EARLY_NS) this.#early++
    this.#fires[index]!++
    this.#firedNs.push(nowNs)
    this.#ctx.meter.duration('storm.lateness', Math.max(0, nowNs - this.#atNs))
    this.#loop.work(us(this.#ctx.params.stormUs))
    if (this.#firedNs.length >= this.#ctx.params.storm) this.#finish()
  }

  report(): void {
    const { meter, check, params } = this.#ctx
    const fired = this.#fires.filter((times) => times > 0).length
    const twice = this.#fires.filter((times) => times > 1).length
    check(fired === params.storm, `Of ${params.storm} timers of the storm ${fired} fired`)
    check(twice === 0, `${twice} timers of the storm fired twice`)
    check(this.#early === 0, `${this.#early} timers of the storm fired before their time`)
    const endNs = this.#endNs
    // Known only now: a loop may hear of an arrival when the storm is over.
    for (const { atNs, doneNs } of this.#urgent) {
      if (atNs >= this.#atNs && atNs < endNs) meter.latency('urgent', doneNs - atNs)
      else meter.duration('calm.urgent', doneNs - atNs)
    }
    meter.value('storm.length', endNs - this.#atNs, 'ns', 'lower')
    meter.timeSeries({
      title: 'Waiting in the storm',
      unit: 'count',
      stepNs: Math.max(1, (endNs - this.#atNs) / STEPS),
      lines: this.#waiting(endNs),
    })
  }

  /** At the middle of each step. */
  #waiting(endNs: number): Record<string, number[]> {
    const stepNs = (endNs - this.#atNs) / STEPS
    const times = Array.from({ length: STEPS }, (_, step) => this.#atNs + (step + 0.5) * stepNs)
    const isWaiting = (atNs: number) => (each: Served) => each.atNs <= atNs && each.doneNs > atNs
    return {
      expired: times.map((atNs) => this.#firedNs.filter((ns) => ns > atNs).length),
      urgent: times.map((atNs) => this.#urgent.filter(isWaiting(atNs)).length),
    }
  }
}
