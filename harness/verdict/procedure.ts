/**
 * How differences of rounds in real time are decided: one family of one-sided signed-rank tests against a margin,
 * corrected by Holm, and fresh rounds for whatever looks worse. How many rounds there are is fixed beforehand; nothing
 * is run until it is significant. Pure, and of numbers alone, so that a study that resamples rounds decides by the very
 * procedure that checks do.
 *
 * Differences are ln(new / old), turned so that positive is worse; margin and thresholds are shares (.05 is 5 %).
 *
 * Two things make a suspect: the test says "worse by more than the margin", and the threshold has not been ruled out:
 * it lies below the upper end of the interval. Not the estimate is held against the threshold, because an estimate
 * falls short of the true value half of the time, and a slowdown of exactly the threshold's size would be missed as
 * often, however many rounds there are. The price is that a slowdown between margin and threshold may fail as well
 * while the interval is wide; one that does not exceed the margin fails with a chance of alpha at most.
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
  /** The control moved: nothing that looks worse or better is to be trusted. */
  readonly contaminated?: boolean
}

/** What one test of a family comes to. */
export class Decision {
  /** Of "worse by more than the margin". */
  readonly p: number
  /** The same after Holm. */
  readonly adjustedP: number
  /** Looks worse in the first rounds. */
  readonly suspect: boolean
  /** Looks better in the first rounds. */
  readonly improved: boolean
  /** Whether fresh rounds say so again; absent where nothing is suspected, and where there are none. */
  readonly confirmed?: boolean
  readonly #test: FamilyTest
  readonly #options: FamilyOptions
  readonly #level: number
  #detectable: number | undefined

  constructor(test: FamilyTest, found: Found, confirmed: boolean | undefined, options: FamilyOptions) {
    this.p = found.p
    this.adjustedP = found.adjustedP
    this.suspect = found.suspect
    this.improved = found.improved
    if (confirmed !== undefined) this.confirmed = confirmed
    this.#test = test
    this.#options = options
    this.#level = options.alpha / found.family
  }

  /** `failed` is none of these. Takes 15 ms where it is neither suspect nor improved: `detectable` decides. */
  get verdict(): Exclude<Verdict, 'failed'> {
    const { confirm, contaminated = false } = this.#options
    if (this.suspect) return !contaminated && (this.confirmed ?? !confirm) ? 'regression' : 'inconclusive'
    if (this.improved) return contaminated ? 'inconclusive' : 'improvement'
    return this.detectable > this.#test.threshold ? 'inconclusive' : 'pass'
  }

  /**
   * The smallest slowdown, as a share, that the test finds with a power of 80 % where it has to be significant by
   * itself, Holm's first step. Infinity where so few rounds cannot find any. Takes 15 ms.
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
    return { margin, alpha: this.#level, power: POWER, seed: this.#test.seed }
  }
}

/** What the first rounds say. */
interface Found extends Pick<Decision, 'p' | 'adjustedP' | 'suspect' | 'improved'> {
  /** How many tests Holm's procedure went over. */
  readonly family: number
}

/** One decision a test, in their order, which does not matter otherwise. */
export function decideFamily(tests: readonly FamilyTest[], options: FamilyOptions): Decision[] {
  const worse = flag(tests, options)
  const better = flag(tests.map(mirrored), options)
  const confirmations = confirm(tests, worse, options)
  return tests.map((test, i) => {
    const { p, adjustedP, flagged: suspect } = worse[i]!
    const found = { p, adjustedP, suspect, improved: better[i]!.flagged, family: tests.length }
    return new Decision(test, found, confirmations.get(test), options)
  })
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

interface Flag {
  readonly p: number
  readonly adjustedP: number
  readonly flagged: boolean
}

/** Which tests say "worse", Holm over all of them. The interval, which takes long, is asked for where it decides. */
function flag(tests: readonly FamilyTest[], options: FamilyOptions): Flag[] {
  const pValues = tests.map((test) => testWorse(test, options))
  return holm(pValues).map((adjustedP, i) => {
    const test = tests[i]!
    const flagged = adjustedP < options.alpha && reaches(test)
    return { p: pValues[i]!, adjustedP, flagged }
  })
}

/**
 * Holm over the suspects. One without fresh rounds counts as a test that found nothing, and gets no answer. The first
 * rounds have shown that the margin is exceeded, and hold the chance of a false alarm; fresh ones are asked whether it is
 * worse at all, which a moment of the machine's is not twice.
 */
function confirm(
  tests: readonly FamilyTest[],
  flags: readonly Flag[],
  options: FamilyOptions,
): Map<FamilyTest, boolean> {
  const suspects = options.confirm ? tests.filter((_, i) => flags[i]!.flagged) : []
  const again = suspects.map((test) => ({ ...test, differences: test.fresh?.() ?? [] }))
  const confirmed = flag(again, { ...options, margin: 0 })
  const answers = suspects.map((test, i) => [test, confirmed[i]!.flagged] as const)
  return new Map(answers.filter((_, i) => again[i]!.differences.length > 0))
}

/** 1 where the metric cannot be compared. */
function testWorse(test: FamilyTest, options: Pick<FamilyOptions, 'margin'>): number {
  return test.differences.length === 0 ? 1 : signedRankP(test.differences, ownMargin(test, options))
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
