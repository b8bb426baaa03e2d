/** Work that nobody waits for: indexing, checking, saving. There is always more of it. */
import { type Loop, ms, us } from '../../harness/api.ts'
import type { Lanes } from './lanes.ts'
import type { InterfaceContext } from './params.ts'

export class Background {
  readonly #loop: Loop
  readonly #ctx: InterfaceContext
  readonly #lanes: Lanes
  #begun = 0
  #done = 0

  constructor(loop: Loop, ctx: InterfaceContext, lanes: Lanes) {
    this.#loop = loop
    this.#ctx = ctx
    this.#lanes = lanes
  }

  /** Each task does one job after another; those begun before the end are finished. */
  async run(endNs: number): Promise<void> {
    const tasks = Array.from({ length: this.#ctx.params.backgroundTasks }, () =>
      this.#loop.spawn(() => this.#work(endNs), { className: 'background', name: 'background' }),
    )
    await this.#loop.gather(tasks)
    this.#ctx.check(
      this.#done === this.#begun,
      `${this.#begun} background jobs were begun and ${this.#done} done`,
    )
  }

  async #work(endNs: number): Promise<void> {
    const { meter, params } = this.#ctx
    while (this.#loop.nowNs() < endNs) {
      const beganNs = this.#loop.nowNs()
      this.#begun++
      await this.doJob(ms(params.jobMs), params.sliceUs > 0 ? us(params.sliceUs) : ms(params.jobMs))
      meter.latency('background', this.#loop.nowNs() - beganNs)
      meter.operations()
    }
  }

  protected async doJob(jobNs: number, sliceNs: number): Promise<void> {
    for (let leftNs = jobNs; leftNs > 0; leftNs -= sliceNs) {
      this.#loop.currentTask!.setAttributes({ expectedNs: leftNs })
      await this.#loop.yieldNow()
      const fromNs = this.#loop.nowNs()
      this.#loop.work(Math.min(sliceNs, leftNs))
      this.#lanes.ran('background', fromNs, fromNs, this.#loop.nowNs())
    }
    this.#done++
  }
}
