/** What was simulated beside what theory says: metrics and a table. */
import type { Meter } from '../../harness/api.ts'
import type { BatchMeans } from './confidence.ts'

export interface Comparison {
  /** What the row of the table begins with. */
  readonly what: string
  readonly simulated: BatchMeans
  /** Not finite: there is none, for example because the queue grows for ever. */
  readonly theory: number
  readonly metrics: ComparedMetrics
}

interface ComparedMetrics {
  /** Half-width of the 99 % confidence interval relative to the mean. */
  readonly ci99: string
  readonly theory: string
  /** Simulated / theory − 1. */
  readonly error: string
}

/** Names of the metrics about the sojourns of a class, or of all. */
export function sojournMetrics(className?: string): ComparedMetrics {
  const of = className === undefined ? '' : `${className}.`
  return { ci99: `sojourn.${of}ci99`, theory: `theory.${of}sojournMean`, error: `theory.${of}error` }
}

/** Names of the metrics about another quantity. */
export function quantityMetrics(quantity: string): ComparedMetrics {
  return { ci99: `${quantity}.ci99`, theory: `theory.${quantity}`, error: `theory.${quantity}.error` }
}

/** Means of durations against theory. */
export function compareTimes(meter: Meter, comparisons: readonly Comparison[]): void {
  compare(meter, 'Simulated against theory', 'ns', comparisons)
}

/** Shares of customers against theory. */
export function compareShares(meter: Meter, comparisons: readonly Comparison[]): void {
  compare(meter, 'Shares of customers against theory', 'ratio', comparisons)
}

function compare(
  meter: Meter,
  title: string,
  unit: 'ns' | 'ratio',
  comparisons: readonly Comparison[],
): void {
  for (const comparison of comparisons) reportMetrics(meter, unit, comparison)
  meter.table({
    title,
    columns: [
      { name: 'mean of' },
      { name: 'simulated', unit },
      { name: '± 99 %', unit: 'ratio' },
      { name: 'theory', unit },
      { name: 'error', unit: 'ratio' },
    ],
    rows: comparisons.map((comparison) => [comparison.what, ...figuresOf(comparison).map(orDash)]),
  })
}

function reportMetrics(meter: Meter, unit: 'ns' | 'ratio', comparison: Comparison): void {
  const [, ci99, theory, error] = figuresOf(comparison)
  const { metrics } = comparison
  if (Number.isFinite(ci99)) meter.value(metrics.ci99, ci99, 'ratio', 'neither')
  if (Number.isFinite(theory)) meter.value(metrics.theory, theory, unit, 'neither')
  if (Number.isFinite(error)) meter.value(metrics.error, error, 'ratio', 'neither')
}

function figuresOf({ simulated, theory }: Comparison): [number, number, number, number] {
  const error = Number.isFinite(theory) ? simulated.mean / theory - 1 : Number.NaN
  return [simulated.mean, simulated.halfWidth99 / simulated.mean, theory, error]
}

function orDash(figure: number): number | string {
  return Number.isFinite(figure) ? figure : '–'
}
