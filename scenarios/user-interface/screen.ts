/** A screen that takes a new picture at fixed times, and shows the old one again where none is ready. */
import { type Loop, us } from '../../harness/api.ts'
import { type Click, INSTANT_NS } from './input.ts'
import type { Lanes } from './lanes.ts'
import type { InterfaceContext } from './params.ts'

export class Screen {
  readonly #loop: Loop
  readonly #ctx: InterfaceContext
  readonly #lanes: Lanes
  readonly #startNs: number
  /** The screen's own period, ns. */
  readonly #periodNs: number
  /** Times at which the screen takes a picture. */
  readonly #frames: number
  /** Handled, and on no picture yet. */
  #unseen: Click[] = []
  #shown = 0
  #missed = 0
  #longestSlots = 1
  #seen = 0
  #seenLate = 0

  constructor(loop: Loop, ctx: InterfaceContext, lanes: Lanes, startNs: number) {
    const { durationMs, framesPerSecond } = ctx.params
    this.#loop = loop
    this.#ctx = ctx
    this.#lanes = lanes
    this.#startNs = startNs
    this.#periodNs = 1e9 / framesPerSecond
    this.#frames = Math.max(1, Math.round((durationMs / 1000) * framesPerSecond))
  }

  get endNs(): number {
    return this.#startNs + this.#frames * this.#periodNs
  }

  /** What the click did will be on the next picture. */
  willShow(click: Click): void {
    this.#unseen.push(click)
  }

  /** Draws each frame from the moment the screen took the last one, as browsers do; what is late makes the next wait. */
  async run(): Promise<void> {
    const { frameUs } = this.#ctx.params
    for (let frame = 0; frame < this.#frames; ) {
      const dueNs = this.#startNs + frame * this.#periodNs
      this.#loop.currentTask!.setAttributes({ deadlineNs: dueNs + this.#periodNs, expectedNs: us(frameUs) })
      await this.#loop.sleep(dueNs - this.#loop.nowNs())
      frame += this.#draw(frame, dueNs)
    }
  }

  /** One frame; returns after how many periods the screen can take it. */
  #draw(frame: number, dueNs: number): number {
    const fromNs = this.#loop.nowNs()
    const drawn = this.#unseen
    this.#unseen = []
    this.#loop.work(us(this.#ctx.params.frameUs))
    const nowNs = this.#loop.nowNs()
    this.#ctx.meter.latency('frame', nowNs - dueNs)
    this.#lanes.ran('frame', dueNs, fromNs, nowNs)
    const slots = Math.max(1, Math.ceil((nowNs - dueNs) / this.#periodNs))
    this.#take(frame, slots)
    for (const click of drawn) this.#show(click, dueNs + slots * this.#periodNs)
    return slots
  }

  protected take(shown: number, missed: number): void {
    this.#shown += shown
    this.#missed += missed
  }

  /** The run ends with the last picture, whatever is still being drawn then. */
  #take(frame: number, slots: number): void {
    const left = this.#frames - frame
    if (slots <= left) this.take(1, slots - 1)
    else this.take(0, left)
    this.#longestSlots = Math.max(this.#longestSlots, Math.min(slots, left))
  }

  #show({ atNs }: Click, shownNs: number): void {
    this.#seen++
    if (shownNs - atNs > INSTANT_NS) this.#seenLate++
    this.#ctx.meter.duration('inputToScreen', shownNs - atNs)
  }

  /** Shows what was handled after the last frame. To be called when all has been handled. */
  showRest(): void {
    const periods = Math.ceil((this.#loop.nowNs() - this.#startNs) / this.#periodNs)
    for (const click of this.#unseen.splice(0)) this.#show(click, this.#startNs + periods * this.#periodNs)
  }

  /** `handled`: clicks that must have been seen. */
  report(handled: number): void {
    const { meter, check } = this.#ctx
    check(
      this.#shown + this.#missed === this.#frames,
      `Of ${this.#frames} frames ${this.#shown} were shown and ${this.#missed} missed`,
    )
    check(this.#seen === handled, `${handled} clicks were handled and ${this.#seen} seen on the screen`)
    meter.value('frames.missed', this.#missed, 'count', 'lower')
    meter.value('freeze.longest', this.#longestSlots * this.#periodNs, 'ns', 'lower')
    // Seen so late that people feel it.
    if (handled > 0) meter.value('clicks.late', this.#seenLate / handled, 'ratio', 'lower')
  }
}
