import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../harness/random.ts'
import { detectableEffect, roundsFor } from '../../../harness/verdict/statistics/power.ts'
import { signedRankP } from '../../../harness/verdict/statistics/signed-rank.ts'
import { evenSample, laplace, type Noise, normal, sampleOf } from './noise.ts'

const detection = { margin: 0.03, alpha: 0.05, seed: 1 }

/** Twenty rounds as the noise gives them on average, around a centre that is not the margin. */
function typical(noise: Noise, count = 20, spread = 0.02): number[] {
  return evenSample(noise, createRandom(4), count).map((value) => 0.01 + spread * value)
}

/** How often the test itself finds a true effect in fresh rounds of that noise (deviation 1), scaled by the spread. */
function powerOf(noise: Noise, effect: number, rounds: number, alpha = 0.05, spread = 0.02): number {
  const random = createRandom(9).fork(`${rounds} rounds`)
  const samples = 2000
  let found = 0
  for (let i = 0; i < samples; i++) {
    if (signedRankP(sampleOf(noise, random, rounds, effect, spread), 0.03) <= alpha) found++
  }
  return found / samples
}

/** Deviation 1 instead of √2. */
const unitLaplace: Noise = (random) => laplace(random) / Math.SQRT2

describe('the detectable effect', () => {
  test.each([
    [20, 0.05],
    [20, 0.05 / 12],
    [40, 0.05],
  ])(
    'is within a twentieth of what the test itself finds in %i rounds of normal noise at %f',
    (rounds, alpha) => {
      const excess = detectableEffect(typical(normal), { ...detection, alpha, rounds }) - detection.margin
      expect(powerOf(normal, 0.03 + 0.95 * excess, rounds, alpha)).toBeLessThan(0.8)
      expect(powerOf(normal, 0.03 + 1.05 * excess, rounds, alpha)).toBeGreaterThan(0.8)
    },
  )

  test('promises too little rather than too much in heavy-tailed noise, whose peak the kernel blurs', () => {
    const excess = detectableEffect(typical(unitLaplace), detection) - detection.margin
    expect(powerOf(unitLaplace, 0.03 + 0.85 * excess, 20)).toBeLessThan(0.8)
    expect(powerOf(unitLaplace, 0.03 + excess, 20)).toBeGreaterThan(0.8)
  })

  test('is right on average over samples of eight rounds', () => {
    const random = createRandom(6)
    const samples = Array.from({ length: 100 }, () => sampleOf(normal, random, 8, 0.01, 0.02))
    const excesses = samples.map((sample) => detectableEffect(sample, detection) - detection.margin)
    const mean = excesses.reduce((sum, value) => sum + value, 0) / excesses.length
    expect(powerOf(normal, 0.03 + 0.93 * mean, 8)).toBeLessThan(0.8)
    expect(powerOf(normal, 0.03 + 1.07 * mean, 8)).toBeGreaterThan(0.8)
  })

  test('is right from four rounds too, whose residuals alone would promise 15 % too much', () => {
    const excess = detectableEffect(typical(normal, 4), { ...detection, rounds: 20 }) - detection.margin
    expect(powerOf(normal, 0.03 + 0.95 * excess, 20)).toBeLessThan(0.8)
    expect(powerOf(normal, 0.03 + 1.05 * excess, 20)).toBeGreaterThan(0.8)
  })

  test('is the same whichever way the rounds seen happen to lean', () => {
    const leaning = Array.from({ length: 20 }, (_, i) => -0.02 * Math.log(1 - (i + 0.5) / 20))
    const turned = leaning.map((difference) => -difference)
    const ratio =
      (detectableEffect(turned, detection) - detection.margin) /
      (detectableEffect(leaning, detection) - detection.margin)
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.04)
  })

  test('scales with the spread and moves with the margin', () => {
    const effect = detectableEffect(typical(normal), detection) - 0.03
    const doubled = detectableEffect(typical(normal, 20, 0.04), detection) - 0.03
    const moved = detectableEffect(typical(normal), { ...detection, margin: 0 })
    expect(doubled / effect).toBeCloseTo(2, 4)
    expect(moved).toBeCloseTo(effect, 6)
  })

  test('grows with the power wanted and with strictness, and shrinks with rounds', () => {
    const effectOf = (options: object) => detectableEffect(typical(normal), { ...detection, ...options })
    const ascending = (effects: number[]) => effects.every((effect, i) => i === 0 || effects[i - 1]! < effect)
    expect(ascending([0.5, 0.8, 0.9, 0.99].map((power) => effectOf({ power })))).toBe(true)
    expect(ascending([0.1, 0.05, 0.01, 0.001].map((alpha) => effectOf({ alpha })))).toBe(true)
    expect(ascending([80, 40, 20, 10].map((rounds) => effectOf({ rounds })))).toBe(true)
    expect(effectOf({ power: 0.01 })).toBeLessThan(detection.margin)
  })

  test('is without bound where so few rounds cannot be significant', () => {
    expect(detectableEffect(typical(normal), { ...detection, rounds: 4 })).toBe(Infinity)
    expect(detectableEffect(typical(normal), { ...detection, rounds: 5 })).toBeLessThan(Infinity)
    expect(detectableEffect(typical(normal, 7), { ...detection, alpha: 0.05 / 12 })).toBe(Infinity)
  })

  test('is the margin itself where rounds do not differ', () => {
    expect(detectableEffect([0.1, 0.1, 0.1, 0.1, 0.1], detection)).toBe(0.03)
  })

  test('is the same for the same seed', () => {
    const differences = typical(normal)
    expect(detectableEffect(differences, detection)).toBe(detectableEffect(differences, detection))
    expect(detectableEffect(differences, { ...detection, seed: 2 })).not.toBe(
      detectableEffect(differences, detection),
    )
  })

  test('is refused for what cannot be', () => {
    expect(() => detectableEffect([0.1], detection)).toThrow('At least 2 differences are needed, got 1')
    expect(() => detectableEffect([0.1, NaN], detection)).toThrow(RangeError)
    expect(() => detectableEffect([0.1, 0.2], { ...detection, power: 1 })).toThrow(RangeError)
    expect(() => detectableEffect([0.1, 0.2], { ...detection, alpha: 0 })).toThrow(RangeError)
    expect(() => detectableEffect([0.1, 0.2], { ...detection, rounds: 0 })).toThrow(RangeError)
  })
})

describe('the rounds that an effect needs', () => {
  const wanted = { ...detection, effect: 0.04, atMost: 200 }

  test('are those in which the test finds it so often', () => {
    const rounds = roundsFor(typical(normal), wanted)!
    expect(rounds).toBeGreaterThan(20)
    expect(powerOf(normal, 0.04, rounds)).toBeGreaterThan(0.77)
    expect(powerOf(normal, 0.04, rounds)).toBeLessThan(0.83)
  })

  test('are the least whose detectable effect is small enough', () => {
    const differences = typical(normal)
    const rounds = roundsFor(differences, wanted)!
    expect(detectableEffect(differences, { ...detection, rounds })).toBeLessThanOrEqual(0.04 + 1e-6)
    expect(detectableEffect(differences, { ...detection, rounds: rounds - 1 })).toBeGreaterThan(0.04)
  })

  test('are never fewer than can be significant', () => {
    expect(roundsFor(typical(normal), { ...wanted, effect: 5 })).toBe(5)
    expect(roundsFor(typical(normal), { ...wanted, effect: 5, alpha: 0.05 / 12 })).toBe(8)
    expect(roundsFor(typical(normal), { ...wanted, effect: 5, atMost: 4 })).toBeUndefined()
    expect(roundsFor([0.1, 0.1], { ...wanted, effect: 0.031 })).toBe(5)
  })

  test('are not told where they are too many, or the effect is within the margin', () => {
    const rounds = roundsFor(typical(normal), wanted)!
    expect(roundsFor(typical(normal), { ...wanted, atMost: rounds })).toBe(rounds)
    expect(roundsFor(typical(normal), { ...wanted, atMost: rounds - 1 })).toBeUndefined()
    expect(roundsFor(typical(normal), { ...wanted, effect: 0.03 })).toBeUndefined()
    expect(roundsFor(typical(normal), { ...wanted, effect: -1 })).toBeUndefined()
  })

  test('are refused for what cannot be', () => {
    expect(() => roundsFor([0.1], wanted)).toThrow(RangeError)
    expect(() => roundsFor([0.1, 0.2], { ...wanted, effect: NaN })).toThrow(RangeError)
    expect(() => roundsFor([0.1, 0.2], { ...wanted, atMost: 0 })).toThrow(RangeError)
  })
})
