/** Against scipy: by the committed figures always, and by computing them anew where python3 has it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { bootstrapInterval } from '../../../harness/verdict/statistics/bootstrap.ts'
import { clopperPearson, upperBound } from '../../../harness/verdict/statistics/clopper-pearson.ts'
import { hodgesLehmann } from '../../../harness/verdict/statistics/hodges-lehmann.ts'
import { holm } from '../../../harness/verdict/statistics/holm.ts'
import { signedRankP } from '../../../harness/verdict/statistics/signed-rank.ts'

interface SignedRankCase {
  readonly differences: readonly number[]
  readonly margin: number
  readonly p: number
  readonly hodgesLehmann: number
}

interface Vectors {
  readonly signedRank: readonly SignedRankCase[]
  readonly tied: readonly SignedRankCase[]
  readonly clopperPearson: readonly {
    readonly successes: number
    readonly trials: number
    readonly confidence: number
    readonly low: number
    readonly high: number
    readonly upperBound: number
  }[]
  readonly holm: readonly { readonly raw: readonly number[]; readonly adjusted: readonly number[] }[]
  readonly bootstrap: readonly {
    readonly differences: readonly number[]
    readonly low: number
    readonly high: number
  }[]
}

/** What versions of scipy agree to, and twelve digits hold. */
const DIGITS = 11

const folder = new URL('.', import.meta.url)
const committed: Vectors = JSON.parse(readFileSync(new URL('scipy-vectors.json', folder), 'utf8'))

/** What the script says, or why python3 cannot run it here. Started early: the import alone takes a second. */
const regenerated: Promise<{ vectors: Vectors } | { missing: string }> = promisify(execFile)(
  'python3',
  [new URL('scipy_vectors.py', folder).pathname],
  { maxBuffer: 1e7 },
).then(
  ({ stdout }) => ({ vectors: JSON.parse(stdout) }),
  (error: NodeJS.ErrnoException & { stderr?: string }) => {
    if (error.code === 'ENOENT') return { missing: 'there is no python3 here' }
    if (error.stderr?.includes('ModuleNotFoundError')) return { missing: 'python3 has no scipy here' }
    throw error
  },
)
// Told by the test that awaits it.
regenerated.catch(() => {})

function holds(vectors: Vectors): void {
  for (const { differences, margin, p, hodgesLehmann: estimate } of [
    ...vectors.signedRank,
    ...vectors.tied,
  ]) {
    expect(signedRankP(differences, margin)).toBeCloseTo(p, DIGITS)
    expect(hodgesLehmann(differences)).toBeCloseTo(estimate, DIGITS)
  }
  for (const { successes, trials, confidence, low, high, upperBound: bound } of vectors.clopperPearson) {
    const interval = clopperPearson(successes, trials, confidence)
    expect(interval.low).toBeCloseTo(low, DIGITS)
    expect(interval.high).toBeCloseTo(high, DIGITS)
    expect(upperBound(successes, trials, confidence)).toBeCloseTo(bound, DIGITS)
  }
  for (const { raw, adjusted } of vectors.holm) {
    for (const [i, value] of holm(raw).entries()) expect(value).toBeCloseTo(adjusted[i]!, DIGITS)
  }
  for (const { differences, low, high } of vectors.bootstrap) {
    const interval = bootstrapInterval(differences, { seed: 1 })
    // Another generator's resamples: both ends wander by a percent or two of the width.
    expect(Math.abs(interval.low - low) / (high - low)).toBeLessThan(0.05)
    expect(Math.abs(interval.high - high) / (high - low)).toBeLessThan(0.05)
  }
}

describe('scipy', () => {
  test('gave some hundred cases of each kind', () => {
    const sizes = Object.values(committed).map((cases: readonly unknown[]) => cases.length)
    expect(sizes).toEqual([62, 60, 80, 60, 3])
  })

  test('gave p-values, estimates, bounds and intervals that ours agree with', () => holds(committed))

  test('would show a p-value that is off by one assignment of signs', () => {
    const [, , third] = committed.tied
    const off = { ...third!, p: third!.p + 2 ** -third!.differences.length }
    expect(() => holds({ ...committed, tied: [off] })).toThrow()
  })

  test('says the same today, where it is installed', async (context) => {
    const result = await regenerated
    if ('missing' in result) return context.skip(`Not computed anew: ${result.missing}`)
    holds(result.vectors)
    expect(result.vectors.signedRank.map(({ differences }) => differences)).toEqual(
      committed.signedRank.map(({ differences }) => differences),
    )
  })
})
