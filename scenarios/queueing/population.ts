/** How many jobs are in the system, waiting or served, over time. */
import type { Meter } from '../../harness/api.ts'

/** Steps of the chart. When time runs out of them, each becomes twice as long: memory does not grow. */
const STEPS = 128
const FIRST_STEP_NS = 1e6

/** One class: its number now, and the integral of that number over time. */
class Count {
  size = 0
  largest = 0
  /** Jobs × ns up to `#atNs`, by step. */
  readonly areas = new Float64Array(STEPS)
  area = 0
  sojournSumNs = 0
  #atNs: number

  constructor(startNs: number) {
    this.#atNs = startNs
  }

  /** `nowNs` may lie before the last change: in real time an arrival is seen later than it came. */
  change(by: number, nowNs: number, startNs: number, stepNs: number): void {
    if (nowNs >= this.#atNs) {
      this.#fill(this.size, this.#atNs, nowNs, startNs, stepNs)
      this.#atNs = nowNs
    } else this.#fill(by, nowNs, this.#atNs, startNs, stepNs)
    this.size += by
    if (this.size > this.largest) this.largest = this.size
  }

  /** Twice the step: two areas become one. */
  coarsen(): void {
    for (let i = 0; i < STEPS; i++) {
      this.areas[i] = 2 * i < STEPS ? this.areas[2 * i]! + this.areas[2 * i + 1]! : 0
    }
  }

  #fill(height: number, fromNs: number, untilNs: number, startNs: number, stepNs: number): void {
    this.area += height * (untilNs - fromNs)
    for (let atNs = fromNs; atNs < untilNs; ) {
      const step = Math.floor((atNs - startNs) / stepNs)
      const endNs = Math.min(untilNs, startNs + (step + 1) * stepNs)
      this.areas[step]! += height * (endNs - atNs)
      atNs = endNs
    }
  }
}

export class Population {
  readonly #startNs: number
  readonly #classes = new Map<string, Count>()
  #size = 0
  #largest = 0
  #lastClass: string | undefined
  #last: Count | undefined
  #stepNs = FIRST_STEP_NS
  #endNs = FIRST_STEP_NS * STEPS
  #lastNs: number

  constructor(startNs: number) {
    this.#startNs = startNs
    this.#lastNs = startNs
    this.#endNs += startNs
  }

  /** Jobs in the system now. */
  get size(): number {
    return this.#size
  }

  came(className: string, nowNs: number): void {
    this.#change(this.#of(className), 1, nowNs)
    if (++this.#size > this.#largest) this.#largest = this.#size
  }

  left(className: string, nowNs: number, sojournNs: number): void {
    const own = this.#of(className)
    this.#change(own, -1, nowNs)
    own.sojournSumNs += sojournNs
    this.#size--
  }

  /**
   * By how much Little's law (L = λT) is broken, at most, over all classes, as a ratio: the integral of
   * the number in the system is the sum of all sojourns, exactly, when all have left. 0 but for rounding.
   */
  littleError(): number {
    return Math.max(
      0,
      ...[...this.#classes.values()].map(({ area, sojournSumNs }) =>
        area === sojournSumNs ? 0 : Math.abs(area - sojournSumNs) / Math.max(area, sojournSumNs),
      ),
    )
  }

  report(meter: Meter): void {
    const spanNs = this.#lastNs - this.#startNs
    if (spanNs <= 0) return
    const lines: Record<string, number[]> = {}
    let area = 0
    for (const [className, count] of this.#classes) {
      reportLength(meter, `queueLength.${className}`, count.area / spanNs, count.largest)
      lines[className] = this.#means(count, spanNs)
      area += count.area
    }
    reportLength(meter, 'queueLength', area / spanNs, this.#largest)
    meter.timeSeries({ title: 'Jobs in the system', unit: 'count', stepNs: this.#stepNs, lines })
  }

  #means(count: Count, spanNs: number): number[] {
    return Array.from({ length: Math.ceil(spanNs / this.#stepNs) }, (_, i) => {
      const lengthNs = Math.min(this.#stepNs, spanNs - i * this.#stepNs)
      return count.areas[i]! / lengthNs
    })
  }

  #change(own: Count, by: number, nowNs: number): void {
    while (nowNs >= this.#endNs) this.#coarsen()
    if (nowNs > this.#lastNs) this.#lastNs = nowNs
    own.change(by, nowNs, this.#startNs, this.#stepNs)
  }

  #coarsen(): void {
    this.#stepNs *= 2
    this.#endNs = this.#startNs + this.#stepNs * STEPS
    for (const count of this.#classes.values()) count.coarsen()
  }

  /** Jobs of a class come in runs: the last one is found without a look-up. */
  #of(className: string): Count {
    if (className !== this.#lastClass) {
      this.#lastClass = className
      this.#last = this.#lookUp(className)
    }
    return this.#last!
  }

  #lookUp(className: string): Count {
    let count = this.#classes.get(className)
    if (count === undefined) {
      count = new Count(this.#startNs)
      this.#classes.set(className, count)
    }
    return count
  }
}

function reportLength(meter: Meter, name: string, mean: number, largest: number): void {
  meter.value(`${name}.mean`, mean, 'count', 'lower')
  meter.value(`${name}.max`, largest, 'count', 'lower')
}
