import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { MetricValue } from '../../harness/contracts.ts'
import { Histogram } from '../../harness/histogram.ts'
import type { RoundRecord, Rule } from '../../harness/records.ts'
import { type CellVerdict, checkSchema } from '../../harness/verdict/check-report.ts'
import { compareExactly, type ExactComparison } from '../../harness/verdict/exact.ts'
import { ruleFor } from '../../harness/verdict/rules.ts'
import { plainCell, plainRound } from '../reports/fixture.ts'

type Figures = Readonly<Record<string, number>>

const KINDS: Record<string, Pick<MetricValue, 'unit' | 'better'>> = {
  'latency.p99': { unit: 'ns', better: 'lower' },
  'latency.max': { unit: 'ns', better: 'lower' },
  throughput: { unit: 'ops/s', better: 'higher' },
  misses: { unit: 'count', better: 'lower' },
  turns: { unit: 'count', better: 'neither' },
}
const BASE: Figures = { 'latency.p99': 1e6, 'latency.max': 2e6, throughput: 1000, misses: 0, turns: 50 }
const FIVE_PERCENT: Rule[] = [{ metric: '*', level: 'error', threshold: 0.05 }]

function metricsOf(figures: Figures): Record<string, MetricValue> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, { value, ...(KINDS[name] ?? KINDS.turns!) }]),
  )
}

function round(figures: Figures, more: Partial<RoundRecord> = {}): RoundRecord {
  return plainRound(plainCell(), more.round ?? 0, { metrics: metricsOf(figures), digest: 'd', ...more })
}

interface Sides {
  readonly rules?: readonly Rule[]
  readonly exact?: boolean
}

function compare(
  old: RoundRecord[],
  now: RoundRecord[],
  { rules = FIVE_PERCENT, exact = false }: Sides = {},
): ExactComparison {
  const ruleOf = (metric: string) => ruleFor(rules, metric, 'virtual')
  const compared = compareExactly(old, now, { ruleOf, exact })
  expectInSchema(compared)
  return compared
}

/** Whatever comes out can be written into `check.json` and read from it. */
function expectInSchema({ moved, first, ...verdict }: ExactComparison): void {
  const cell: CellVerdict = { cell: plainCell(), control: false, ...verdict }
  expect(checkSchema.shape.cells.element.parse(JSON.parse(JSON.stringify(cell)))).toEqual(cell)
}

/** One round of each side, the new one with other figures. */
function moved(figures: Figures, sides?: Sides, digest = 'other'): ExactComparison {
  return compare([round(BASE)], [round({ ...BASE, ...figures }, { digest })], sides)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('two sides of a virtual cell', () => {
  test('pass where all is the same', () => {
    const rounds = [round(BASE), round(BASE, { round: 1, digest: 'e' })]
    const compared = compare(rounds, rounds, { exact: true })
    expect(compared).toMatchObject({ verdict: 'pass', rounds: 2, moved: [] })
    expect(compared.reason).toBe('the same events and the same figures in 2 rounds')
    expect(compared.exact).toEqual({ same: true, oldDigest: hash('de'), newDigest: hash('de') })
  })

  test('are a regression where a gated metric is worse by more than its threshold', () => {
    const {
      verdict,
      reason,
      moved: metrics,
    } = moved({ 'latency.p99': 1.2e6, 'latency.max': 2.2e6, turns: 60 })
    expect(verdict).toBe('regression')
    expect(reason).toBe(
      'latency.p99 is 20 % worse: 1.00 ms → 1.20 ms, 5 % is allowed; behaviour changed (3 metrics moved)',
    )
    expect(metrics.map(({ metric, verdict }) => [metric, verdict])).toEqual([
      ['latency.max', 'regression'],
      ['latency.p99', 'regression'],
      ['turns', 'pass'],
    ])
  })

  test.each<[string, Figures, string]>([
    ['5 % slower', { 'latency.p99': 1.05e6 }, 'pass'],
    ['hardly more than 5 % slower', { 'latency.p99': 1.0500001e6 }, 'regression'],
    ['of less throughput, by 5 % of what is left', { throughput: 1000 / 1.05 }, 'pass'],
    ['of less throughput, by more than that', { throughput: 950 }, 'regression'],
    ['without throughput', { throughput: 0 }, 'regression'],
    ['with misses where there were none', { misses: 1 }, 'regression'],
    ['other in what is neither better nor worse', { turns: 500 }, 'pass'],
    ['faster', { 'latency.p99': 0.9e6 }, 'improvement'],
    ['of more throughput', { throughput: 1001 }, 'improvement'],
    ['faster here and a little slower there', { 'latency.p99': 0.5e6, 'latency.max': 2.01e6 }, 'pass'],
  ])('that are %s are judged by direction and threshold', (_, figures, verdict) => {
    expect(moved(figures).verdict).toBe(verdict)
  })

  test('are worse by whatever there is where the threshold is zero', () => {
    const rules: Rule[] = [{ metric: '*', level: 'error', threshold: 0 }]
    expect(moved({ 'latency.p99': 1e6 + 2 ** -33 }, { rules }).verdict).toBe('regression')
  })

  test('say what came from nothing, and what went to nothing', () => {
    expect(moved({ misses: 3 }).reason).toMatch(/^misses is worse: 0 → 3, 5 % is allowed; /)
    expect(moved({ throughput: 0 }).reason).toMatch(/^throughput is worse: 1.00 k ops\/s → 0 ops\/s, /)
    const { worse } = moved({ misses: 3 }).moved[0]!
    expect(worse).toBeUndefined()
  })

  test('say how much better they are', () => {
    const { reason } = moved({ 'latency.p99': 0.5e6, throughput: 1100 })
    expect(reason).toBe('latency.p99 is 50 % better: 1.00 ms → 500 µs; behaviour changed (2 metrics moved)')
  })

  test('pass with what changed where nothing gated did', () => {
    const rules: Rule[] = [{ metric: 'misses', level: 'error', threshold: 0 }]
    const { verdict, reason, metrics } = moved({ 'latency.p99': 3e6 }, { rules })
    expect([verdict, reason]).toEqual([
      'pass',
      'behaviour changed (1 metric moved: latency.p99 is 200 % worse: 1.00 ms → 3.00 ms)',
    ])
    expect(metrics.map(({ metric, level }) => [metric, level])).toEqual([
      ['misses', 'error'],
      ['latency.max', 'off'],
      ['latency.p99', 'off'],
      ['throughput', 'off'],
      ['turns', 'off'],
    ])
  })

  test('are no regression by a metric that only warns, which says so itself', () => {
    const { verdict, moved: metrics } = moved(
      { 'latency.p99': 3e6 },
      {
        rules: [{ metric: '*', level: 'warn', threshold: 0 }],
      },
    )
    expect([verdict, metrics[0]!.level, metrics[0]!.verdict]).toEqual(['pass', 'warn', 'regression'])
  })

  test('show values that three digits do not tell apart', () => {
    expect(moved({ 'latency.p99': 1e6 + 0.5 }).reason).toContain('1000000 → 1000000.5 ns')
  })

  test('have figures of their own though the events are the same', () => {
    const { exact, reason } = moved({ turns: 51 }, {}, 'd')
    expect([exact!.same, reason]).toEqual([true, 'the same events (1 metric moved: turns: 50 → 51)'])
  })

  test('are compared by histograms as well', () => {
    const histogram = (ns: number) => {
      const made = Histogram.create()
      made.record(ns)
      return { sleep: made.encode() }
    }
    const [old, now] = [1e6, 2e6].map((ns) => round({}, { histograms: histogram(ns) }))
    const compared = compare([old!], [now!])
    expect(compared.verdict).toBe('regression')
    expect(compared.moved.map(({ metric }) => metric)).toContain('sleep.p99')
  })
})

describe('rounds of two sides', () => {
  test('are compared one by one: what moves in one and not in the median has moved', () => {
    const old = [0, 1, 2].map((number) => round(BASE, { round: number }))
    const now = old.with(1, round({ ...BASE, 'latency.p99': 9e6 }, { round: 1, digest: 'x' }))
    const compared = compare(old, now)
    expect(compared.moved.map(({ metric, worse }) => [metric, worse])).toEqual([['latency.p99', 0]])
    expect(compared.reason).toBe(
      'behaviour changed (1 metric moved: latency.p99: the median is 1.00 ms as before; ' +
        'the first difference lies in round 2)',
    )
    expect(compared.first).toMatchObject({ round: 1, seed: 2, oldDigest: 'd', newDigest: 'x' })
  })

  test('are compared where both sides have them, with the same seed, in whatever order they came', () => {
    const rounds = [0, 1, 2, 3].map((number) => round(BASE, { round: number, digest: `${number}` }))
    const compared = compare(rounds.slice(0, 3).reverse(), [
      rounds[3]!,
      rounds[1]!,
      { ...rounds[2]!, seed: 9 },
    ])
    expect(compared).toMatchObject({ verdict: 'pass', rounds: 1, exact: { oldDigest: hash('1') } })
  })

  test('count by their last record where they were run again', () => {
    const again = [round(BASE, { status: 'failed' }), round(BASE)]
    expect(compare(again, [round(BASE)])).toMatchObject({ verdict: 'pass', rounds: 1 })
  })

  test.each<[string, RoundRecord[], RoundRecord[], string]>([
    [
      'seed',
      [round(BASE)],
      [round(BASE, { seed: 7 })],
      'no round of the two sides has the same number and seed',
    ],
    ['round of the old side', [], [round(BASE)], 'the old side has no rounds'],
    ['round of the new side', [round(BASE)], [], 'the new side has no rounds'],
    [
      'digest of the old side',
      [round(BASE, { digest: undefined })],
      [round(BASE)],
      'round 1 of the old side has no digest',
    ],
    [
      'success of the new side',
      [round(BASE)],
      [round(BASE, { status: 'timeout', reason: 'took too long' })],
      'the new side broke down: timeout: took too long',
    ],
    [
      'success of the old side',
      [round(BASE, { status: 'failed' })],
      [round(BASE)],
      'the old side broke down: failed',
    ],
    [
      'success of either side',
      [round(BASE, { status: 'failed' })],
      [round(BASE, { status: 'failed', reason: 'lost 3 handles' })],
      'both sides broke down: failed: lost 3 handles',
    ],
  ])('without a common %s are not compared', (_, old, now, reason) => {
    const compared = compare(old, now)
    expect([compared.verdict, compared.reason, compared.exact]).toEqual(['failed', reason, undefined])
  })
})

describe('in exact mode', () => {
  const exact = { exact: true, rules: [] }

  test.each<[string, Figures, Partial<RoundRecord>, string]>([
    ['digest', {}, { digest: 'x' }, 'behaviour changed'],
    ['metric without a direction', { turns: 51 }, {}, 'the same events (1 metric moved: turns: 50 → 51)'],
    [
      'metric that is better',
      { throughput: 2000 },
      {},
      'the same events (1 metric moved: throughput is 50 % better: 1.00 k ops/s → 2.00 k ops/s)',
    ],
    ['metric of one side', { more: 1 }, {}, 'the same events (not to be compared: more (new))'],
    [
      'finding',
      {},
      { findings: [{ kind: 'stalled', message: 'held the loop' }] },
      'the same events (the findings are others)',
    ],
  ])('another %s is a regression', (_, figures, more, reason) => {
    const old = [round(BASE)]
    const now = [round({ ...BASE, ...figures }, more)]
    const strict = compare(old, now, exact)
    expect([strict.verdict, strict.reason]).toEqual(['regression', `nothing may change, but ${reason}`])
    expect(compare(old, now, { rules: [] }).verdict).toBe('pass')
  })

  test('a finding is the same however its record was written', () => {
    const plain = { kind: 'stalled', message: 'held the loop' }
    const written = { times: 1, fatal: false, message: plain.message, kind: plain.kind }
    const sides = [plain, written].map((finding) => [round(BASE, { findings: [finding] })])
    expect(compare(sides[0]!, sides[1]!, exact).verdict).toBe('pass')
  })
})

describe('metrics that have no counterpart', () => {
  test('are listed, the first of them by name', () => {
    const { verdict, reason, metrics } = compare(
      [round({ ...BASE, 'gone.a': 1, 'gone.b': 1 })],
      [round({ ...BASE, 'new.a': 1, 'new.b': 2, 'new.c': 3 })],
    )
    expect([verdict, reason]).toEqual([
      'pass',
      'the same events (not to be compared: gone.a (gone), gone.b (gone), new.a (new) and 2 more)',
    ])
    expect(metrics).toHaveLength(Object.keys(BASE).length)
  })

  test('are those as well that are not measured in the same way', () => {
    const now = round(BASE)
    now.metrics['latency.p99'] = { value: 1, unit: 'count', better: 'higher' }
    expect(compare([round(BASE)], [now]).reason).toContain('latency.p99 (another unit or direction)')
  })
})

describe('the first difference', () => {
  const marks = (text: string) =>
    text
      .split('')
      .map((mark) => mark.repeat(4))
      .join('')

  test('is said with the events between which it lies', () => {
    const [old, now] = [
      round(BASE, { checkpoints: `8200/2048:${marks('abcde')}`, digest: 'x' }),
      round(BASE, { checkpoints: `8300/4096:${marks('bfg')}`, digest: 'y' }),
    ]
    const { reason, exact, first } = compare([old], [now])
    const where = 'the first difference lies within events 4,097 to 8,192 of 8,200 and 8,300'
    expect([reason, exact!.divergence]).toEqual([`behaviour changed (${where})`, where])
    expect(first).toMatchObject({ interval: { from: 4097, to: 8192 }, events: [8200, 8300] })
  })

  test('is in the first round that differs', () => {
    const of = (digests: string) =>
      [...digests].map((digest, number) => round(BASE, { round: number, digest }))
    expect(compare(of('aaa'), of('abb')).exact!.divergence).toBe('the first difference lies in round 2')
  })
})
