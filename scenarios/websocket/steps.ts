/** A quantity that changes now and then, as its mean over equal steps of time: what a line chart shows. */
export class Steps {
  readonly stepNs: number
  readonly #means: number[] = []
  #value = 0
  #sinceNs: number
  #stepEndNs: number
  /** Value times time in the step under way. */
  #area = 0

  constructor(stepNs: number, startNs: number) {
    this.stepNs = stepNs
    this.#sinceNs = startNs
    this.#stepEndNs = startNs + stepNs
  }

  set(value: number, nowNs: number): void {
    this.change(value - this.#value, nowNs)
  }

  change(by: number, nowNs: number): void {
    if (by === 0) return
    this.#advance(nowNs)
    this.#value += by
  }

  /** The mean of each step that is over. */
  means(nowNs: number): number[] {
    this.#advance(nowNs)
    return this.#means
  }

  #advance(nowNs: number): void {
    while (nowNs >= this.#stepEndNs) {
      this.#area += this.#value * (this.#stepEndNs - this.#sinceNs)
      this.#means.push(this.#area / this.stepNs)
      this.#area = 0
      this.#sinceNs = this.#stepEndNs
      this.#stepEndNs += this.stepNs
    }
    this.#area += this.#value * (nowNs - this.#sinceNs)
    this.#sinceNs = nowNs
  }
}
