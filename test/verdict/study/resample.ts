/**
 * How often checks raise false alarms, and how often they find a slowdown, from the real pairs in `pairs.json`, which
 * `collect.ts` measured: `npx jiti test/verdict/study/resample.ts [--checks 1000] [FILE]`. Takes some minutes. The same
 * pairs give the same figures on every machine. Exit code 1 where a figure is not what the project promises.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { formatShare } from '../../../harness/format.ts'
import type { Counted } from '../../../harness/verdict/resampling.ts'
import { falseAlarms, type PowerFigure, parseStudy, power, powerAt } from './figures.ts'

/** Of all checks, at most. */
const ALARMS_MAX = 0.01
/** Of all cells, at most. */
const INCONCLUSIVE_MAX = 0.1
/**
 * In which metric a slowdown is found how often, at least, whatever else is checked: 5 and 10 % of the cost of an
 * operation, and 20 % of throughput. Loops make up for a part of a busy-wait: for 5 % pairs of several are moved to it,
 * and beside hogs it takes one of 42 % for a fifth of the throughput.
 */
const FOUND_MIN = [
  { inject: undefined, metric: 'cpu.perOp', share: 0.8 },
  { inject: 0.1, metric: 'cpu.perOp', share: 0.95 },
  { inject: 0.42, metric: 'throughput', share: 0.95 },
]

const { values, positionals } = parseArgs({
  options: { checks: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
})
const options = { checks: Number(values.checks), seed: Number(values.seed) }
const study = parseStudy(readFileSync(positionals[0] ?? new URL('pairs.json', import.meta.url), 'utf8'))
const { cpu, cores, node, kernel } = study.environment
console.log(`Pairs of ${study.made}: ${cores} × ${cpu}, Linux ${kernel}, Node ${node}\n`)

let isKept = true

/** What was promised of a share, and whether it is kept. */
function promise(holds: boolean, text: string): string {
  isKept &&= holds
  return `${text} ${holds ? 'kept' : 'BROKEN'}`
}

console.log(`False alarms, ${options.checks} checks each: shares with the one-sided 95 % bound\n`)
print(
  ['what decides', 'where', 'pairs', 'cells', 'false alarms', 'at most', 'promised', 'inconclusive'],
  falseAlarms(study, options).map(({ what, place, pairs, cells, counted, inconclusive }) => [
    what,
    place,
    String(pairs),
    String(cells),
    `${counted.times} of ${counted.of} (${shareOf(counted)})`,
    formatShare(counted.high),
    promise(counted.times / counted.of <= ALARMS_MAX, `≤ ${formatShare(ALARMS_MAX)}`),
    shareOf(inconclusive),
  ]),
)

console.log(`\nPower, ${options.checks} checks each, one cell slowed down by a real busy-wait\n`)
const powers = [...powerAt(study, { metric: 'cpu.perOp', worse: 0.05 }, options), ...power(study, options)]
print(
  ['busy-wait', 'metric', 'worse by', 'where', 'cells', 'found', 'at least', 'promised', 'inconclusive'],
  powers.map((figure) => [
    figure.inject === undefined ? 'moved there' : formatShare(figure.inject),
    figure.metric,
    formatShare(figure.worse),
    figure.place,
    String(figure.cells),
    `${figure.counted.times} of ${figure.counted.of} (${shareOf(figure.counted)})`,
    formatShare(figure.counted.low),
    foundPromise(figure),
    inconclusiveText(figure),
  ]),
)
for (const { inject, metric } of FOUND_MIN) {
  if (powers.some((figure) => figure.inject === inject && figure.metric === metric)) continue
  console.log(
    `\n${promise(false, `Pairs slowed down${inject === undefined ? '' : ` by ${formatShare(inject)}`}, with ${metric}:`)}, there are none`,
  )
}
process.exitCode = isKept ? 0 : 1

/** Undefined where nothing was promised of it. */
function promisedOf({ inject, metric }: PowerFigure) {
  return FOUND_MIN.find((each) => each.inject === inject && each.metric === metric)
}

function inconclusiveText(figure: PowerFigure): string {
  const { times, of } = figure.inconclusive
  const text = shareOf(figure.inconclusive)
  return promisedOf(figure) === undefined
    ? text
    : promise(times / of <= INCONCLUSIVE_MAX, `${text}, ≤ ${formatShare(INCONCLUSIVE_MAX)}`)
}

function foundPromise(figure: PowerFigure): string {
  const { times, of } = figure.counted
  const wanted = promisedOf(figure)
  return wanted === undefined ? '–' : promise(times / of >= wanted.share, `≥ ${formatShare(wanted.share)}`)
}

function shareOf({ times, of }: Counted): string {
  return formatShare(times / of)
}

/** A table in Markdown, to be pasted as it is. */
function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)))
  const line = (row: readonly string[]) => `| ${row.map((text, i) => text.padEnd(widths[i]!)).join(' | ')} |`
  console.log(line(head))
  console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  for (const row of rows) console.log(line(row))
}
