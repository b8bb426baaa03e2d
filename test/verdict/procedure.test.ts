import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../../harness/random.ts'
import {
  type Decision,
  decideFamily,
  type FamilyOptions,
  type FamilyTest,
  intervalOf,
  movedControl,
} from '../../harness/verdict/procedure.ts'
import { holm } from '../../harness/verdict/statistics/holm.ts'
import { signedRankP } from '../../harness/verdict/statistics/signed-rank.ts'
import { evenSample, type Noise, normal, sampleOf } from './statistics/noise.ts'

const OPTIONS: FamilyOptions = { alpha: 0.05, margin: 0.03, confirm: true }
const UNCONFIRMED = { ...OPTIONS, confirm: false }
const ROUNDS = 20

/** Student's t with three degrees of freedom, with deviation 1: wild as rounds on a shared machine. */
const heavyTailed: Noise = (random) => {
  const chiSquare = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2
  return normal(random) / Math.sqrt(chiSquare / 3) / Math.sqrt(3)
}

/** Rounds that are so much worse, as a share. */
function roundsOf(random: Random, worse: number, sigma = 0.02, noise: Noise = normal): number[] {
  return sampleOf(noise, random, ROUNDS, Math.log1p(worse), sigma)
}

/** Evenly spread about it: no luck in it. */
function even(worse: number, sigma: number, count = ROUNDS): number[] {
  const centre = Math.log1p(worse)
  return Array.from({ length: count }, (_, i) => centre + sigma * 3 * ((2 * i + 1) / count - 1) * 0.58)
}

function testOf(differences: readonly number[], fresh?: readonly number[], threshold = 0.05): FamilyTest {
  return { differences, threshold, seed: 7, ...(fresh === undefined ? {} : { fresh: () => fresh }) }
}

function decide(test: FamilyTest, options: Partial<FamilyOptions> = {}): Decision {
  return decideFamily([test], { ...OPTIONS, ...options })[0]!
}

describe('one test by itself', () => {
  test('is a regression where fresh rounds say so again', () => {
    const decision = decide(testOf(even(0.08, 0.01), even(0.07, 0.01)))
    expect(decision).toMatchObject({ suspect: true, confirmed: true, verdict: 'regression' })
    expect(decision.p).toBe(signedRankP(even(0.08, 0.01), Math.log1p(0.03)))
  })

  test('is inconclusive where fresh rounds do not say so, and where there are none', () => {
    const again = decide(testOf(even(0.08, 0.01), even(0, 0.01)))
    expect(again).toMatchObject({ suspect: true, confirmed: false, verdict: 'inconclusive' })
    for (const fresh of [undefined, []]) {
      const decision = decide(testOf(even(0.08, 0.01), fresh))
      expect(decision).toMatchObject({ suspect: true, verdict: 'inconclusive' })
      expect(decision.confirmed).toBeUndefined()
    }
  })

  test('is a regression at once where nothing is to be confirmed, and no fresh round is asked for', () => {
    const fresh = () => expect.unreachable()
    const decision = decide({ ...testOf(even(0.08, 0.01)), fresh }, { confirm: false })
    expect(decision).toMatchObject({ suspect: true, verdict: 'regression' })
    expect(decision.confirmed).toBeUndefined()
  })

  test('asks for fresh rounds where it is suspected, and nowhere else', () => {
    let asked = 0
    const counted = (differences: readonly number[]) => ({ ...testOf(differences), fresh: () => [++asked] })
    decideFamily([counted(even(0, 0.01)), counted(even(-0.2, 0.01)), counted(even(0.04, 0.002))], OPTIONS)
    expect(asked).toBe(0)
    decideFamily([counted(even(0.2, 0.01))], OPTIONS)
    expect(asked).toBe(1)
  })

  test('passes where it is worse by more than the margin, and surely by less than the threshold', () => {
    const decision = decide(testOf(even(0.04, 0.002)))
    expect(decision.adjustedP).toBeLessThan(0.001)
    expect(decision).toMatchObject({ suspect: false, verdict: 'pass' })
  })

  test('is suspected where the estimate stays below the threshold and the interval does not', () => {
    const differences = even(0.048, 0.006)
    const { low, high } = intervalOf({ differences, seed: 7 })
    expect([low < Math.log1p(0.048), high > Math.log1p(0.05)]).toEqual([true, true])
    expect(decide(testOf(differences)).suspect).toBe(true)
  })

  test('is confirmed by fresh rounds that are worse by half of the margin: the first have shown by how much', () => {
    const half = 0.5 * Math.log1p(0.03)
    const confirmed = (wide: readonly number[]) => decide(testOf(even(0.08, 0.01), wide)).confirmed
    const [worse, hardly] = [even(0.045, 0.06), even(0.03, 0.06)]
    expect(signedRankP(worse, Math.log1p(0.03))).toBeGreaterThan(0.05)
    expect(signedRankP(worse, half)).toBeLessThan(0.05)
    expect(confirmed(worse)).toBe(true)
    expect(signedRankP(hardly, 0)).toBeLessThan(0.05)
    expect(signedRankP(hardly, half)).toBeGreaterThan(0.05)
    expect(confirmed(hardly)).toBe(false)
    expect(confirmed(even(0, 0.06))).toBe(false)
  })

  test('is confirmed by fresh rounds that are beyond the threshold as well, and by no others', () => {
    expect(decide(testOf(even(0.08, 0.01), even(0.04, 0.002))).confirmed).toBe(false)
  })

  test('is an improvement as large as a regression would have to be', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 0.12, noNaN: true }), (seed, worse) => {
        const differences = roundsOf(createRandom(seed), worse)
        const mirrored = decide(testOf(differences.map((each) => -each)))
        expect(mirrored.improved).toBe(decide(testOf(differences)).suspect)
        expect(mirrored.verdict === 'improvement').toBe(mirrored.improved)
      }),
      { numRuns: 12, seed: 1 },
    )
  })

  test('is inconclusive where it could not have found the threshold, and says how many rounds would', () => {
    const decision = decide(testOf(even(0, 0.05)))
    expect(decision.verdict).toBe('inconclusive')
    expect(decision.detectable).toBeGreaterThan(0.05)
    const rounds = ROUNDS + decision.moreRounds!
    const settled = decide(testOf(even(0, 0.05, rounds)))
    expect(settled.detectable).toBeLessThan(0.055)
  })

  test.each([0, 1, 4])('of %i rounds is inconclusive, whatever they say', (count) => {
    const decision = decide(testOf(even(5, 0.01, count)))
    expect(decision).toMatchObject({ suspect: false, verdict: 'inconclusive', detectable: Infinity })
  })

  test('that cannot be compared finds nothing', () => {
    const decision = decide(testOf([]))
    expect(decision).toMatchObject({ p: 1, adjustedP: 1, suspect: false, improved: false })
    expect(decision.moreRounds).toBeUndefined()
  })

  test('of rounds without any noise finds what is beyond the margin', () => {
    const still = decide(testOf(even(0, 0)))
    expect(still.verdict).toBe('pass')
    expect(still.detectable).toBeCloseTo(0.03, 6)
    expect(decide(testOf(even(0.06, 0)), { confirm: false }).verdict).toBe('regression')
  })

  test('has a margin that leaves room below a small threshold', () => {
    const small = testOf(even(0.028, 0.001), undefined, 0.025)
    expect(decide(small, { confirm: false }).verdict).toBe('regression')
    expect(decide(small).p).toBe(signedRankP(small.differences, Math.log1p(0.6 * 0.025)))
  })
})

describe('a contaminated check', () => {
  test('calls nothing worse and nothing better', () => {
    const contaminated = { ...OPTIONS, contaminated: true }
    const worse = testOf(even(0.2, 0.01), even(0.2, 0.01))
    const tests = [worse, testOf(even(-0.2, 0.01)), testOf(even(0, 0.01))]
    const verdicts = (options: FamilyOptions) => decideFamily(tests, options).map(({ verdict }) => verdict)
    expect(verdicts(OPTIONS)).toEqual(['regression', 'improvement', 'pass'])
    expect(verdicts(contaminated)).toEqual(['inconclusive', 'inconclusive', 'pass'])
    expect(verdicts({ ...contaminated, confirm: false })).toEqual(['inconclusive', 'inconclusive', 'pass'])
  })

  test('is one whose control moved, in either direction', () => {
    const still = testOf(even(0, 0.01))
    expect(movedControl([still, testOf(even(0.08, 0.01))], OPTIONS)).toBe(1)
    expect(movedControl([testOf(even(-0.08, 0.01)), still], OPTIONS)).toBe(0)
    expect(movedControl([still, still], OPTIONS)).toBeUndefined()
    expect(movedControl([], OPTIONS)).toBeUndefined()
  })

  test('is told by two tests a control, so that one that is barely significant by itself is not enough', () => {
    // Five rounds of one sign: p is 2^−5 = .031 one-sided, and .063 in two directions.
    const control = testOf(even(0.2, 0.01, 5))
    expect(decide(control).adjustedP).toBe(2 ** -5)
    expect(movedControl([control], OPTIONS)).toBeUndefined()
    expect(movedControl([testOf(even(0.2, 0.01, 6))], OPTIONS)).toBe(0)
  })
})

describe('a family', () => {
  test('is corrected by Holm over all of its tests, those that cannot be compared among them', () => {
    const random = createRandom(3)
    const tests = [0.05, 0, 0.1, -0.2].map((worse) => testOf(roundsOf(random, worse)))
    const decisions = decideFamily([...tests, testOf([])], OPTIONS)
    const pValues = tests.map(({ differences }) => signedRankP(differences, Math.log1p(0.03)))
    expect(decisions.map(({ p }) => p)).toEqual([...pValues, 1])
    expect(decisions.map(({ adjustedP }) => adjustedP)).toEqual(holm([...pValues, 1]))
  })

  test('suspects in a small company what it does not in a large one', () => {
    const weak = testOf(even(0.2, 0.01, 6)) // p = 2^−6
    const still = () => testOf(even(0, 0.01))
    expect(decideFamily([weak, still(), still()], UNCONFIRMED)[0]!.suspect).toBe(true)
    expect(decideFamily([weak, still(), still(), still()], UNCONFIRMED)[0]!.suspect).toBe(false)
  })

  test('is corrected over all of its tests when both looks are judged together', () => {
    // Five rounds of one sign: p is 2^−5 = .031, its square .00098: significant among 51 tests, and not among 52.
    const suspect = testOf(even(0.2, 0.01), even(0.2, 0.01, 5))
    const still = testOf([])
    const decided = (size: number) =>
      decideFamily([suspect, ...Array.from({ length: size - 1 }, () => still)], OPTIONS)[0]!
    expect(decided(51)).toMatchObject({ suspect: true, confirmed: true, adjustedP: 51 * 2 ** -10 })
    expect(decided(52)).toMatchObject({ suspect: true, confirmed: false, adjustedP: 52 * 2 ** -10 })
  })

  test('needs no more of the first look than both can make up for, unless the old side was recorded', () => {
    const weak = testOf(even(0.2, 0.01, 6), even(0.2, 0.01)) // p = 2^−6 = .016
    const verdict = (size: number, options: Partial<FamilyOptions>) =>
      decideFamily([weak, ...Array.from({ length: size - 1 }, () => testOf([]))], {
        ...OPTIONS,
        ...options,
      })[0]!.verdict
    expect([3, 4, 24].map((size) => verdict(size, {}))).toEqual(['regression', 'regression', 'regression'])
    expect([3, 4].map((size) => verdict(size, { recorded: true }))).toEqual(['regression', 'inconclusive'])
    expect([3, 4].map((size) => verdict(size, { confirm: false }))).toEqual(['regression', 'inconclusive'])
  })

  test('needs each look to be significant by itself', () => {
    // Four rounds of one sign: p is .0625, and its square would do.
    const four = even(0.2, 0.01, 4)
    expect(decide(testOf(four, even(0.2, 0.01))).suspect).toBe(false)
    expect(decide(testOf(even(0.2, 0.01), four)).confirmed).toBe(false)
  })

  test('detects less the larger it is', () => {
    const noisy = testOf(even(0, 0.04))
    const detectable = (size: number) =>
      decideFamily(
        Array.from({ length: size }, () => ({ ...noisy })),
        OPTIONS,
      )[0]!.detectable
    expect(detectable(1)).toBeLessThan(detectable(24))
  })

  test('comes to the same in any order', () => {
    const worse = fc.constantFrom(-0.1, 0, 0, 0.04, 0.06, 0.1)
    fc.assert(
      fc.property(fc.array(worse, { minLength: 2, maxLength: 4 }), fc.integer(), (shifts, seed) => {
        const random = createRandom(seed)
        const tests = shifts.map((shift) => testOf(roundsOf(random, shift), roundsOf(random, shift)))
        const shown = ({ p, adjustedP, suspect, improved, confirmed }: Decision) =>
          [p, adjustedP, suspect, improved, confirmed] as const
        const order = createRandom(seed).shuffle([...tests.keys()])
        const shuffled = decideFamily(
          order.map((place) => tests[place]!),
          OPTIONS,
        ).map(shown)
        const direct = decideFamily(tests, OPTIONS).map(shown)
        expect(shuffled).toEqual(order.map((place) => direct[place]))
      }),
      { numRuns: 6, seed: 2 },
    )
  })
})

/** Twelve cells with two metrics each, all of which are worse by so much. */
function checkOf(random: Random, worse: number, noise: Noise): Decision[] {
  const tests = Array.from({ length: 24 }, (_, i) => ({
    differences: roundsOf(random, worse, 0.02, noise),
    fresh: () => roundsOf(random, worse, 0.02, noise),
    threshold: i % 2 === 0 ? 0.05 : 0.1,
    seed: i,
  }))
  return decideFamily(tests, OPTIONS)
}

/** Without the power simulation that tells a pass from what is inconclusive. */
const isRegression = ({ suspect, confirmed }: Decision) => suspect && confirmed === true

describe.each([
  ['normal noise', normal],
  ['heavy tails', heavyTailed],
])('of checks of 12 cells with %s of 2 %', (_, noise) => {
  const shareOf = (checks: number, worse: number) => {
    const random = createRandom(11)
    const decisions = Array.from({ length: checks }, () => checkOf(random, worse, noise)).flat()
    return decisions.filter(isRegression).length / decisions.length
  }

  test('none of 200 raises an alarm where nothing changed', () => {
    expect(shareOf(200, 0)).toBe(0)
  })

  test('none of 100 calls 1 % worse a regression', () => {
    expect(shareOf(100, 0.01)).toBe(0)
  })

  test('what is worse by the margin and no more is hardly ever called a regression, by itself', () => {
    const random = createRandom(14)
    const rounds = () => roundsOf(random, 0.03, 0.02, noise)
    const decisions = Array.from({ length: 400 }, () => decide(testOf(rounds(), rounds())))
    expect(decisions.filter(isRegression).length / 400).toBeLessThan(0.075)
  })

  test('four in five of what is worse by the threshold are found among others that are not', () => {
    const random = createRandom(15)
    const rounds = () => roundsOf(random, 0.05, 0.02, noise)
    const rest = Array.from({ length: 23 }, () => testOf(roundsOf(random, 0, 0.02, noise)))
    const decisions = Array.from(
      { length: 100 },
      () => decideFamily([testOf(rounds(), rounds()), ...rest], OPTIONS)[0]!,
    )
    expect(decisions.filter(isRegression).length).toBeGreaterThan(80)
  })

  test('nearly all that is 10 % worse is found, where 5 % is the threshold', () => {
    const random = createRandom(12)
    const fewer = Array.from({ length: 5 }, () => {
      const changed = {
        differences: roundsOf(random, 0.1, 0.02, noise),
        fresh: () => roundsOf(random, 0.1, 0.02, noise),
        threshold: 0.05,
        seed: 1,
      }
      const rest = Array.from({ length: 23 }, () => testOf(roundsOf(random, 0, 0.02, noise)))
      return decideFamily([changed, ...rest], OPTIONS)[0]!
    })
    expect(fewer.filter(isRegression)).toHaveLength(5)
  })
})

test('a slowdown of the size that is called detectable is found four times in five', () => {
  const random = createRandom(13)
  const rounds = evenSample(normal, random, ROUNDS).map((each) => 0.02 * each)
  const { detectable } = decide(testOf(rounds))
  const isFound = () => signedRankP(roundsOf(random, detectable), Math.log1p(0.03)) < 0.05
  const found = Array.from({ length: 1000 }, isFound).filter(Boolean).length
  expect(found).toBeGreaterThan(740)
  expect(found).toBeLessThan(860)
})
