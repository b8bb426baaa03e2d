import { describe, expect, test } from 'vitest'
import type { Environment, RoundRecord } from '../../harness/records.ts'
import {
  type Baseline,
  type BaselineOrigin,
  baselineOf,
  environmentDifferences,
  roundsOf,
} from '../../harness/verdict/baseline.ts'
import { formatBaseline, parseBaseline } from '../../harness/verdict/baseline-text.ts'
import { roundMetrics } from '../../harness/verdict/roundmetrics.ts'
import { headerOf, plainCell, plainRound, syntheticRecords } from '../reports/fixture.ts'

const ORIGIN: BaselineOrigin = {
  commit: '1a2b3c4',
  policies: ['fifo'],
  scenarios: ['web'],
  selectors: ['epoll'],
  times: ['virtual'],
  settings: ['load=0.9'],
}

const FILE = 'loopdyno.baseline.json'
const ns = (value: number) => ({ value, unit: 'ns', better: 'lower' }) as const

function baselineOfRounds(...rounds: RoundRecord[]): Baseline {
  const cells = rounds.map(({ cell }) => cell)
  return baselineOf({ header: headerOf(['fifo'], cells, 1), rounds }, ORIGIN)
}

const small = () =>
  baselineOfRounds(
    plainRound(plainCell(), 0, {
      metrics: { 'latency.web.p99': ns(1 / 3), 'latency.web.mean': ns(2) },
      digest: 'd',
    }),
    plainRound(plainCell(), 1, {
      metrics: { 'latency.web.p99': ns(4) },
      digest: 'e',
      checkpoints: '9/1:abcd',
    }),
  )

/** The file after an edit, which must have had an effect. */
function edited(from: string | RegExp, to: string, baseline = small()): string {
  const text = formatBaseline(baseline)
  const changed = text.replace(from, to)
  expect(changed).not.toBe(text)
  return changed
}

function messageOfParsing(text: string): string {
  try {
    parseBaseline(text, FILE)
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError' })
    return (error as Error).message
  }
  throw new Error('It was taken for a baseline')
}

describe('a baseline', () => {
  const records = syntheticRecords({ rounds: 2, values: 200 })
  const baseline = baselineOf(records, ORIGIN)

  test('is read as it was written', () => {
    expect(parseBaseline(formatBaseline(baseline), FILE)).toEqual(baseline)
    expect(formatBaseline(parseBaseline(formatBaseline(baseline), FILE))).toBe(formatBaseline(baseline))
  })

  test('is the same in whatever order rounds came', () => {
    const backwards = { ...records, rounds: records.rounds.toReversed() }
    expect(formatBaseline(baselineOf(backwards, ORIGIN))).toBe(formatBaseline(baseline))
  })

  test('gives back the metrics of every round: exact in virtual time, to seven digits in real time', () => {
    const back = roundsOf(baseline)
    expect(back.length).toBe(records.rounds.length)
    for (const round of records.rounds) {
      const again = back.find(
        (each) => each.round === round.round && JSON.stringify(each.cell) === JSON.stringify(round.cell),
      )!
      expect(again).toMatchObject({ arm: 'old', status: round.status, seed: round.seed })
      expect(again.digest).toBe(round.digest)
      if (round.status !== 'ok') continue
      const expected = roundMetrics(round)
      expect(Object.keys(again.metrics).toSorted()).toEqual(Object.keys(expected).toSorted())
      for (const [name, metric] of Object.entries(expected)) {
        const value = round.cell.time === 'virtual' ? metric.value : Number(metric.value.toPrecision(7))
        expect(again.metrics[name]).toEqual({ ...metric, value })
      }
    }
  })

  test('has percentiles, which records have in histograms only', () => {
    expect(Object.keys(baseline.metrics).some((name) => name.endsWith('.p99'))).toBe(true)
  })

  test('has a line for each cell and round, and names what a metric is once', () => {
    const lines = formatBaseline(small()).split('\n')
    expect(lines.filter((line) => line.includes('"round":'))).toHaveLength(2)
    expect(lines.filter((line) => line.includes('"cell":'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('"better"'))).toHaveLength(2)
    expect(lines.find((line) => line.includes('"round":0'))).toContain(
      '"metrics":{"latency.web.mean":2,"latency.web.p99":0.3333333333333333}',
    )
  })

  test('keeps seven digits of a figure in real time', () => {
    const cell = plainCell({ time: 'real', selector: 'epoll' })
    const { cells } = baselineOfRounds(plainRound(cell, 0, { metrics: { 'cpu.perOp': ns(12345.678901) } }))
    expect(cells[0]!.rounds[0]!.metrics).toEqual({ 'cpu.perOp': 12345.68 })
  })

  test('keeps apart what two scenarios call by one name', () => {
    const bytes = { value: 7, unit: 'bytes', better: 'neither' } as const
    const made = baselineOfRounds(
      plainRound(plainCell({ scenario: 'a' }), 0, { metrics: { size: ns(5) } }),
      plainRound(plainCell({ scenario: 'b' }), 0, { metrics: { size: bytes } }),
    )
    const back = roundsOf(parseBaseline(formatBaseline(made), FILE))
    expect(back.map(({ metrics }) => metrics.size)).toEqual([ns(5), bytes])
  })

  test('of a comparison is that of the new side, without what was looked at again', () => {
    const made = baselineOfRounds(
      plainRound(plainCell(), 0, { arm: 'new', metrics: { a: ns(1) } }),
      plainRound(plainCell(), 0, { arm: 'old', metrics: { a: ns(2) } }),
      plainRound(plainCell(), 1, { arm: 'new', stage: 'confirmation', metrics: { a: ns(3) } }),
    )
    expect(roundsOf(made).map(({ metrics }) => metrics.a!.value)).toEqual([1])
  })

  test('keeps why a round broke down', () => {
    const made = baselineOfRounds(plainRound(plainCell(), 0, { status: 'failed', reason: 'lost 3 handles' }))
    expect(roundsOf(made)[0]).toMatchObject({ status: 'failed', reason: 'lost 3 handles', metrics: {} })
  })

  test('is not made of what is no number', () => {
    const round = plainRound(plainCell(), 0, { metrics: { a: ns(Number.NaN) } })
    expect(() => baselineOfRounds(round)).toThrow("web · fifo · simulated · virtual time: metric 'a' is NaN")
  })
})

describe('a file that is no sound baseline', () => {
  test('is refused wherever it is cut off', () => {
    const text = formatBaseline(small())
    for (let length = 1; length < text.trimEnd().length; length++) {
      expect(messageOfParsing(text.slice(0, length))).toContain(': it is cut off: the end is missing. ')
    }
    expect(parseBaseline(text.trimEnd(), FILE)).toEqual(small())
  })

  const round = 'web · fifo · simulated · virtual time: round 2: '
  test.each<[string, string | RegExp, string, string]>([
    [
      'has NaN',
      '"latency.web.p99":4',
      '"latency.web.p99":NaN',
      `${round}metric 'latency.web.p99': expected a number, not 'NaN'`,
    ],
    [
      'has -Infinity',
      '"latency.web.p99":4',
      '"latency.web.p99":-Infinity',
      `${round}metric 'latency.web.p99': expected a number, not '-Infinity'`,
    ],
    [
      'has a number too large',
      '"latency.web.p99":4',
      '"latency.web.p99":1e999',
      `${round}metric 'latency.web.p99': expected a number, not Infinity`,
    ],
    [
      'has null',
      '"latency.web.p99":4',
      '"latency.web.p99":null',
      `${round}metric 'latency.web.p99': expected a number, not null`,
    ],
    [
      'has text',
      '"latency.web.p99":4',
      '"latency.web.p99":"4"',
      `${round}metric 'latency.web.p99': expected a number, not '4'`,
    ],
    ['has NaN where anything may stand', '"params":{}', '"params":{"load":NaN}', 'it has NaN or Infinity'],
    ['lacks the seed of a round', '"round":1,"seed":2', '"round":1', `${round}field 'seed': it is missing`],
    ['has a field too many in a round', '"round":1', '"round":1,"rond":1', `${round}unknown field 'rond'`],
    ['has a field too many', '"schema": 1', '"schema": 1, "shcema": 1', "unknown field 'shcema'"],
    ['has another status', /"status":"ok"/, '"status":"fine"', 'field \'status\': expected one of "ok"'],
    ['lacks the environment', / {2}"environment": .*\n/, '', "field 'environment': it is missing"],
    [
      'has an environment without a processor',
      /"cpu":"[^"]*",/,
      '',
      "field 'environment.cpu': it is missing",
    ],
    ['has the same round twice', '"round":1', '"round":0', 'virtual time: round 1 is there twice'],
    [
      'has a metric without a unit',
      /"latency.web.p99": /,
      '"latency.web.p98": ',
      "metric 'latency.web.p99' has no unit",
    ],
    ['has no cell', /"cells": [\s\S]*/, '"cells": []}', "field 'cells': expected at least one cell"],
    ['has a cell without rounds', /"rounds": \[[\s\S]*/, '"rounds": []}]}', 'at least one round'],
    [
      'holds an unresolved merge',
      '    {\n',
      '<<<<<<< HEAD\n    {\n',
      'it has the marks of a merge that is not resolved',
    ],
    ['is not JSON', '{', '', 'it is not JSON: '],
    ['is empty', /[\s\S]*/, '', 'it is empty'],
  ])('because it %s is refused with the place', (_, from, to, message) => {
    const said = messageOfParsing(edited(from, to))
    expect(said).toContain(`${FILE}: `)
    expect(said).toContain(message)
    expect(said).toMatch(/remove it and make it anew: loopdyno baseline save$/)
  })

  test('because it has a cell twice is refused with the place', () => {
    const baseline = small()
    const said = messageOfParsing(
      formatBaseline({ ...baseline, cells: [...baseline.cells, ...baseline.cells] }),
    )
    expect(said).toContain('web · fifo · simulated · virtual time: it is there twice')
  })

  test('because another version made it is refused with both versions and the remedy', () => {
    const said = messageOfParsing(edited('"schema": 1', '"schema": 2'))
    expect(said).toContain('has the baseline schema 2, and this version of loopdyno reads 1')
    expect(said).toContain("remove it and make it anew with 'loopdyno baseline save', or use loopdyno 0.1.0")
  })

  test.each([['{}'], ['[1]'], ['null'], ['7'], ['{"schema":"1"}']])(
    'such as %s is refused as no baseline',
    (text) => {
      expect(messageOfParsing(text)).toMatch(
        / is not a baseline: its 'schema' is (missing|"1")\. Name another with --baseline, or make one with loopdyno baseline save$/,
      )
    },
  )
})

describe('figures in real time', () => {
  const here: Environment = headerOf([], [], 1).environment

  test('may be compared on one machine, whatever its load and our version are', () => {
    const later = { ...here, loadAverage: 9, loopdyno: '9.9.9', memoryBytes: here.memoryBytes * 0.95 }
    expect(environmentDifferences(here, later)).toEqual([])
    const patched = (kernel: string) => ({ ...here, kernel })
    expect(environmentDifferences(patched('6.8.0-1-generic'), patched('6.8.12'))).toEqual([])
  })

  test.each<[Partial<Environment>, Partial<Environment>, string]>([
    [{ node: 'v20.20.2' }, { node: 'v22.1.0' }, 'Node v20.20.2 there, v22.1.0 here'],
    [{ node: 'v20.20.2' }, { node: 'v20.20.3' }, 'Node v20.20.2 there, v20.20.3 here'],
    [{ cpu: 'AMD EPYC' }, { cpu: 'Xeon' }, 'processor AMD EPYC there, Xeon here'],
    [{ cores: 2 }, { cores: 4 }, '2 cores there, 4 here'],
    [{ cores: 1 }, { cores: 4 }, '1 core there, 4 here'],
    [{ arch: 'x64' }, { arch: 'arm64' }, 'architecture x64 there, arm64 here'],
    [{ platform: 'linux' }, { platform: 'darwin' }, 'platform linux there, darwin here'],
    [{ kernel: '6.8.0-1' }, { kernel: '6.11.0-1' }, 'kernel 6.8.0-1 there, 6.11.0-1 here'],
    [{ memoryBytes: 16 * 2 ** 30 }, { memoryBytes: 8 * 2 ** 30 }, '16.0 GiB of memory there, 8.0 GiB here'],
  ])('may not be compared between %j and %j', (a, b, message) => {
    expect(environmentDifferences({ ...here, ...a }, { ...here, ...b })).toEqual([message])
  })
})
