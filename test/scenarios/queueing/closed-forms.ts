/**
 * Holds every closed form against long simulations and prints a table: `node node_modules/jiti/lib/jiti-cli.mjs
 * test/scenarios/queueing/closed-forms.ts [PART-OF-A-NAME] [FACTOR-OF-CUSTOMERS]`. The same forms run shorter in
 * closed-forms.test.ts.
 */
import { FORMS, type Form } from './forms.ts'
import { type Measured, measure, SEEDS } from './measure.ts'

const [part = '', factor = '1'] = process.argv.slice(2)
const WIDTHS = [36, 14, 14, 11, 11, 9, 9, 8]

function print(cells: readonly string[]): void {
  const line = cells.map((cell, i) => (i < 2 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!)))
  process.stdout.write(`${line.join(' ')}\n`)
}

function row({ name, policy }: Form, { figure, pooled, inside }: Measured): string[] {
  const { mean, halfWidth } = pooled
  const width = halfWidth / mean
  return [
    name,
    String(policy),
    figure.what,
    String(Number(figure.known.toPrecision(5))),
    mean.toPrecision(5),
    `${((mean / figure.known - 1) * 100).toFixed(2)} %`,
    `${(width * 100).toFixed(2)} %`,
    `${inside ? 'inside' : 'OUTSIDE'}${width > 0.01 ? `, wide: ${figure.wide ?? 'TOO FEW'}` : ''}`,
  ]
}

print(['closed form', 'policy', 'mean of', 'theory', 'simulated', 'error', '± 99 %', ''])
let outside = 0
for (const form of FORMS.filter(({ name }) => name.includes(part))) {
  const customers = Math.round(form.customers * Number(factor))
  const measured = await measure(form, customers, SEEDS)
  for (const each of measured) print(row(form, each))
  outside += measured.filter(({ inside }) => !inside).length
}
process.stdout.write(`${outside} outside\n`)
process.exitCode = outside === 0 ? 0 : 1
