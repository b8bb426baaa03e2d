import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram } from '../../harness/histogram.ts'
import type { RoundRecord } from '../../harness/records.ts'
import { type SummaryCell, summarize, summarySchema } from '../../harness/verdict/summary.ts'
import { headerOf, plainCell, plainRound, syntheticRecords } from '../reports/fixture.ts'

const cell = plainCell()

function summaryOf(...rounds: Partial<RoundRecord>[]): SummaryCell {
  const records = rounds.map((more, index) => plainRound(more.cell ?? cell, index, more))
  return summarize({ header: headerOf(['fifo'], [records[0]?.cell ?? cell], rounds.length), rounds: records })
    .cells[0]!
}

function figure(value: number) {
  return { 'cpu.perOp': { value, unit: 'ns', better: 'lower' } } as const
}

function encoded(...values: number[]): string {
  const histogram = Histogram.create()
  for (const value of values) histogram.record(value)
  return histogram.encode()
}

describe('metrics', () => {
  test('a metric is the median over the rounds, with its range', () => {
    const summary = summaryOf({ metrics: figure(30) }, { metrics: figure(10) }, { metrics: figure(11) })
    expect(summary.metrics).toEqual({
      'cpu.perOp': { value: 11, unit: 'ns', better: 'lower', low: 10, high: 30 },
    })
  })

  test('one round alone has no range', () => {
    expect(summaryOf({ metrics: figure(30) }).metrics['cpu.perOp']).toEqual({
      value: 30,
      unit: 'ns',
      better: 'lower',
    })
  })

  test('histograms give mean, percentiles, maximum and count by class', () => {
    const { metrics } = summaryOf({ histograms: { 'latency.interactive': encoded(100, 200, 300, 1000) } })
    const values = Object.entries(metrics).map(([name, metric]) => [name, metric.value, metric.better])
    expect(values).toEqual([
      ['latency.interactive.count', 4, 'neither'],
      ['latency.interactive.max', 1000, 'lower'],
      ['latency.interactive.mean', 400, 'lower'],
      ['latency.interactive.p50', 200, 'lower'],
      ['latency.interactive.p90', 1000, 'lower'],
      ['latency.interactive.p99', 1000, 'lower'],
      ['latency.interactive.p999', 1000, 'lower'],
    ])
  })

  test('percentiles are taken in each round and then the median of rounds, not of all values', () => {
    const rounds = [[1], [1], [900, 900, 900]].map((values) => ({ histograms: { wait: encoded(...values) } }))
    expect(summaryOf(...rounds).metrics['wait.p50']).toMatchObject({ value: 1, low: 1, high: 900 })
  })

  test('an exact figure of the round wins over that of its histogram and bounds the percentiles', () => {
    const exact = { 'latency.x.max': { value: 1_000_000, unit: 'ns', better: 'lower' } } as const
    const { metrics } = summaryOf({ histograms: { 'latency.x': encoded(1_000_000) }, metrics: exact })
    expect([metrics['latency.x.max']!.value, metrics['latency.x.p99']!.value]).toEqual([1_000_000, 1_000_000])
  })

  test('an empty histogram has a count and nothing else', () => {
    expect(Object.keys(summaryOf({ histograms: { wait: encoded() } }).metrics)).toEqual(['wait.count'])
  })

  test('rounds that failed do not count', () => {
    const summary = summaryOf(
      { metrics: figure(1) },
      { metrics: figure(99), status: 'failed', reason: 'lost' },
    )
    expect(summary.metrics['cpu.perOp']).toEqual({ value: 1, unit: 'ns', better: 'lower' })
  })
})

describe('status', () => {
  test('a cell is as bad as its worst round, and says why', () => {
    const summary = summaryOf(
      {},
      { status: 'timeout', reason: 'slow' },
      { status: 'failed', reason: 'lost 3' },
    )
    expect(summary).toMatchObject({ status: 'failed', reason: 'lost 3', rounds: 3 })
  })

  test('unavailable outweighs unsupported, timeout both', () => {
    expect(summaryOf({ status: 'unsupported' }, { status: 'unavailable' }).status).toBe('unavailable')
    expect(summaryOf({ status: 'timeout' }, { status: 'unavailable' }).status).toBe('timeout')
  })

  test('a planned cell without a round is there, and failed', () => {
    expect(summaryOf()).toMatchObject({ status: 'failed', rounds: 0, metrics: {} })
    expect(summaryOf().reason).toContain('--resume')
  })

  test('a round that was run again counts once, as it was run last', () => {
    const rounds = [
      plainRound(cell, 0, { status: 'timeout', reason: 'slow' }),
      plainRound(cell, 0, { metrics: figure(5) }),
    ]
    const summary = summarize({ header: headerOf(['fifo'], [cell], 1), rounds })
    expect(summary.cells[0]).toMatchObject({ status: 'ok', rounds: 1 })
  })
})

describe('findings and digests', () => {
  test('like findings are counted', () => {
    const stalled = { kind: 'stalled', message: 'render held the loop' }
    const summary = summaryOf(
      { findings: [stalled, { ...stalled, times: 3 }] },
      { findings: [{ ...stalled, fatal: true }] },
    )
    expect(summary.findings).toEqual([{ ...stalled, fatal: true, times: 5 }])
  })

  test('the digest hashes the rounds in their order, also when there is one', () => {
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(summaryOf({ digest: 'aa' }).digest).toBe(hash('aa'))
    expect(summaryOf({ digest: 'bb', round: 1 }, { digest: 'aa', round: 0 }).digest).toBe(hash('aabb'))
  })

  test('real time has no digest, nor has a cell with a round that lacks one', () => {
    expect(summaryOf({ cell: plainCell({ time: 'real' }), digest: 'aa' }).digest).toBeUndefined()
    expect(summaryOf({ digest: 'aa' }, {}).digest).toBeUndefined()
  })
})

describe('the whole summary', () => {
  const records = syntheticRecords({ values: 50 })

  test('fits its schema, cells in the order of the plan', () => {
    const summary = summarize(records)
    expect(summarySchema.parse(summary)).toEqual(summary)
    expect(summary.cells.map(({ policy, scenario }) => [policy, scenario])).toEqual(
      records.header.cells.map(({ policy, scenario }) => [policy, scenario]),
    )
  })

  test('real and virtual rounds of a scenario never meet', () => {
    const web = summarize(records).cells.filter((one) => one.policy === 'fifo' && one.scenario === 'web')
    expect(web.map(({ time, rounds }) => [time, rounds])).toEqual([
      ['virtual', 3],
      ['real', 3],
    ])
  })

  test('is the same text in whatever order the rounds arrived', () => {
    const expected = JSON.stringify(summarize(records))
    const orders = fc.shuffledSubarray([...records.rounds], { minLength: records.rounds.length })
    fc.assert(
      fc.property(orders, (rounds) => {
        expect(JSON.stringify(summarize({ ...records, rounds }))).toBe(expected)
      }),
      { numRuns: 5 },
    )
  })
})
