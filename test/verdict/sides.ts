/** Made-up rounds of two sides: each metric given by how much worse each round is than the old one. */
import type { Better, MetricValue } from '../../harness/contracts.ts'
import { createRandom } from '../../harness/random.ts'
import type { Cell, Comparison, RoundRecord, RunRecords } from '../../harness/records.ts'
import { DEFAULT_RULES } from '../../harness/verdict/rules.ts'
import { headerOf, plainCell, plainRound } from '../reports/fixture.ts'
import { normal } from './statistics/noise.ts'

export type Pair = Comparison['pairs'][number]
export type Sides = Readonly<Record<'old' | 'new', readonly RoundRecord[]>>

/** Fewer than a check has: intervals take time by their square. */
export const ROUNDS = 12

export function realCell(more: Partial<Cell> = {}): Cell {
  return plainCell({ time: 'real', selector: 'epoll', ...more })
}

export function realPair(more: Partial<Cell> = {}, control?: number): Pair {
  const cell = realCell(more)
  return { old: cell, new: cell, ...(control === undefined ? {} : { control }) }
}

/** How much worse on average, and the deviation of rounds, as shares. */
export type Change = readonly [worse: number, sigma?: number]

const BETTER: Readonly<Record<string, Better>> = { throughput: 'higher', 'cpu.total': 'neither' }
const COST: Readonly<Record<string, Change>> = { 'cpu.perOp': [0], throughput: [0] }

export interface SidesOptions {
  readonly rounds?: number
  readonly seed?: number
  readonly stage?: RoundRecord['stage']
  /** Not recorded, or recorded as broken. */
  readonly more?: (side: 'old' | 'new', round: number) => Partial<RoundRecord>
}

/** Cost and throughput change so much; both are there unless other metrics are named. */
export function sidesOf(
  pair: Pair,
  changes: Readonly<Record<string, Change>> = COST,
  options: SidesOptions = {},
): Sides {
  const { rounds = ROUNDS, seed = 1, stage, more } = options
  const random = createRandom(seed)
  const recordOf = (side: 'old' | 'new', round: number, metrics: RoundRecord['metrics']) =>
    plainRound(pair[side], round, {
      arm: side,
      metrics,
      ...(stage && { stage }),
      ...(pair.control && { control: pair.control }),
      ...more?.(side, round),
    })
  const all = Array.from({ length: rounds }, (_, round) => {
    const drawn = Object.entries(changes).map(
      ([name, change]) => [name, pairOf(name, change, random)] as const,
    )
    const metricsOf = (side: 'old' | 'new') =>
      Object.fromEntries(drawn.map(([name, values]) => [name, metricOf(name, values[side])]))
    return { old: recordOf('old', round, metricsOf('old')), new: recordOf('new', round, metricsOf('new')) }
  })
  return { old: all.map((each) => each.old), new: all.map((each) => each.new) }
}

export function metricOf(name: string, value: number): MetricValue {
  return { value, unit: 'ns', better: BETTER[name] ?? 'lower' }
}

/** Both sides share what the machine did to the round. */
function pairOf(name: string, [worse, sigma = 0.01]: Change, random: ReturnType<typeof createRandom>) {
  const old = 1000 * Math.exp(0.1 * normal(random))
  const difference = Math.log1p(worse) + sigma * normal(random)
  return { old, new: old * Math.exp(BETTER[name] === 'higher' ? -difference : difference) }
}

export function recordsOf(
  cells: readonly { readonly pair: Pair; readonly sides: readonly Sides[] }[],
  comparison: Partial<Comparison> = {},
): RunRecords {
  const pairs = cells.map(({ pair }) => pair)
  const own = pairs.filter(({ control }) => control === undefined).map((pair) => pair.new)
  return {
    header: {
      ...headerOf(['fifo'], own, ROUNDS),
      comparison: {
        old: { label: 'HEAD~1', files: [] },
        new: { label: 'the working tree', files: [] },
        pairs,
        rules: [...DEFAULT_RULES],
        alpha: 0.05,
        margin: 0.03,
        exact: false,
        confirm: true,
        virtualRounds: 1,
        warmupMs: 250,
        windowMs: 600,
        ...comparison,
      },
    },
    rounds: cells.flatMap(({ sides }) => sides.flatMap((side) => [...side.old, ...side.new])),
  }
}
