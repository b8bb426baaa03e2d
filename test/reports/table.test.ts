import { describe, expect, test } from 'vitest'
import type { Report } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import table from '../../reports/table.ts'
import {
  type FixtureOptions,
  headerOf,
  memoryTarget,
  NASTY,
  plainCell,
  plainRound,
  syntheticReport,
} from './fixture.ts'

const small: FixtureOptions = { values: 200 }
const whole = syntheticReport(small)

async function printed(report: Report, more = {}): Promise<string> {
  const { target, text } = memoryTarget('/nowhere', more)
  await table.write(report, target)
  return text()
}

/** A run of one virtual scenario with one metric, a value a policy. */
function runOf(values: Record<string, number[]>, better: 'lower' | 'neither' = 'lower'): Report {
  const policies = Object.keys(values)
  const cells = policies.map((policy) => plainCell({ policy }))
  const rounds = cells.flatMap((cell) =>
    values[cell.policy]!.map((value, round) =>
      plainRound(cell, round, { metrics: { 'cpu.perOp': { value, unit: 'ns', better } } }),
    ),
  )
  const records = { header: headerOf(policies, cells, 1), rounds }
  return { records, summary: summarize(records) }
}

function rowOf(text: string, policy: string): string {
  return text
    .split('\n')
    .find((line) => line.startsWith(policy))!
    .replace(/ +/g, ' ')
    .trim()
}

describe('values', () => {
  test('stand with their ratio to the first policy, the best with a star', async () => {
    const text = await printed(runOf({ fifo: [4000], edf: [1000], lifo: [8000] }))
    expect(['fifo', 'edf', 'lifo'].map((policy) => rowOf(text, policy))).toEqual([
      'fifo 4.00 µs',
      'edf 1.00 µs * ×0.25',
      'lifo 8.00 µs ×2.00',
    ])
    expect(text).toContain('×… ratio to fifo')
  })

  test('whose median is within 2 % of the best share the star; overlapping rounds alone do not', async () => {
    const text = await printed(runOf({ fifo: [10, 101, 300], edf: [5, 100, 250], lifo: [11, 103, 104] }))
    expect(rowOf(text, 'fifo')).toContain('101 ns *')
    expect(rowOf(text, 'edf')).toContain('100 ns *')
    expect(rowOf(text, 'lifo')).not.toContain('*')
  })

  test('that are all alike have no star', async () => {
    expect(await printed(runOf({ fifo: [7], edf: [7] }))).not.toContain('*')
  })

  test('without a direction are neither compared nor starred', async () => {
    const text = await printed(runOf({ fifo: [4], edf: [1] }, 'neither'))
    expect(rowOf(text, 'edf')).toBe('edf 1 ns')
  })

  test('that are missing show as a dash', async () => {
    const report = runOf({ fifo: [4], edf: [1] })
    delete report.summary.cells[1]!.metrics['cpu.perOp']
    expect(rowOf(await printed(report), 'edf')).toBe('edf –')
  })
})

describe('the tables of a run', () => {
  test.each([60, 80, 100, 120])('fit a terminal of %d columns', async (width) => {
    const text = await printed(whole, { width })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
  })

  test('say for each whether time was real or virtual, and which selector waited', async () => {
    const text = await printed(whole)
    for (const title of [
      'web · virtual time · simulated',
      'web · real time · epoll',
      'timers · real time · select',
    ])
      expect(text).toContain(title)
  })

  test('give the reason in place of values where a cell failed', async () => {
    const text = await printed(whole)
    expect(text).toMatch(/edf +✗ failed: 3 of 4,000 handles were lost/)
    expect(text).toMatch(/fifo +✗ unsupported: select cannot watch descriptor 1024/)
  })

  test('list findings, like ones counted and many of a kind cut short', async () => {
    const text = await printed(whole)
    expect(text).toContain('starved: batch waited 812 ms: overtaken by interactive (12 times)')
    expect(text).toContain('stalled: and 3 more of this kind: see summary.json')
  })

  test('have colours only where the terminal shows them', async () => {
    expect(await printed(whole)).not.toContain('\u001b')
    expect(await printed(whole, { color: true })).toContain('\u001b[1m')
  })

  test('let no name move the cursor or ring the bell', async () => {
    const text = await printed(syntheticReport({ ...small, policies: ['a\u001b[2J\u0007b', NASTY] }), {
      color: true,
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
    expect(text).not.toMatch(/\u0007|\u001b\[\d*[A-L]/)
  })

  test('are none for a run without cells', async () => {
    const records = { header: headerOf([], [], 0), rounds: [] }
    expect(await printed({ records, summary: summarize(records) })).toBe('')
  })
})
