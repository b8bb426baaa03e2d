import { describe, expect, test } from 'vitest'
import { createRandom } from '../../harness/random.ts'
import type { Cell, RoundRecord, RunRecords } from '../../harness/records.ts'
import {
  BOTH_SIDES,
  type CalibrationOptions,
  calibrate,
  isCalibration,
} from '../../harness/verdict/calibrated.ts'
import { resampleChecks } from '../../harness/verdict/resampling.ts'
import { DEFAULT_RULES } from '../../harness/verdict/rules.ts'
import { hodgesLehmann } from '../../harness/verdict/statistics/hodges-lehmann.ts'

const MS = 1e6

function cellOf(scenario: string, time: Cell['time'] = 'real'): Cell {
  return { policy: 'fifo', selector: time === 'real' ? 'epoll' : 'simulated', time, scenario, params: {} }
}

interface Made {
  readonly cell: Cell
  readonly control?: number
  /** By how much sides differ from round to round, and by how much the new one is worse. */
  readonly spread?: number
  readonly shift?: number
  readonly metric?: string
  readonly status?: RoundRecord['status']
  readonly digests?: readonly [string, string]
}

const ROUNDS = 30

/** The old side of a round takes 40 ms, the new one 60. */
function roundsOf({ cell, control, ...made }: Made): RoundRecord[] {
  const random = createRandom(cell.scenario.length)
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
  return Array.from({ length: ROUNDS }, (_, round) => {
    const worse = Math.exp((made.shift ?? 0) + (made.spread ?? 0) * normal())
    return (['old', 'new'] as const).map((arm): RoundRecord => {
      const value = 1000 * (arm === 'new' ? worse : 1)
      return {
        kind: 'round',
        ...{ cell, arm, round, seed: round },
        ...(control === undefined ? {} : { control }),
        status: made.status ?? 'ok',
        ...(made.status === undefined ? {} : { reason: 'it threw' }),
        tookNs: (arm === 'new' ? 60 : 40) * MS,
        metrics: { [made.metric ?? 'cpu.perOp']: { value, unit: 'ns', better: 'lower' } },
        ...(made.digests === undefined ? {} : { digest: made.digests[arm === 'old' ? 0 : 1] }),
        ...{ histograms: {}, findings: [], tables: [], series: [], timelines: [] },
      }
    })
  }).flat()
}

function recordsOf(cells: readonly Made[], label = BOTH_SIDES): RunRecords {
  const pairs = cells.map(({ cell, control }) => ({
    old: cell,
    new: cell,
    ...(control === undefined ? {} : { control }),
  }))
  return {
    header: {
      kind: 'run',
      schema: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      seed: 1,
      rounds: ROUNDS,
      environment: {
        ...{ loopdyno: '0', node: 'v20', platform: 'linux', arch: 'x64', kernel: '6', cpu: 'x' },
        ...{ cores: 2, memoryBytes: 1, loadAverage: 0 },
      },
      cells: cells.map(({ cell }) => cell),
      policies: ['fifo'],
      comparison: {
        old: { label, files: [] },
        new: { label: BOTH_SIDES, files: [] },
        pairs,
        rules: [...DEFAULT_RULES],
        ...{ alpha: 0.05, margin: 0.03, exact: false, confirm: false },
        ...{ virtualRounds: 1, warmupMs: 400, windowMs: 1000 },
      },
    },
    rounds: cells.flatMap(roundsOf),
  }
}

function calibrated(cells: readonly Made[], options: Partial<CalibrationOptions> = {}) {
  const how = { alpha: 0.05, margin: 0.03, confirm: true, rounds: 20, checks: 2, seed: 1 }
  return calibrate(recordsOf(cells), { rules: DEFAULT_RULES, ...how, ...options })
}

const QUIET: Made = { cell: cellOf('quiet'), spread: 0.01 }
const NOISY: Made = { cell: cellOf('noisier'), spread: 0.03 }

describe('a calibration', () => {
  test('says how far the pairs of a cell spread, and which slowdown it would show', () => {
    const { cells, family, checks } = calibrated([QUIET, { ...NOISY, spread: 0.04 }])
    expect([family, checks!.checks, checks!.rounds]).toEqual([2, 2, 20])
    const [quiet, noisy] = cells.map(({ metrics }) => metrics[0]!)
    expect(quiet).toMatchObject({ metric: 'cpu.perOp', threshold: 0.05, uneven: false })
    expect(quiet!.spread).toBeGreaterThan(0.007)
    expect(quiet!.spread).toBeLessThan(0.015)
    // Above the margin of 3 %, and not far above it.
    expect(quiet!.detectable).toBeGreaterThan(0.031)
    expect(quiet!.detectable).toBeLessThan(0.045)
    expect(quiet!.rounds).toBeLessThan(20)
    expect(noisy!.detectable).toBeGreaterThan(0.05)
    expect(noisy!.rounds).toBeGreaterThan(20)
  })

  test('is about as many rounds as a check takes, however many pairs there are', () => {
    const of = (rounds: number) => calibrated([NOISY], { rounds }).cells[0]!.metrics[0]!.detectable!
    expect(of(10)).toBeGreaterThan(of(40))
    expect(calibrated([QUIET], { rounds: 3 }).cells[0]!.metrics[0]!.detectable).toBeUndefined()
  })

  test('tells how long a check takes: the longer side of each pair, a rehearsal, and the control', () => {
    const { cells, duration } = calibrated([QUIET, { ...QUIET, cell: cellOf('pipeline'), control: 1 }])
    expect(cells[0]!.pairNs).toBe(60 * MS)
    expect(duration).toEqual({ ns: 21 * 120 * MS, againNs: 21 * 60 * MS })
  })

  test('adds up the sides of a pair that are run one after the other', () => {
    const { cells } = calibrated([{ ...QUIET, metric: 'wakeUp.idle.p50' }])
    expect(cells[0]).toMatchObject({ pairNs: 100 * MS, metrics: [{ threshold: 0.25 }] })
  })

  test('notices that one side is favoured', () => {
    const biased = { ...QUIET, shift: 0.08 }
    const { cells } = calibrated([biased])
    expect(cells[0]!.metrics[0]).toMatchObject({ uneven: true })
    expect(cells[0]!.metrics[0]!.centre).toBeCloseTo(Math.expm1(0.08), 2)
    expect(calibrated([{ ...biased, shift: -0.08 }]).cells[0]!.metrics[0]).toMatchObject({ uneven: true })
  })

  test('notices a control that moved', () => {
    const control = { cell: cellOf('pipeline'), control: 1, spread: 0.01, shift: 0.08 }
    const { moved, controls, cells } = calibrated([QUIET, control])
    expect(moved).toEqual({ cell: control.cell, metric: 'cpu.perOp' })
    expect([cells.length, controls.length]).toEqual([1, 1])
    expect(calibrated([QUIET, { ...control, shift: 0 }]).moved).toBeUndefined()
  })

  test('tells of a cell that broke, and of the others what it can', () => {
    const { cells, family } = calibrated([QUIET, { cell: cellOf('broken'), status: 'failed' }])
    expect(cells.map(({ trouble }) => trouble)).toEqual([undefined, expect.stringContaining('it threw')])
    expect(family).toBe(1)
  })

  test('holds the two runs of a virtual cell against one another', () => {
    const same = { cell: cellOf('same', 'virtual'), digests: ['a', 'a'] } as const
    const other = { cell: cellOf('other', 'virtual'), digests: ['a', 'b'] } as const
    const { cells, checks, duration } = calibrated([same, other])
    expect([checks, duration]).toEqual([undefined, undefined])
    expect(cells.map(({ trouble }) => trouble === undefined)).toEqual([true, false])
  })

  test('is told from a check by its sides', () => {
    expect([isCalibration(recordsOf([QUIET])), isCalibration(recordsOf([QUIET], 'HEAD'))]).toEqual([
      true,
      false,
    ])
  })
})

describe('a plan', () => {
  const planOf = (effect: number, power: number, cells = [QUIET], confirm = true) =>
    calibrated(cells, { checks: 1, aim: { effect, power }, confirm }).plan!

  test('goes by the cell that spreads furthest', () => {
    const plan = planOf(0.05, 0.9, [QUIET, NOISY])
    expect(plan).toMatchObject({ lowered: [], atThreshold: [], decisive: { cell: NOISY.cell } })
    expect(plan.rounds).toBeGreaterThan(planOf(0.05, 0.9, [QUIET]).rounds!)
    expect(plan.ns).toBe((plan.rounds! + 1) * 120 * MS)
  })

  test('takes more rounds for a smaller slowdown, for more certainty, and among many cells for a single look', () => {
    const rounds = planOf(0.06, 0.8, [NOISY]).rounds!
    expect(planOf(0.05, 0.8, [NOISY]).rounds).toBeGreaterThan(rounds)
    expect(planOf(0.06, 0.99, [NOISY]).rounds).toBeGreaterThan(rounds)
    const many = Array.from('abcdefghijkl', (name) => ({ ...NOISY, cell: cellOf(name) }))
    const looks = [true, false].map((confirm) => planOf(0.06, 0.8, many, confirm).rounds!)
    expect(looks[0]).toBeLessThan(looks[1]!)
  })

  test.each([
    [0.05, 0.9],
    [0.08, 0.95],
  ])('keeps its promise: so many rounds find %s in %s of checks', (effect, chance) => {
    const { rounds } = planOf(effect, chance)
    const name = 'cpu.perOp'
    const noise = roundsOf(QUIET).flatMap(({ arm, metrics }) =>
      arm === 'new' ? [Math.log(metrics[name]!.value / 1000)] : [],
    )
    const middle = hodgesLehmann(noise)
    const differences = noise.map((each) => each - middle + Math.log1p(effect))
    const { found } = resampleChecks({
      cells: [{ metrics: [{ name, threshold: 0.05, differences }], slowed: true }],
      ...{ rounds: rounds!, checks: 50, judged: 1, alpha: 0.05, margin: 0.03, confirm: true, seed: 1 },
    })
    expect(found!.high).toBeGreaterThan(chance)
    // Nor does it ask for many more than are needed.
    expect(rounds).toBeLessThan(20)
  })

  test('lowers a threshold that would allow such a slowdown', () => {
    expect(planOf(0.04, 0.8).lowered).toEqual(['cpu.perOp'])
  })

  test('does not promise to be sure of a slowdown that only just reaches the threshold', () => {
    expect(planOf(0.05, 0.95)).toMatchObject({ atThreshold: ['cpu.perOp'] })
    expect(planOf(0.05, 0.95).rounds).toBeUndefined()
    expect(planOf(0.06, 0.95).rounds).toBeGreaterThan(1)
  })

  test('admits that no sensible number of rounds will do', () => {
    const plan = planOf(0.05, 0.9, [{ ...NOISY, spread: 0.5 }])
    expect([plan.rounds, plan.ns, plan.decisive?.metric]).toEqual([undefined, undefined, 'cpu.perOp'])
  })
})
