/**
 * How often checks go wrong, and how often they find what is there: whole checks made up of real pairs of rounds, drawn
 * with replacement, and decided by the very procedure that decides checks.
 *
 * Pairs of the same code on both sides are drawn as they were measured, not moved to have their centre at zero: as few
 * as there are, their centre deviates by chance, and that is noise which a check has to stand as well; it makes alarms
 * more likely and never less. Lest the direction in which it deviates decides, a coin for each cell and check says which
 * side is called the new one: which of two equal sides that is means nothing. It is one coin for all pairs of a cell:
 * a coin for each pair would hide a side that is worse in all of them. Pairs whose new side was really slowed down are
 * never turned.
 *
 * Bounds are about the drawing alone: what the pairs do not know (another day, another neighbour), no figure here knows.
 */
import { createRandom, deriveSeed, type Random } from '../random.ts'
import {
  type Decision,
  decideFamily,
  type FamilyOptions,
  type FamilyTest,
  movedControl,
} from './procedure.ts'
import { worstOf } from './real-cells.ts'
import { upperBound } from './statistics/clopper-pearson.ts'
import { assertCount } from './statistics/domain.ts'

/** A metric that decides, in all the pairs of a cell. */
export interface PooledMetric {
  readonly name: string
  /** From how much worse on it fails, as a share. */
  readonly threshold: number
  /** ln(new / old) of each pair, turned so that positive is worse. None where the metric cannot be compared. */
  readonly differences: readonly number[]
}

export interface PooledCell {
  /** The same pair stands at the same place in each of them: they are drawn together. */
  readonly metrics: readonly PooledMetric[]
  /** The new side of these pairs was slowed down: that it fails is no false alarm. Default: both are the same code. */
  readonly slowed?: boolean
}

export interface ResampleOptions extends Pick<FamilyOptions, 'alpha' | 'margin' | 'confirm'> {
  readonly cells: readonly PooledCell[]
  /** Cells that watch the machine. Default: none. */
  readonly controls?: readonly PooledCell[]
  /** Of each cell in a check. */
  readonly rounds: number
  readonly checks: number
  /** Cells that get a verdict, from the first check on, which takes 15 ms a metric. Default: 300. */
  readonly judged?: number
  readonly seed: number
}

/** How often something happened, and what share that speaks for: each bound with a confidence of 95 % by itself. */
export interface Counted {
  readonly times: number
  readonly of: number
  readonly low: number
  readonly high: number
}

export interface Resampled {
  readonly checks: number
  readonly rounds: number
  /** Checks in which a cell fails whose sides are the same. */
  readonly alarms: Counted
  /** Cells that were slowed down and fail. Absent: there are none. */
  readonly found?: Counted
  /** The same by metric: checks in which it raises an alarm, and slowed cells that fail by it. */
  readonly metrics: Readonly<Record<string, { readonly alarms: Counted; readonly found?: Counted }>>
  /** Cells that are inconclusive, among those that got a verdict. */
  readonly inconclusive: Counted
  /** Checks in which a control moved. */
  readonly contaminated: Counted
}

/** The same seed gives the same figures. Throws RangeError on counts that are none. */
export function resampleChecks(options: ResampleOptions): Resampled {
  const { cells, checks, rounds, seed, judged = 300 } = options
  assertCount(cells.length, 'number of cells')
  assertCount(rounds, 'number of rounds')
  assertCount(checks, 'number of checks')
  assertCount(judged, 'number of judged cells')
  const counts = new Counts(cells)
  for (let check = 0; check < checks; check++) {
    const { decisions, contaminated } = drawCheck(options, deriveSeed(seed, `check ${check}`))
    counts.count(decisions, contaminated)
    counts.judge(decisions.slice(0, Math.max(0, judged - check * cells.length)))
  }
  return { checks, rounds, ...counts.counted() }
}

/** What a check decides, metric by metric of each cell. */
type Decisions = readonly (readonly Decision[])[]

function drawCheck(
  options: ResampleOptions,
  seed: number,
): { readonly decisions: Decisions; readonly contaminated: boolean } {
  const { cells, controls = [] } = options
  const drawn = cells.map((cell, i) => testsOf(cell, options.rounds, deriveSeed(seed, `cell ${i}`)))
  const watching = controls.flatMap((cell, i) =>
    testsOf(cell, options.rounds, deriveSeed(seed, `control ${i}`)),
  )
  const contaminated = watching.length > 0 && movedControl(watching, options) !== undefined
  const { alpha, margin, confirm } = options
  const decisions = decideFamily(drawn.flat(), { alpha, margin, confirm, contaminated }).values()
  return { decisions: drawn.map((tests) => tests.map(() => decisions.next().value!)), contaminated }
}

/** Fresh rounds are drawn where they are asked for, and are the same ones for all metrics of the cell. */
function testsOf({ metrics, slowed = false }: PooledCell, rounds: number, seed: number): FamilyTest[] {
  const random = createRandom(seed)
  const sign = !slowed && random.integer(2) === 1 ? -1 : 1
  const pairs = Math.max(0, ...metrics.map(({ differences }) => differences.length))
  const first = drawPairs(random.fork('first'), pairs, rounds)
  let again: number[] | undefined
  const drawnFrom = ({ differences }: PooledMetric, drawn: readonly number[]) =>
    differences.length === 0 ? [] : drawn.map((pair) => sign * differences[pair]!)
  return metrics.map((metric) => ({
    differences: drawnFrom(metric, first),
    fresh: () => {
      again ??= drawPairs(random.fork('fresh'), pairs, rounds)
      return drawnFrom(metric, again)
    },
    threshold: metric.threshold,
    seed: deriveSeed(seed, metric.name),
  }))
}

function drawPairs(random: Random, pairs: number, rounds: number): number[] {
  return Array.from({ length: rounds }, () => random.integer(pairs))
}

class Count {
  #times = 0
  #of = 0

  add(happened: boolean): void {
    this.#of++
    if (happened) this.#times++
  }

  /** Undefined where there was nothing to count. */
  get counted(): Counted | undefined {
    return this.#of === 0 ? undefined : countedOf(this.#times, this.#of)
  }
}

/** With its bounds, each one-sided. */
export function countedOf(times: number, of: number): Counted {
  return { times, of, low: 1 - upperBound(of - times, of), high: upperBound(times, of) }
}

class Counts {
  readonly #cells: readonly PooledCell[]
  readonly #alarms = new Count()
  readonly #found = new Count()
  readonly #inconclusive = new Count()
  readonly #contaminated = new Count()
  readonly #metrics = new Map<string, { readonly alarms: Count; readonly found: Count }>()

  constructor(cells: readonly PooledCell[]) {
    this.#cells = cells
    for (const { name } of cells.flatMap(({ metrics }) => metrics))
      this.#metrics.set(name, { alarms: new Count(), found: new Count() })
  }

  count(decisions: Decisions, contaminated: boolean): void {
    this.#contaminated.add(contaminated)
    const failing = this.#cells.map(({ metrics }, cell) =>
      metrics.filter((_, i) => fails(decisions[cell]![i]!)).map(({ name }) => name),
    )
    const alarms = failing.filter((_, cell) => !this.#cells[cell]!.slowed)
    this.#alarms.add(alarms.some((names) => names.length > 0))
    for (const [name, metric] of this.#metrics)
      metric.alarms.add(alarms.some((names) => names.includes(name)))
    for (const [cell, { slowed, metrics }] of this.#cells.entries()) {
      if (!slowed) continue
      this.#found.add(failing[cell]!.length > 0)
      for (const { name } of metrics) this.#metrics.get(name)!.found.add(failing[cell]!.includes(name))
    }
  }

  judge(decisions: Decisions): void {
    for (const cell of decisions)
      this.#inconclusive.add(worstOf(cell.map(({ verdict }) => verdict)) === 'inconclusive')
  }

  counted(): Omit<Resampled, 'checks' | 'rounds'> {
    const found = this.#found.counted
    const metrics = [...this.#metrics].map(([name, each]) => {
      const ownFound = each.found.counted
      return [name, { alarms: each.alarms.counted!, ...(ownFound && { found: ownFound }) }] as const
    })
    return {
      alarms: this.#alarms.counted!,
      ...(found && { found }),
      metrics: Object.fromEntries(metrics),
      inconclusive: this.#inconclusive.counted!,
      contaminated: this.#contaminated.counted!,
    }
  }
}

/** Only of a suspect is it asked: the verdict of others takes long, and is another one. */
function fails(decision: Decision): boolean {
  return decision.suspect && decision.verdict === 'regression'
}
