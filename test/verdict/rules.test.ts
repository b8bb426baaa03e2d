import { describe, expect, test } from 'vitest'
import type { Rule } from '../../harness/records.ts'
import {
  checkPattern,
  DEFAULT_RULES,
  matches,
  parseMax,
  parseShare,
  readRules,
  ruleFor,
  unusedRules,
} from '../../harness/verdict/rules.ts'

describe('unless a user says otherwise', () => {
  test.each([
    ['cpu.perOp', 0.05, 'together'],
    ['throughput', 0.1, 'together'],
    ['memory.heapPerConnection', 0.1, 'together'],
    ['wakeUp.idle.p50', 0.25, 'apart'],
  ])('%s decides in real time', (metric, threshold, pairs) => {
    expect(ruleFor(DEFAULT_RULES, metric, 'real')).toMatchObject({ level: 'error', threshold, pairs })
  })

  test.each([['latency.health.p99'], ['wakeUp.lookup.p50'], ['cpu.total'], ['memory.peak']])(
    '%s does not decide in real time',
    (metric) => {
      expect(ruleFor(DEFAULT_RULES, metric, 'real')).toBeUndefined()
    },
  )

  test.each([['latency.health.p99'], ['throughput'], ['gather.total']])(
    '%s decides in virtual time, however little it changes',
    (metric) => {
      expect(ruleFor(DEFAULT_RULES, metric, 'virtual')).toMatchObject({ level: 'error', threshold: 0 })
    },
  )
})

describe('a pattern', () => {
  test.each([
    ['*', 'throughput', true],
    ['*', 'latency.health.p99', true],
    ['latency.*.p99', 'latency.health.p99', true],
    ['latency.*.p99', 'latency.GET./x.p99', true],
    ['latency.*.p99', 'latency.p99', false],
    ['latency.*.p99', 'latency.health.p999', false],
    ['latency.*', 'latency', false],
    ['*.p99', 'latency.health.p99', true],
    ['*.*', 'throughput', false],
    ['cpu.perOp', 'cpu.perOp.x', false],
    ['cpu', 'cpu.perOp', false],
    ['', 'cpu', false],
  ])('%s and the metric %s: %s', (pattern, metric, expected) => {
    expect(matches(pattern, metric)).toBe(expected)
  })

  test.each([['wake*'], ['a..b'], ['.a'], [''], ['**']])('%j is refused', (pattern) => {
    expect(() => checkPattern(pattern, '--max')).toThrow(/^--max takes the name of a metric, /)
  })
})

describe('of several rules', () => {
  const off: Rule = { metric: 'cpu.*', level: 'off', threshold: 0 }
  const warn: Rule = { metric: 'cpu.perOp', level: 'warn', threshold: 0.2, time: 'real' }

  test('the last that matches decides', () => {
    expect(ruleFor([warn, off], 'cpu.perOp', 'real')?.level).toBe('off')
    expect(ruleFor([off, warn], 'cpu.perOp', 'real')?.level).toBe('warn')
  })

  test('one for another time does not match', () => {
    expect(ruleFor([off, warn], 'cpu.perOp', 'virtual')?.level).toBe('off')
  })

  test('the last leaves to those before it how pairs are run, unless it says so itself', () => {
    const rules = readRules([], ['wakeUp.idle.p50=+40%'])
    expect(ruleFor(rules, 'wakeUp.idle.p50', 'real')).toMatchObject({ threshold: 0.4, pairs: 'apart' })
    const together = [...rules, { ...rules.at(-1)!, pairs: 'together' as const }]
    expect(ruleFor(together, 'wakeUp.idle.p50', 'real')?.pairs).toBe('together')
  })

  test('those of a config come after ours, and --max after both', () => {
    const rules = readRules([off], ['cpu.perOp=7%'])
    expect(rules.slice(0, DEFAULT_RULES.length)).toEqual(DEFAULT_RULES)
    expect(ruleFor(rules, 'cpu.total', 'real')?.level).toBe('off')
    expect(ruleFor(rules, 'cpu.perOp', 'real')).toMatchObject({ level: 'error', threshold: 0.07 })
  })

  test('those of a user that no metric answers to are named, ours are not', () => {
    const rules = readRules([off], ['latncy.*.p99=5%', 'latency.*.p99=5%'])
    expect(unusedRules(rules, ['latency.health.p99', 'cpu.total']).map(({ metric }) => metric)).toEqual([
      'latncy.*.p99',
    ])
  })
})

describe('a percentage', () => {
  test.each([
    ['5%', 0.05],
    ['0%', 0],
    ['0.7%', 0.007],
    ['0.1%', 0.001],
    [' 90% ', 0.9],
    ['150%', 1.5],
  ])('%s is the share %d, to the last digit', (text, share) => {
    expect(parseShare(text, '--margin')).toBe(share)
  })

  test.each([['5'], ['0.05'], [''], ['%'], ['-5%'], ['1e2%'], ['5 %'], ['five%'], ['NaN%'], ['.5%']])(
    'is not %j',
    (text) => {
      expect(() => parseShare(text, '--margin')).toThrow(
        `--margin takes a percentage such as 5%, not '${text}'`,
      )
    },
  )
})

describe('--max', () => {
  test.each([
    ['latency.interactive.p99=+5%', 'latency.interactive.p99', 0.05],
    ['throughput=10%', 'throughput', 0.1],
    ['latency.*.p99=0%', 'latency.*.p99', 0],
    ['latency.a=b.p99=+5%', 'latency.a=b.p99', 0.05],
  ])('%s fails what is worse by more, in both times', (text, metric, threshold) => {
    expect(parseMax(text)).toEqual({ metric, level: 'error', threshold })
  })

  test.each([
    ['latency.p99', "--max takes METRIC=+5%, as in latency.interactive.p99=+5%, not 'latency.p99'"],
    ['=5%', '--max takes METRIC=+5%'],
    ['cpu.perOp=0.05', "--max cpu.perOp takes a percentage such as 5%, not '0.05'"],
    ['cpu.perOp=-5%', "--max cpu.perOp takes a percentage such as 5%, not '-5%'"],
    ['cpu.perOp=', "--max cpu.perOp takes a percentage such as 5%, not ''"],
    ['cpu*=5%', '--max takes the name of a metric, * in place of whole parts'],
  ])('%s is a mistake that is explained', (text, message) => {
    expect(() => parseMax(text)).toThrow(message)
  })
})
