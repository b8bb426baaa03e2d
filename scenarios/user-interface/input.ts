/** Clicks go into an event queue; a loop of its own takes them out and calls the handler. */
import { type Arrival, type Loop, ms, type Queue, type Random, type Task, us } from '../../harness/api.ts'
import type { Lanes } from './lanes.ts'
import type { InterfaceContext } from './params.ts'

/** Up to here people feel that what they see is what they do (Miller 1968, Nielsen 1993). */
export const INSTANT_NS = ms(100)

export interface Click extends Arrival {
  /** From 0 on. */
  readonly id: number
}

/** `undefined`: no more will come. */
export type EventQueue = Pick<Queue<Click | undefined>, 'putNowait' | 'get' | 'size'>

export class Input {
  readonly #loop: Loop
  readonly #ctx: InterfaceContext
  readonly #queue: EventQueue
  readonly #lanes: Lanes
  /** Told of each click that has been handled: the next frame will show what it did. */
  readonly #handled: (click: Click) => void
  #came = 0
  #done = 0

  constructor(
    loop: Loop,
    ctx: InterfaceContext,
    queue: EventQueue,
    lanes: Lanes,
    handled: (click: Click) => void,
  ) {
    this.#loop = loop
    this.#ctx = ctx
    this.#queue = queue
    this.#lanes = lanes
    this.#handled = handled
  }

  /** Done when every click has been handled. */
  async run(startNs: number, endNs: number): Promise<void> {
    const { params, random, check } = this.#ctx
    const dispatcher = this.#loop.spawn(() => this.#dispatch(), { className: 'input', name: 'dispatcher' })
    const clicks = clicksBetween(startNs, endNs, params.inputsPerSecond, random.fork('clicks'))
    await this.#loop.arrivals(clicks, (click) => this.#clicked(click, dispatcher))
    this.#queue.putNowait(undefined)
    await dispatcher
    check(this.#done === this.#came, `${this.#came} clicks came and ${this.#done} were handled`)
    this.#ctx.meter.count('clicks', this.#came)
  }

  /** Comes from outside, as from an operating system: it costs the loop nothing but the handler's turn. */
  #clicked(click: Click, dispatcher: Task<void>): void {
    if (this.#queue.size === 0) dispatcher.setAttributes({ deadlineNs: click.atNs + INSTANT_NS })
    this.#came++
    this.#queue.putNowait(click)
  }

  async #dispatch(): Promise<void> {
    for (let click = await this.#queue.get(); click !== undefined; click = await this.#queue.get()) {
      this.#handle(click)
    }
  }

  #handle(click: Click): void {
    const { meter, params, check } = this.#ctx
    check(click.id === this.#done, `Click ${click.id} was handled when it was click ${this.#done}'s turn`)
    this.#done++
    const startNs = this.#loop.nowNs()
    this.#loop.work(us(params.inputUs))
    const nowNs = this.#loop.nowNs()
    meter.latency('input', nowNs - click.atNs)
    this.#lanes.ran('input', click.atNs, startNs, nowNs)
    this.#handled(click)
  }
}

function* clicksBetween(startNs: number, endNs: number, perSecond: number, random: Random): Generator<Click> {
  const gapNs = 1e9 / perSecond
  let id = 0
  for (let atNs = startNs + random.exponential(gapNs); atNs < endNs; atNs += random.exponential(gapNs)) {
    yield { id: id++, atNs: Math.round(atNs) }
  }
}
