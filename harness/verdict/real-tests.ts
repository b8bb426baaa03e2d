/** Which tests a check in real time comes to, and what the procedure decides of them. */
import { deriveSeed } from '../random.ts'
import { type Comparison, cellKey, type RoundRecord, type Rule } from '../records.ts'
import { type PairedMetric, pairRounds } from './paired.ts'
import { type Decision, decideFamily, type FamilyTest, movedControl } from './procedure.ts'
import { ruleFor } from './rules.ts'

/** What a pair of cells was measured as. */
export interface RealPair {
  readonly pair: Comparison['pairs'][number]
  readonly old: readonly RoundRecord[]
  readonly new: readonly RoundRecord[]
  /** Those of the confirmation. */
  readonly freshOld: readonly RoundRecord[]
  readonly freshNew: readonly RoundRecord[]
}

export interface RealSettings extends Pick<Comparison, 'alpha' | 'margin' | 'confirm' | 'recorded'> {
  readonly rules: readonly Rule[]
  readonly seed: number
}

/** A metric that a rule makes count. */
interface RuledMetric {
  readonly metric: PairedMetric
  readonly rule: Rule
}

/** A pair of cells, and what its rounds come to side by side. */
export interface RealCell {
  readonly measured: RealPair
  readonly isControl: boolean
  /** How many both sides have. */
  readonly rounds: number
  readonly ruled: readonly RuledMetric[]
  readonly reported: readonly PairedMetric[]
  /** Names of metrics that would decide, had all rounds measured them. */
  readonly missing: readonly string[]
  /** Why there is nothing to compare: then there are no metrics. */
  readonly trouble?: string
}

/** A test of one metric of a cell. */
export interface RealTest extends FamilyTest, RuledMetric {
  readonly cell: RealCell
  /** What the rounds of the confirmation measured; undefined where there are none, or some broke down. */
  readonly freshMetric: () => PairedMetric | undefined
}

export interface DecidedTest extends RealTest {
  readonly decision: Decision
}

export interface RealDecisions {
  readonly cells: readonly RealCell[]
  readonly tests: readonly DecidedTest[]
  /** Those of them that decide. Holm's procedure went over them. */
  readonly family: number
  /** Of the control that moved most. */
  readonly moved?: RealTest
}

/**
 * Three families that do not touch one another: what decides, what only warns, and the controls, of which none is ever
 * called worse or better.
 */
export function decideReal(pairs: readonly RealPair[], settings: RealSettings): RealDecisions {
  const cells = pairs.map((each) => cellOf(each, settings.rules))
  const tests = cells.flatMap((cell) => testsOf(cell, settings.seed))
  const controls = tests.filter(({ cell }) => cell.isControl).sort(byIdentity)
  const changed = tests.filter(({ cell }) => !cell.isControl)
  const gated = changed.filter(({ rule }) => rule.level === 'error')
  const warned = changed.filter(({ rule }) => rule.level === 'warn')
  const moved = controls[movedControl(controls, settings) ?? -1]
  const contaminated = moved !== undefined
  return {
    cells,
    tests: [
      ...decided(gated, decideFamily(gated, { ...settings, contaminated })),
      ...decided(warned, decideFamily(warned, { ...settings, contaminated })),
      ...decided(controls, decideFamily(controls, { ...settings, contaminated: true })),
    ],
    family: gated.length,
    ...(moved === undefined ? {} : { moved }),
  }
}

/** Pairs that look worse, in their order, and are (or are to be) looked at again. */
export function suspectPairs({ cells, tests }: RealDecisions): RealPair[] {
  const isSuspect = (cell: RealCell) =>
    !cell.isControl && tests.some((test) => test.cell === cell && test.decision.suspect)
  return cells.filter(isSuspect).map(({ measured }) => measured)
}

/** Names the side that broke down. */
export function troubleOf(old: readonly RoundRecord[], now: readonly RoundRecord[]): string | undefined {
  const sides = [['new', now] as const, ['old', old] as const]
  for (const [side, rounds] of sides) {
    const broken = rounds.find(({ status }) => status !== 'ok')
    if (broken !== undefined)
      return `the ${side} side broke down (${broken.status}): ${broken.reason ?? 'no reason is known'}`
  }
  return undefined
}

function cellOf(measured: RealPair, rules: readonly Rule[]): RealCell {
  const shared = { measured, isControl: measured.pair.control !== undefined }
  const { rounds, metrics, gaps } = pairRounds(measured.old, measured.new)
  const nothing = rounds === 0 ? 'there is no round that both sides have' : undefined
  const trouble = troubleOf(measured.old, measured.new) ?? nothing
  if (trouble !== undefined) return { ...shared, rounds, ruled: [], reported: [], missing: [], trouble }
  const ruled = metrics.flatMap((metric) => {
    const rule = countingRule(rules, metric)
    return rule === undefined ? [] : [{ metric, rule }]
  })
  const reported = metrics.filter((metric) => !ruled.some((each) => each.metric === metric))
  const missing = gaps.filter((gap) => countingRule(rules, gap)?.level === 'error').map(({ name }) => name)
  return { ...shared, rounds, ruled, reported, missing }
}

/** A user may gate all metrics with `*`, and means those of which more or less is better. Named, each is meant. */
function countingRule(
  rules: readonly Rule[],
  { name, better }: Pick<PairedMetric, 'name' | 'better'>,
): Rule | undefined {
  const rule = ruleFor(rules, name, 'real')
  return rule?.level !== 'off' && (better !== 'neither' || rule?.metric === name) ? rule : undefined
}

function testsOf(cell: RealCell, seed: number): RealTest[] {
  const key = cellKey(cell.measured.pair.new)
  return cell.ruled.map(({ metric, rule }) => {
    const freshMetric = () => freshOf(cell.measured, metric.name)
    return {
      cell,
      metric,
      rule,
      differences: metric.differences,
      freshMetric,
      fresh: () => freshMetric()?.differences ?? [],
      threshold: rule.threshold,
      seed: deriveSeed(seed, `${key} ${metric.name}`),
    }
  })
}

/** A side that breaks down when it is looked at again confirms nothing. */
function freshOf({ freshOld, freshNew }: RealPair, name: string): PairedMetric | undefined {
  if (troubleOf(freshOld, freshNew) !== undefined) return undefined
  return pairRounds(freshOld, freshNew).metrics.find((metric) => metric.name === name)
}

function decided(tests: readonly RealTest[], decisions: readonly Decision[]): DecidedTest[] {
  return tests.map((test, i) => ({ ...test, decision: decisions[i]! }))
}

/** In whatever order the cells are. */
function byIdentity(a: RealTest, b: RealTest): number {
  const [keyOfA, keyOfB] = [a, b].map(({ cell: { measured }, metric }) =>
    JSON.stringify([measured.pair.control, cellKey(measured.pair.new), metric.name]),
  ) as [string, string]
  return keyOfA < keyOfB ? -1 : keyOfA > keyOfB ? 1 : 0
}
