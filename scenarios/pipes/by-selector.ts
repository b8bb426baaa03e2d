/**
 * Prints the cost per event of `pipes` or `connections` as Kerrisk's table has it: sizes downwards, selectors across.
 * Run: node by-selector.js loopdyno-report/summary.json
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Summary {
  readonly cells: readonly {
    readonly policy: string
    readonly selector: string
    readonly scenario: string
    readonly metrics: Readonly<Record<string, { readonly value: number }>>
  }[]
}

const PER_EVENT = /^perEvent\.(\d+)$/

/** Markdown, a table for each scenario; cost per event in microseconds. */
export function bySelector({ cells }: Summary): string {
  const measured = cells.filter(({ metrics }) => Object.keys(metrics).some((name) => PER_EVENT.test(name)))
  const scenarios = [...new Set(measured.map(({ scenario }) => scenario))]
  return scenarios
    .map((scenario) =>
      tableOf(
        scenario,
        measured.filter((cell) => cell.scenario === scenario),
      ),
    )
    .join('\n')
}

function tableOf(scenario: string, cells: Summary['cells']): string {
  const names = cells.flatMap(({ metrics }) => Object.keys(metrics))
  const sizes = [...new Set(names.flatMap((name) => PER_EVENT.exec(name)?.[1] ?? []))].map(Number)
  const rows = sizes
    .sort((a, b) => a - b)
    .map((size) => [String(size), ...cells.map(({ metrics }) => microseconds(metrics[`perEvent.${size}`]))])
  const header = [scenario, ...cells.map(({ selector, policy }) => `${selector} (${policy})`)]
  return [header, header.map(() => '--:'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

function microseconds(metric: { readonly value: number } | undefined): string {
  return metric === undefined ? '–' : `${(metric.value / 1e3).toFixed(1)} µs`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const summary = JSON.parse(
    readFileSync(process.argv[2] ?? 'loopdyno-report/summary.json', 'utf8'),
  ) as Summary
  process.stdout.write(bySelector(summary))
}
