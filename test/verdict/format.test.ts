import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatChange,
  formatDuration,
  formatInterval,
  formatRatio,
  formatShare,
  formatTick,
  formatValue,
  timeUnit,
} from '../../harness/format.ts'

test.each([
  [0, '0 ns'],
  [7, '7 ns'],
  [999.6, '1.00 µs'],
  [1234, '1.23 µs'],
  [45_600, '45.6 µs'],
  [999_500, '1.00 ms'],
  [1_234_567, '1.23 ms'],
  [60e9, '60.0 s'],
  [300e9, '5.00 min'],
  [7200e9, '2.00 h'],
  [-1500, '-1.50 µs'],
  [0.25, '0.250 ns'],
  [Number.NaN, '–'],
])('%d ns is written %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text)
})

test.each([
  [45_600, 'ops/s', '45.6 k ops/s'],
  [12, 'ops/s', '12 ops/s'],
  [61 * 2 ** 20, 'bytes', '61.0 MiB'],
  [12_345, 'count', '12,345'],
  [3_400_000, 'count', '3.40 M'],
  [3.917, 'ratio', '3.92'],
  [-0.01234, 'ratio', '-0.0123'],
  [0.004, 'ratio', '0.00400'],
  [undefined, 'ns', '–'],
] as const)('%s %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text)
})

test('ticks have no more digits than they need', () => {
  const written = [1e6, 1.5e6, 2e4, 100, 2e9, 1e12].map((value) => formatTick(value, 'ns'))
  expect(written).toEqual(['1 ms', '1.5 ms', '20 µs', '100 ns', '2 s', '1,000 s'])
})

test('an axis of time has the unit in which its numbers are short', () => {
  const units = [800, 1500e3, 1.9e9, 2e9, 160e9, 3600e9, 86_400e9].map((ns) => timeUnit(ns).name)
  expect(units).toEqual(['ns', 'µs', 'ms', 's', 's', 'min', 'h'])
})

test('ratios show small and large factors alike', () => {
  const ratios = [0.314, 1, 12.34, 456, 12_345, 0.0004].map((value) => formatRatio(value, 1))
  expect(ratios).toEqual(['×0.31', '×1.00', '×12.3', '×456', '×12,345', '×0.0004'])
})

test('there is no ratio to nothing', () => {
  expect([formatRatio(1, 0), formatRatio(undefined, 1), formatRatio(1, undefined)]).toEqual(['', '', ''])
})

test('no duration needs more than eight characters of number', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (ns) => {
      expect(formatDuration(ns)).toMatch(/^[\d.,e-]{1,8} (ns|µs|ms|s|min|h)$/)
    }),
  )
})

test('shares have a digit behind the point, and what is more than nothing is never written as nothing', () => {
  const shares = [0, 0.05, 0.1234, -0.0734, 1.2345, 0.0042, 0.00001, Number.NaN].map(formatShare)
  expect(shares).toEqual(['0 %', '5 %', '12.3 %', '−7.3 %', '123 %', '0.42 %', '0.001 %', '–'])
})

test('changes have their sign, and an interval the unit once', () => {
  expect([0.073, -0.041, 0].map(formatChange)).toEqual(['+7.3 %', '−4.1 %', '0 %'])
  expect(formatInterval(-0.061, 0.085)).toBe('−6.1 … +8.5 %')
  expect(formatInterval(undefined, 0.085)).toBe('')
})
