/** Fidelity in words and cells: alike in terminal, Markdown and page. */
import { formatParams, formatRatio, formatValue, MISSING } from '../../harness/format.ts'
import {
  type Fidelity,
  type FidelityFigure,
  type FidelityPair,
  ratioRange,
} from '../../harness/verdict/fidelity.ts'
import { rangeOf } from './comparison.ts'
import type { PlainTable } from './plain.ts'

export const FIDELITY_TITLE = 'Fidelity: real against virtual time'

export const FIDELITY_LEGEND =
  'medians of the rounds · ratio: virtual by real; ×1.00 is the same, ×2.00 twice as much in virtual time · ' +
  'in range: whether the virtual median lies between the smallest and the largest real round'

const OF_MACHINE = new Set(['dispatch', 'poll'])

/** `http-server · virtual time against real time, epoll`. */
export function fidelityTitle({ scenario, selector }: Fidelity): string {
  return `${scenario} · virtual time against real time, ${selector}`
}

export function fidelityLoad({ params }: Fidelity): string {
  return formatParams(params)
}

export function fidelityTable({ pairs }: Fidelity): PlainTable {
  const names = ['policy', 'quantity', 'statistic', 'real', 'real rounds', 'virtual', 'ratio']
  return {
    columns: [...names, 'in range'].map((name, index) => ({ name, numeric: index >= 3 })),
    rows: pairs.flatMap(({ policy, figures }) =>
      figures.map((figure, index) => [index === 0 ? policy : '', ...cellsOf(figure)]),
    ),
  }
}

function cellsOf({ quantity, statistic, unit, real, virtual, ratio, within }: FidelityFigure): string[] {
  return [
    quantity,
    statistic,
    formatValue(real.value, unit),
    rangeOf(real) || MISSING,
    formatValue(virtual.value, unit),
    ratio === undefined ? MISSING : formatRatio(ratio, 1),
    within === undefined ? MISSING : within ? 'yes' : 'no',
  ]
}

/** A pair in one line, and what its virtual run was calibrated with in another. */
export function fidelityLines({ pairs }: Fidelity): { policy: string; text: string; trouble: boolean }[] {
  return pairs.flatMap((pair) => [
    { policy: pair.policy, text: pair.trouble ?? summaryOf(pair), trouble: pair.trouble !== undefined },
    ...calibrationOf(pair).map((text) => ({ policy: pair.policy, text, trouble: false })),
  ])
}

/** `virtual / real: mean ×0.93–1.07, p99 ×0.82–1.10, throughput ×1.00; 5 of 7 figures among the real rounds`. */
function summaryOf(pair: FidelityPair): string {
  const ratios = ['mean', 'p50', 'p99', 'throughput'].flatMap((statistic) => {
    const range = ratioRange(pair, statistic)
    return range === undefined ? [] : [`${statistic} ${rangeText(range)}`]
  })
  if (ratios.length === 0) return 'no figure that both kinds of time have'
  const told = pair.figures.filter(({ within }) => within !== undefined)
  const among = told.filter(({ within }) => within).length
  const count = told.length === 0 ? [] : [`${among} of ${told.length} figures among the real rounds`]
  return [`virtual / real: ${ratios.join(', ')}`, ...count].join('; ')
}

function rangeText({ low, high }: { low: number; high: number }): string {
  const [from, to] = [formatRatio(low, 1), formatRatio(high, 1)]
  return from === to ? from : `${from}–${to.slice(1)}`
}

/** What the machine takes for each handle and each look at I/O, then what handles of each class take beyond their work. */
function calibrationOf({ calibration }: FidelityPair): string[] {
  const entries = Object.entries(calibration).map(([name, { value, unit }]) => ({
    ofMachine: OF_MACHINE.has(name),
    text: `${name} ${formatValue(value, unit)}`,
  }))
  if (entries.length === 0) return []
  const textOf = (ofMachine: boolean) =>
    entries
      .filter((entry) => entry.ofMachine === ofMachine)
      .map(({ text }) => text)
      .join(', ')
  const parts = [textOf(true), textOf(false).replace(/^(?=.)/, 'overhead of a handle: ')]
  return [`calibrated from the real run: ${parts.filter((part) => part !== '').join('; ')}`]
}
