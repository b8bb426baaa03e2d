/** A closed form held against simulations: its figures, pooled over seeds, in the form's units. */
import type { Figure, Form } from './forms.ts'
import { type Pooled, pool, type RunResult, runOnce } from './simulated.ts'

/** Fixed, so that every run of the tests is the same. */
export const SEEDS = [1, 2, 3, 4, 5]

export interface Measured {
  readonly figure: Figure
  readonly pooled: Pooled
  /** The known figure lies in the simulation's own 99 % confidence interval. */
  readonly inside: boolean
}

/** Throws where a check of the scenario's own fails. */
export async function measure(form: Form, customers: number, seeds: readonly number[]): Promise<Measured[]> {
  const results: RunResult[] = []
  for (const seed of seeds) {
    const result = await runOnce(form, customers, seed)
    if (result.failures.length > 0) throw new Error(`${form.name}: ${result.failures.join('; ')}`)
    results.push(result)
  }
  return form.figures.map((figure) => {
    const pooled = inUnits(pool(results, figure), figure.unit)
    return { figure, pooled, inside: Math.abs(pooled.mean - figure.known) <= pooled.halfWidth }
  })
}

function inUnits({ theory, mean, halfWidth }: Pooled, unit: number): Pooled {
  return { theory: theory / unit, mean: mean / unit, halfWidth: halfWidth / unit }
}
