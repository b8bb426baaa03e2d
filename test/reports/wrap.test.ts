import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstLines, nameLines, shortLabel, words } from '../../reports/tables/wrap.ts'

describe('names', () => {
  test('break behind a folder, a colon and a comma', () => {
    expect(nameLines('./policies/mine.ts:batch=1,slice=2ms', 20)).toEqual([
      './policies/mine.ts:',
      'batch=1,slice=2ms',
    ])
  })

  test('break at a dash where a part alone is too long, and within a word only where they must', () => {
    expect(nameLines('shortest-remaining-time-first', 16)).toEqual(['shortest-', 'remaining-time-', 'first'])
    expect(nameLines('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  })

  test('lose folders before anything else when they must be short', () => {
    expect(shortLabel('./very/long/way/to/my-policy.ts:batch=1', 30)).toBe('…/my-policy.ts:batch=1')
    expect(shortLabel('priority:aging=50ms,inner=fifo:batch=1', 31)).toBe('priority:aging=50ms,inner=fifo…')
    expect(shortLabel('fifo', 30)).toBe('fifo')
  })

  test('keep every character and the width, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.integer({ min: 1, max: 40 }), (name, width) => {
        const lines = nameLines(name, width)
        expect(lines.join('')).toBe(name)
        expect(Math.max(0, ...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
        expect(shortLabel(name, width + 1).length).toBeLessThanOrEqual(width + 1)
      }),
    )
  })
})

describe('sentences', () => {
  test('break between words', () => {
    expect(words('one two  three', 8)).toEqual(['one two', 'three'])
    expect(words('', 8)).toEqual([])
  })

  test('are cut behind a whole word when there are too many', () => {
    expect(firstLines('load=0.8 customers=50000 meanServiceUs=1000', 26, 1)).toEqual([
      'load=0.8 customers=50000…',
    ])
    expect(firstLines('one two three four five', 9, 2)).toEqual(['one two', 'three…'])
    expect(firstLines('one two', 9, 2)).toEqual(['one two'])
  })
})
