import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseDuration } from '../../harness/durations.ts'
import { batchOption, durationOption } from '../../harness/options.ts'
import { describeSettings, parseSettings } from '../../harness/settings.ts'
import { didYouMean } from '../../harness/suggest.ts'

const schema = z.strictObject({
  batch: batchOption('snapshot'),
  aging: durationOption('50ms', 'how fast they age'),
  rate: z.number().min(0).max(100).default(10).describe('arrivals a second'),
  count: z.int().positive().default(3).describe('how many'),
  mode: z.enum(['open', 'closed']).default('open').describe('which load'),
  warm: z.boolean().default(false).describe('whether to warm up'),
  label: z.string().default('x').describe('what to call it'),
})

const parse = (given: Record<string, string>) => parseSettings(schema, given, "Policy 'mine'")

describe('settings', () => {
  test('are their defaults where nothing is given', () => {
    expect(parse({})).toEqual({
      batch: 'snapshot',
      aging: 50e6,
      rate: 10,
      count: 3,
      mode: 'open',
      warm: false,
      label: 'x',
    })
  })

  test.each<[string, string, unknown]>([
    ['batch', 'snapshot', 'snapshot'],
    ['batch', '12', 12],
    ['aging', '200us', 200e3],
    ['aging', '0', 0],
    ['rate', '0.5', 0.5],
    ['rate', '1e2', 100],
    ['count', '7', 7],
    ['mode', 'closed', 'closed'],
    ['warm', 'true', true],
    ['warm', 'false', false],
    ['label', '12', '12'],
    ['label', 'true', 'true'],
    ['label', '', ''],
  ])('take %s=%s as it is meant', (name, text, value) => {
    expect(parse({ [name]: text })[name]).toBe(value)
  })

  test.each([
    [
      'rat',
      '1',
      "Policy 'mine' has no option 'rat' (did you mean 'rate'?): it has batch, aging, rate, count",
    ],
    ['constructor', '1', "Policy 'mine' has no option 'constructor': it has"],
    ['rate', '101', "Policy 'mine': option 'rate' does not take '101': Too big: expected number to be <=100"],
    ['rate', 'fast', "option 'rate' does not take 'fast': expected number"],
    ['rate', '', "option 'rate' does not take ''"],
    ['rate', 'Infinity', "option 'rate' does not take 'Infinity'"],
    ['count', '1.5', "option 'count' does not take '1.5': expected int"],
    ['mode', 'opn', `option 'mode' does not take 'opn': Invalid option: expected one of "open"|"closed"`],
    ['batch', '0', "option 'batch' does not take '0'"],
    ['batch', '', "option 'batch' does not take '': expected a whole number from 1 on, or snapshot"],
    ['batch', 'all', "option 'batch' does not take 'all': expected a whole number from 1 on, or snapshot"],
    ['aging', '50', "option 'aging' does not take '50': expected a duration such as 50ms, 200us or 1.5s"],
    ['aging', '-5ms', "option 'aging' does not take '-5ms': expected a duration"],
    ['warm', 'yes', "option 'warm' does not take 'yes': expected boolean"],
  ])('refuse %s=%s and say what would do', (name, text, message) => {
    expect(() => parse({ [name]: text })).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(message) }),
    )
  })

  test('name every mistake at once', () => {
    expect(() => parse({ rate: '101', count: '0' })).toThrow(/'rate'.*\n.*'count'/)
  })

  test('say so where there are none to give', () => {
    expect(() => parseSettings(z.strictObject({}), { a: '1' }, "Policy 'mine'")).toThrow(
      "Policy 'mine' has no option 'a': it has none",
    )
  })

  test('are described with defaults as people write them', () => {
    expect(describeSettings(schema).slice(0, 3)).toEqual([
      { name: 'batch', default: 'snapshot', description: expect.stringContaining('before I/O is looked at') },
      { name: 'aging', default: '50ms', description: expect.stringContaining('how fast they age') },
      { name: 'rate', default: 10, description: 'arrivals a second' },
    ])
  })
})

describe('durations', () => {
  test.each([
    ['0', 0],
    ['7ns', 7],
    ['200us', 200e3],
    ['200µs', 200e3],
    ['50ms', 50e6],
    ['1.5s', 1.5e9],
    ['2m', 120e9],
    [' 5ms ', 5e6],
  ])('%s is %d ns', (text, ns) => expect(parseDuration(text)).toBe(ns))

  test.each(['', '5', '-5ms', '5 ms', 'ms', '1e3ms', '.5s', '5h'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('suggestions', () => {
  const known = ['fifo', 'priority', 'custom-selector']

  test.each([
    ['fofi', " (did you mean 'fifo'?)"],
    ['Priority', " (did you mean 'priority'?)"],
    ['custom-select', " (did you mean 'custom-selector'?)"],
    ['something-else', ''],
  ])('%s', (given, hint) => expect(didYouMean(given, known)).toBe(hint))

  test('are not made where there is nothing to suggest', () => expect(didYouMean('a', [])).toBe(''))
})
