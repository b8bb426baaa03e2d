/** Who had the loop, and who waited for it, in the first moments of a run: a picture. */
import type { Meter, TimelineSpan } from '../../harness/api.ts'

const LANES = ['input', 'frame', 'background'] as const

export class Lanes {
  readonly #startNs: number
  readonly #untilNs: number
  readonly #spans: Record<(typeof LANES)[number], TimelineSpan[]> = { input: [], frame: [], background: [] }

  constructor(startNs: number, lengthNs: number) {
    this.#startNs = startNs
    this.#untilNs = startNs + lengthNs
  }

  /** Ready or due since `sinceNs`, it ran from `fromNs` until `untilNs`. */
  ran(lane: (typeof LANES)[number], sinceNs: number, fromNs: number, untilNs: number): void {
    if (untilNs > this.#untilNs) return
    this.#add(lane, 'waiting', sinceNs, fromNs)
    this.#add(lane, 'running', fromNs, untilNs)
  }

  report(meter: Meter): void {
    const lanes = LANES.map((name) => ({ name, spans: this.#spans[name] }))
    meter.timeline({ title: 'Who has the loop', blocks: [{ name: 'the first frames', lanes }] })
  }

  #add(lane: (typeof LANES)[number], kind: TimelineSpan['kind'], fromNs: number, untilNs: number): void {
    const startNs = fromNs - this.#startNs
    const endNs = untilNs - this.#startNs
    if (endNs > startNs) this.#spans[lane].push({ kind, startNs, endNs })
  }
}
