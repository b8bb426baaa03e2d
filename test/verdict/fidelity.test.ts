import { describe, expect, test } from 'vitest'
import type { Cell, RoundRecord } from '../../harness/records.ts'
import { type Fidelity, fidelityOf, ratioRange } from '../../harness/verdict/fidelity.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import { headerOf, plainCell, plainRound } from '../reports/fixture.ts'

const REAL: Partial<Cell> = { time: 'real', selector: 'epoll' }

interface Given {
  readonly cell: Partial<Cell>
  /** By round: the p50 of latency.api in ns, or how the round ended. */
  readonly rounds: readonly (number | RoundRecord['status'])[]
  readonly more?: RoundRecord['metrics']
}

function reportOf(given: readonly Given[], fidelity: boolean | undefined = true): Report {
  const cells = given.map(({ cell }) => plainCell(cell))
  const rounds = given.flatMap(({ rounds, more }, index) =>
    rounds.map((round, number) => roundOf(cells[index]!, number, round, more)),
  )
  const policies = [...new Set(cells.map(({ policy }) => policy))]
  const header = { ...headerOf(policies, cells, 3), selectors: ['epoll', 'libuv'], fidelity }
  const records = { header, rounds }
  return { records, summary: summarize(records) }
}

function roundOf(cell: Cell, number: number, round: number | RoundRecord['status'], more = {}): RoundRecord {
  if (typeof round === 'string') return plainRound(cell, number, { status: round, reason: 'it hung' })
  const metric = (value: number) => ({ value, unit: 'ns' as const, better: 'lower' as const })
  const metrics = {
    'latency.api.p50': metric(round),
    'latency.api.p99': metric(round * 10),
    'wait.api.p50': metric(round),
    'overhead.api.p50': metric(round),
    throughput: { value: 1e9 / round, unit: 'ops/s' as const, better: 'higher' as const },
    ...more,
  }
  return plainRound(cell, number, { metrics })
}

const p50 = ([fidelity]: readonly Fidelity[]) =>
  fidelity!.pairs[0]!.figures.find(({ statistic }) => statistic === 'p50')!

describe('fidelity', () => {
  test('is the virtual median by the real one, and whether it lies among the real rounds', () => {
    const inside = fidelityOf(
      reportOf([
        { cell: REAL, rounds: [900, 1000, 1300] },
        { cell: {}, rounds: [1100, 1200, 1250] },
      ]),
    )
    expect(p50(inside)).toMatchObject({ quantity: 'latency.api', ratio: 1.2, within: true })
    const outside = reportOf([
      { cell: REAL, rounds: [900, 1000, 1300] },
      { cell: {}, rounds: [1301, 1400, 1500] },
    ])
    expect(p50(fidelityOf(outside))).toMatchObject({ ratio: 1.4, within: false })
  })

  test('leaves open what one real round cannot tell', () => {
    const fidelity = fidelityOf(
      reportOf([
        { cell: REAL, rounds: [1000] },
        { cell: {}, rounds: [1000] },
      ]),
    )
    expect(p50(fidelity).ratio).toBe(1)
    expect(p50(fidelity).within).toBeUndefined()
  })

  test('has no ratio to a real figure of 0', () => {
    const zero = {
      cell: REAL,
      rounds: [1000],
      more: { throughput: { value: 0, unit: 'ops/s', better: 'higher' } },
    }
    const [fidelity] = fidelityOf(reportOf([zero as Given, { cell: {}, rounds: [1000] }]))
    const throughput = fidelity!.pairs[0]!.figures.find(({ quantity }) => quantity === 'throughput')!
    expect(throughput.ratio).toBeUndefined()
  })

  test('is of what users see: durations and throughput, not of waits inside the loop', () => {
    const [fidelity] = fidelityOf(
      reportOf([
        { cell: REAL, rounds: [1000] },
        { cell: {}, rounds: [500] },
      ]),
    )
    const [pair] = fidelity!.pairs
    expect(pair!.figures.map(({ quantity, statistic }) => `${quantity} ${statistic}`.trim())).toEqual([
      'latency.api p50',
      'latency.api p99',
      'throughput',
    ])
    expect(ratioRange(pair!, 'p99')).toEqual({ low: 0.5, high: 0.5 })
    expect(ratioRange(pair!, 'throughput')).toEqual({ low: 2, high: 2 })
    expect(ratioRange(pair!, 'mean')).toBeUndefined()
  })

  test('pairs cells of one scenario, parameters and policy, the first selector asked for', () => {
    const report = reportOf([
      { cell: { ...REAL, selector: 'libuv' }, rounds: [9000] },
      { cell: { ...REAL }, rounds: [1000] },
      { cell: { ...REAL, policy: 'edf' }, rounds: [3000] },
      { cell: { ...REAL, params: { load: 2 } }, rounds: [7000] },
      { cell: {}, rounds: [1000] },
      { cell: { policy: 'edf' }, rounds: [6000] },
      { cell: { policy: 'virtual-only' }, rounds: [1] },
      { cell: { scenario: 'virtual-only' }, rounds: [1] },
    ])
    const [fidelity, ...others] = fidelityOf(report)
    expect(others).toEqual([])
    expect(fidelity!.selector).toBe('epoll')
    const ratios = fidelity!.pairs.map(({ policy, figures }) => [policy, figures[0]!.ratio])
    expect(ratios).toEqual([
      ['fifo', 1],
      ['edf', 2],
    ])
  })

  test('says why a broken cell has none', () => {
    const [fidelity] = fidelityOf(
      reportOf([
        { cell: REAL, rounds: [1000, 'timeout'] },
        { cell: {}, rounds: [1000] },
      ]),
    )
    expect(fidelity!.pairs[0]).toMatchObject({ figures: [], trouble: 'real time: timeout: it hung' })
  })

  test('names what the virtual run was calibrated with', () => {
    const more = { 'calibration.dispatch': { value: 1200, unit: 'ns', better: 'neither' } } as const
    const [fidelity] = fidelityOf(
      reportOf([
        { cell: REAL, rounds: [1000] },
        { cell: {}, rounds: [1000], more },
      ]),
    )
    expect(fidelity!.pairs[0]!.calibration).toEqual({ dispatch: more['calibration.dispatch'] })
  })

  test.each([false, undefined])('is not told of a run that was not made for it (%s)', (asked) => {
    const given = [
      { cell: REAL, rounds: [1000] },
      { cell: {}, rounds: [1000] },
    ]
    const report = reportOf(given)
    expect(fidelityOf(report)).toHaveLength(1)
    Object.assign(report.records.header, { fidelity: asked })
    expect(fidelityOf(report)).toEqual([])
  })
})
