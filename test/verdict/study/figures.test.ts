import { describe, expect, test } from 'vitest'
import { CHECKED_SCENARIOS, CHECKED_SETTINGS } from '../../../harness/commands/sides.ts'
import { createRandom } from '../../../harness/random.ts'
import { CHECKED, falseAlarms, type PairSet, parseStudy, power, powerAt, type Study } from './figures.ts'

const random = createRandom(1)

/** Pairs whose new side is worse by so much, lower or higher, within a spread of 1 %. */
function pairs(better: 'lower' | 'higher', worse: number) {
  const noise = () => (random.uniform() + random.uniform() + random.uniform() - 1.5) / 50
  const sign = better === 'lower' ? 1 : -1
  const drawn = Array.from({ length: 40 }, (): [number, number] => {
    const old = 1000 * (1 + noise())
    return [old, old * Math.exp(sign * (Math.log1p(worse) + noise()))]
  })
  return { better, pairs: drawn }
}

function setOf(scenario: string, hogs: number, inject: number, bias = inject): PairSet {
  return {
    name: `${scenario} ${hogs} ${inject}`,
    ...{ scenario, settings: '', policy: 'fifo', hogs, inject, pairing: 'together' },
    ...{ warmupMs: 800, windowMs: 1000 },
    metrics: { 'cpu.perOp': pairs('lower', bias), throughput: pairs('higher', bias) },
  }
}

const environment = { cpu: 'some', cores: 2, node: 'v20', kernel: '6' }

function studyOf(...sets: PairSet[]): Study {
  return { made: '2026-01-01T00:00:00.000Z', environment, sets }
}

const SAME = [setOf('pipeline', 0, 0), setOf('pipeline', 2, 0), setOf('gather', 2, 0)]
const FEW = { checks: 3, seed: 1, judged: 1 }

describe('the figures of a study', () => {
  test('count false alarms by metric and place, for one cell and for twelve', () => {
    const figures = falseAlarms(studyOf(...SAME), FEW)
    const rows = figures.map(({ what, place, cells, pairs: known }) => [what, place, cells, known])
    const places = [
      ['without hogs', 1, 40],
      ['without hogs', 12, 40],
      ['beside hogs', 1, 80],
      ['beside hogs', 12, 80],
      ['both', 1, 120],
      ['both', 12, 120],
    ]
    const kinds = ['cpu.perOp', 'throughput', 'harder cells']
    expect(rows).toEqual(kinds.flatMap((kind) => places.map((place) => [kind, ...place])))
    expect(figures.every(({ counted }) => counted.times === 0 && counted.of >= 3)).toBe(true)
  })

  test('count how often a cell that was slowed down is found, alone and among others', () => {
    const figures = power(studyOf(...SAME, setOf('user-interface', 2, 0), setOf('pipeline', 2, 0.1)), FEW)
    const rows = figures.map(({ metric, place, cells, inject, counted }) => [
      ...[metric, place, cells, inject],
      counted.times,
    ])
    expect(rows).toEqual([
      ['cpu.perOp', 'beside hogs', 1, 0.1, 3],
      // A tenth is what throughput may lose, and is reached in every second check or so.
      ['throughput', 'beside hogs', 1, 0.1, expect.any(Number)],
      ['cpu.perOp', 'beside hogs', 12, 0.1, 3],
      ['throughput', 'beside hogs', 12, 0.1, expect.any(Number)],
    ])
  })

  test('tell the power at an effect that no busy-wait was of', () => {
    const cell = { ...setOf('user-interface', 2, 0.1), settings: '' }
    const study = studyOf(setOf('user-interface', 2, 0), cell)
    const found = (worse: number) =>
      powerAt(study, { metric: 'cpu.perOp', worse }, FEW).map(({ cells, counted }) => [cells, counted.times])
    expect(found(0.01)).toEqual([
      [1, 0],
      [12, 0],
    ])
    expect(found(0.08)).toEqual([
      [1, 3],
      [12, 3],
    ])
    expect(powerAt(studyOf(...SAME), { metric: 'cpu.perOp', worse: 0.05 }, FEW)).toEqual([])
  })

  test('tell the cells of a default check from harder ones, and know what it runs', () => {
    const figures = falseAlarms(studyOf(setOf('user-interface', 0, 0), setOf('gather', 0, 0)), FEW)
    const counted = figures.map(({ what, pairs: known }) => [what, known] as const)
    expect(new Map(counted)).toEqual(
      new Map([
        ['cpu.perOp', 80],
        ['throughput', 80],
        ['a default check', 40],
        ['harder cells', 40],
      ]),
    )
    const settings = Object.entries(CHECKED).flatMap(([scenario, text]) =>
      text === '' ? [] : text.split(',').map((setting) => `${scenario}.${setting}`),
    )
    expect([Object.keys(CHECKED), settings]).toEqual([CHECKED_SCENARIOS, CHECKED_SETTINGS])
  })

  test('are the same each time', () => {
    const study = studyOf(setOf('pipeline', 2, 0.06))
    expect(power(study, FEW)).toEqual(power(study, FEW))
  })

  test('need pairs that are numbers above zero', () => {
    const sound = studyOf(...SAME)
    expect(parseStudy(JSON.stringify(sound))).toEqual(sound)
    SAME[0]!.metrics['cpu.perOp']!.pairs[3]![1] = 0
    expect(() => parseStudy(JSON.stringify(sound))).toThrow(/Too small/)
  })
})
