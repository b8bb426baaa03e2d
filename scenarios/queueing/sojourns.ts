/** Sojourns of all customers and of each class. */
import { type Comparison, sojournMetrics } from './comparison.ts'
import { BatchMeans } from './confidence.ts'
import type { Traffic } from './theory.ts'

export class Sojourns {
  readonly #all = new BatchMeans()
  readonly #byClass: ReadonlyMap<string, BatchMeans>

  constructor(classNames: readonly string[]) {
    this.#byClass = new Map(classNames.map((name) => [name, new BatchMeans()]))
  }

  add(className: string, sojournNs: number): void {
    this.#all.add(sojournNs)
    this.#byClass.get(className)!.add(sojournNs)
  }

  /** Beside the mean sojourns (ns) that theory has for the classes, whose traffic weighs the mean of all. */
  compare(traffic: readonly Traffic[], means: readonly number[]): Comparison[] {
    const rate = traffic.reduce((sum, each) => sum + each.rate, 0)
    const overall = means.reduce((sum, mean, k) => sum + (traffic[k]!.rate / rate) * mean, 0)
    const classes = [...this.#byClass].map(([className, simulated], k) => ({
      what: `sojourn of ${className}`,
      simulated,
      theory: means[k]!,
      metrics: sojournMetrics(className),
    }))
    return [{ what: 'sojourn', simulated: this.#all, theory: overall, metrics: sojournMetrics() }, ...classes]
  }
}
