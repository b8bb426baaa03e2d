/**
 * How differences of rounds in real time are decided: one family of one-sided signed-rank tests against a margin,
 * corrected by Holm, and fresh rounds for whatever looks worse. How many rounds there are is fixed beforehand; nothing
 * is run until it is significant. Pure, and of numbers alone, so that a study that resamples rounds decides by the very
 * procedure that checks do.
 *
 * Differences are ln(new / old), turned so that positive is worse; margin and thresholds are shares (.05 is 5 %).
 *
 * First and fresh rounds are two looks. The first asks whether it is worse by more than the margin, the second whether
 * by more than half of it, which a moment of the machine's is not twice. Each has to be significant by itself, at alpha,
 * and both together after Holm: where nothing is, their p-values are independent, the larger one is below x with a chance
 * of x² (B. Wilkinson, A statistical consideration in psychological research, Psychological Bulletin 48, 1951), and so its
 * square is a p-value as well. A first look that had to be significant after Holm by itself would among many cells find
 * far less. Where the old side was recorded, both looks have it in common, and the larger p-value counts as it is.
 *
 * So where nothing is worse by more than half of the margin, anything fails with a chance of alpha at most; and so does
 * any one metric that is worse by no more than the margin. Beyond that, neither look must have ruled the threshold out:
 * it lies below the upper end of the interval. Not the estimate is held against the threshold, because an estimate falls
 * short of the true value half of the time, and a slowdown of exactly the threshold's size would be missed as often,
 * however many rounds there are. The price is that a slowdown between margin and threshold may fail as well while the
 * interval is wide.
 */
import type { Verdict } from './check-report.ts'
import { bootstrapInterval, type EstimateInterval, intervalReaches } from './statistics/bootstrap.ts'
import { holm } from './statistics/holm.ts'
import { detectableEffect, roundsFor } from './statistics/power.ts'
import { signedRankP } from './statistics/signed-rank.ts'

/** The chance with which the first rounds find a slowdown of the size that is called detectable. */
const POWER = 0.8
/** Nobody waits for more. */
const MOST_ROUNDS = 500
/** A margin as large as the threshold would leave nothing to find between them: it is at most this share of it. */
const MARGIN_OF_THRESHOLD = 0.6
/** What fresh rounds are held against: what the first had to exceed, they need not exceed again. */
const FRESH_OF_MARGIN = 0.5

/** One metric of one cell. */
export interface FamilyTest {
  /** One a round; none where the metric cannot be compared: it still counts as a test. */
  readonly differences: readonly number[]
  /** Those of the confirmation: asked for where the first look worse. Absent or none: there was no confirmation. */
  readonly fresh?: () => readonly number[]
  /** From how much worse on it fails, as a share. */
  readonly threshold: number
  /** Of the interval and of the simulated power. */
  readonly seed: number
}

export interface FamilyOptions {
  /** Of the whole family. */
  readonly alpha: number
  /** A slowdown up to this share is not looked for. */
  readonly margin: number
  /** Whether a suspect has to look worse in fresh rounds as well. */
  readonly confirm: boolean
  /** Fresh rounds of the new side are held against the old ones of before. Default: both sides are run afresh. */
  readonly recorded?: boolean
  /** The control moved: nothing that looks worse or better is to be trusted. */
  readonly contaminated?: boolean
}

/** What one test of a family comes to. */
export class Decision {
  /** Of "worse by more than the margin". */
  readonly p: number
  /** The same after Holm; of both looks together where it was looked at again. */
  readonly adjustedP: number
  /** Looks worse in the first rounds. */
  readonly suspect: boolean
  /** Looks better in the first rounds. */
  readonly improved: boolean
  /** Whether both looks together say so; absent where nothing is suspected, and where there are no fresh rounds. */
  readonly confirmed?: boolean
  readonly #test: FamilyTest
  readonly #options: FamilyOptions
  readonly #family: number
  #detectable: number | undefined

  constructor(test: FamilyTest, found: Found, options: FamilyOptions) {
    this.p = found.p
    this.adjustedP = found.adjustedP
    this.suspect = found.suspect
    this.improved = found.improved
    if (found.confirmed !== undefined) this.confirmed = found.confirmed
    this.#test = test
    this.#options = options
    this.#family = found.family
  }

  /** `failed` is none of these. Takes 15 ms where it is neither suspect nor improved: `detectable` decides. */
  get verdict(): Exclude<Verdict, 'failed'> {
    const { confirm, contaminated = false } = this.#options
    if (this.suspect) return !contaminated && (this.confirmed ?? !confirm) ? 'regression' : 'inconclusive'
    if (this.improved) return contaminated ? 'inconclusive' : 'improvement'
    return this.detectable > this.#test.threshold ? 'inconclusive' : 'pass'
  }

  /**
   * The smallest slowdown, as a share, that the first look finds with a power of 80 % by Holm's first step. Infinity
   * where so few rounds cannot find any. Takes 15 ms.
   */
  get detectable(): number {
    this.#detectable ??=
      this.#test.differences.length < 2
        ? Infinity
        : Math.expm1(detectableEffect(this.#test.differences, this.#detection))
    return this.#detectable
  }

  /** How many rounds beyond these would find a slowdown of the threshold's size; undefined where no sensible number. */
  get moreRounds(): number | undefined {
    const { differences, threshold } = this.#test
    if (differences.length < 2) return undefined
    const effect = Math.log1p(threshold)
    const needed = roundsFor(differences, { ...this.#detection, effect, atMost: MOST_ROUNDS })
    return needed === undefined || needed <= differences.length ? undefined : needed - differences.length
  }

  get #detection() {
    const margin = ownMargin(this.#test, this.#options)
    const alpha = firstLevel(this.#family, this.#options)
    return { margin, alpha, power: POWER, seed: this.#test.seed }
  }
}

/** What the rounds say. */
interface Found extends Pick<Decision, 'p' | 'adjustedP' | 'suspect' | 'improved' | 'confirmed'> {
  /** How many tests Holm's procedure went over. */
  readonly family: number
}

/** One decision a test, in their order, which does not matter otherwise. */
export function decideFamily(tests: readonly FamilyTest[], options: FamilyOptions): Decision[] {
  const first = tests.map((test) => testWorse(test, options))
  const alone = holm(first)
  // At best the second look is as clear as the first.
  const screened = options.confirm ? holm(first.map((p) => ofBoth(p, p, options))) : alone
  const suspects = tests.map((test, i) => isFlagged(test, first[i]!, screened[i]!, options))
  const again = tests.map((test, i) => (options.confirm && suspects[i] ? freshOf(test) : undefined))
  const second = again.map((test) => (test ? testWorse(test, options, FRESH_OF_MARGIN) : 1))
  const both = holm(second.map((p, i) => ofBoth(first[i]!, p, options)))
  const better = improvements(tests, options)
  return tests.map((test, i) => {
    const fresh = again[i]
    const found = {
      p: first[i]!,
      adjustedP: fresh ? both[i]! : alone[i]!,
      suspect: suspects[i]!,
      improved: better[i]!,
      ...(fresh && { confirmed: isFlagged(fresh, second[i]!, both[i]!, options) }),
      family: tests.length,
    }
    return new Decision(test, found, options)
  })
}

/** How significant the first look has to be for Holm's first step. The second asks for less, and finds it more often. */
export function firstLevel(
  family: number,
  { alpha, confirm, recorded = false }: Pick<FamilyOptions, 'alpha' | 'confirm' | 'recorded'>,
): number {
  const level = alpha / Math.max(1, family)
  return confirm && !recorded ? Math.min(alpha, Math.sqrt(level)) : level
}

/**
 * Which control moved most: one whose sides, the same code, are not the same. Both directions count, as two tests each.
 * Undefined where none did.
 */
export function movedControl(
  controls: readonly FamilyTest[],
  options: Pick<FamilyOptions, 'alpha' | 'margin'>,
): number | undefined {
  const adjusted = holm(
    controls.flatMap((test) => [testWorse(test, options), testWorse(mirrored(test), options)]),
  )
  const least = Math.min(...adjusted)
  return least < options.alpha ? adjusted.indexOf(least) >> 1 : undefined
}

/** The 95 % bootstrap interval of the differences, by which they are decided. Takes 40 ms for 20 rounds. */
export function intervalOf({
  differences,
  seed,
}: Pick<FamilyTest, 'differences' | 'seed'>): EstimateInterval {
  return bootstrapInterval(differences, { seed })
}

/** Whether that interval leaves room for the threshold. Takes 2 ms where it does. */
function reaches({ differences, threshold, seed }: FamilyTest): boolean {
  return intervalReaches(differences, Math.log1p(threshold), { seed })
}

/** Undefined where there are none. */
function freshOf(test: FamilyTest): FamilyTest | undefined {
  const differences = test.fresh?.() ?? []
  return differences.length === 0 ? undefined : { ...test, differences }
}

/** Nobody looks again at what looks better: it fails nothing. */
function improvements(tests: readonly FamilyTest[], options: FamilyOptions): boolean[] {
  const turned = tests.map(mirrored)
  const pValues = turned.map((test) => testWorse(test, options))
  const adjusted = holm(pValues)
  return turned.map((test, i) => isFlagged(test, pValues[i]!, adjusted[i]!, options))
}

/** Significant by itself and among all, and not surely below the threshold. The interval, which takes long, comes last. */
function isFlagged(test: FamilyTest, p: number, adjustedP: number, { alpha }: FamilyOptions): boolean {
  return p < alpha && adjustedP < alpha && reaches(test)
}

/** The p-value of both looks. */
function ofBoth(first: number, fresh: number, { recorded = false }: FamilyOptions): number {
  const larger = Math.max(first, fresh)
  return recorded ? larger : larger ** 2
}

/** 1 where the metric cannot be compared. */
function testWorse(test: FamilyTest, options: Pick<FamilyOptions, 'margin'>, ofMargin = 1): number {
  return test.differences.length === 0
    ? 1
    : signedRankP(test.differences, ofMargin * ownMargin(test, options))
}

/** What a test of that threshold is held against, in the unit of the differences. */
export function ownMargin(
  { threshold }: Pick<FamilyTest, 'threshold'>,
  { margin }: Pick<FamilyOptions, 'margin'>,
): number {
  return Math.log1p(Math.min(margin, threshold * MARGIN_OF_THRESHOLD))
}

/** Better is worse in a mirror. */
function mirrored(test: FamilyTest): FamilyTest {
  return { ...test, differences: test.differences.map((each) => -each) }
}
