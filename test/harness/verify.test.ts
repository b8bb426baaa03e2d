import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Handle } from '../../harness/contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import type { Outcome } from '../../harness/measure/round.ts'
import { firstDifference, sameOutcome } from '../../harness/measure/verify-figures.ts'
import { describeDivergence, describeStretch, firstDivergence } from '../../harness/measure/verify-logs.ts'
import { EventLog, keepEventLog } from '../../harness/world/event-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'loopdyno-logs-'))
afterAll(() => rmSync(folder, { recursive: true }))

let written = 0

/** More than fit into the buffers of who writes and who reads. */
const MANY = Array.from({ length: 10_000 }, (_, sequence) => ({ sequence, name: `n${sequence % 50}` }))

interface Entry {
  readonly sequence?: number
  readonly name?: string
  readonly startNs?: number
  readonly endNs?: number
}

function kept(entries: readonly Entry[]): string {
  const path = join(folder, `${written++}`)
  const close = keepEventLog(path)
  const log = new EventLog()
  const observer = log.observer(0)
  for (const { sequence = 0, name = 'a', startNs = 1, endNs = startNs + 1500 } of entries) {
    observer.handleFinished!({ ...DEFAULT_ATTRIBUTES, sequence, name } as Handle, startNs, endNs)
  }
  log.digest()
  close()
  return path
}

function changed(at: number, entry: Entry): Entry[] {
  return MANY.map((each, index) => (index === at ? { ...each, ...entry } : each))
}

describe('two kept event logs', () => {
  test('do not part where all events are the same', () => {
    expect(firstDivergence(kept(MANY), kept(MANY))).toBeUndefined()
  })

  test.each<[string, number, Entry]>([
    ['sequence of the first event', 0, { sequence: 7 }],
    ['start of one in the middle', 4096, { startNs: 1.25, endNs: 1501 }],
    ['end of the one after it', 4097, { endNs: 1502 }],
    ['name of the last one', 9999, { name: 'another' }],
    ['name of one that has come before', 5000, { name: 'n7' }],
  ])('part at the %s', (_, at, entry) => {
    const found = firstDivergence(kept(MANY), kept(changed(at, entry)))!
    expect([found.number, found.events[0], found.events[1]]).toEqual([
      at + 1,
      expect.objectContaining(MANY[at]!),
      expect.objectContaining({ ...MANY[at], ...entry }),
    ])
  })

  test('part where one ends', () => {
    const found = firstDivergence(kept(MANY), kept(MANY.slice(0, 4096)))!
    expect([found.number, found.events[1]]).toEqual([4097, undefined])
    expect(describeDivergence(found, ['first run', 'run 7'])).toBe(
      "event 4,097: first run: host 0 at 1 ns 'n46' (handle 4096, ran for 1.5 µs); run 7: nothing more happens",
    )
  })

  test('count no event that is cut off', () => {
    const cut = kept(MANY)
    truncateSync(cut, 40 * 100 + 8)
    expect(firstDivergence(kept(MANY), cut)!.number).toBe(101)
  })

  test('may have any names', () => {
    const names = ['a\nb', '"', 'ä€😀', '', '\u2028']
    const entries = names.map((name) => ({ name }))
    expect(firstDivergence(kept(entries), kept(entries))).toBeUndefined()
    const found = firstDivergence(kept(entries), kept([...entries.slice(0, 2), { name: 'x' }]))!
    expect(found.events.map((event) => event!.name)).toEqual(['ä€😀', 'x'])
  })

  test('tell times apart that are nearly the same', () => {
    const found = firstDivergence(kept([{ startNs: 12_345_678.25 }]), kept([{ startNs: 12_345_678.5 }]))!
    const text = describeDivergence(found, ['first run', 'second run'])
    expect(text).toMatch(/at 12\.34567825 ms 'a' .*; second run: host 0 at 12\.3456785 ms 'a' /)
  })
})

describe('a stretch of a kept log', () => {
  const ran = (sequence: number) => `host 0 at 1 ns 'n${sequence % 50}' (handle ${sequence}, ran for 1.5 µs)`
  const last = [9997, 9998, 9999].map(ran)

  test.each([
    [
      'shows its first events',
      5001,
      5064,
      `within events 5,001 to 5,064 of 10,000 (1 ns to 1.501 µs: `,
      [5000, 5001, 5002].map(ran),
      '; …)',
    ],
    ['may be one event', 1, 1, 'at event 1 of 10,000 (1 ns to 1.501 µs: ', [ran(0)], ')'],
    [
      'may be the last events',
      9998,
      10_000,
      'within events 9,998 to 10,000 of 10,000 (1 ns to 1.501 µs: ',
      last,
      ')',
    ],
    [
      'may go on after the end',
      9998,
      10_001,
      'within events 9,998 to 10,001 of 10,000 (1 ns to 1.501 µs: ',
      last,
      '; nothing more happens)',
    ],
    ['may come after the end', 10_001, 10_001, 'at event 10,001 of 10,000 (', [], 'nothing more happens)'],
  ])('%s', (_, from, to, head, events, tail) => {
    expect(describeStretch(kept(MANY), from, to)).toBe(head + events.join('; ') + tail)
  })
})

describe('two outcomes', () => {
  const metric = (value: number) => ({ value, unit: 'count', better: 'neither' }) as const
  const outcome: Outcome = {
    status: 'ok',
    digest: 'd',
    histograms: { latency: 'abc' },
    metrics: { a: metric(1), b: metric(2) },
    findings: [{ kind: 'stalled', message: 'job held the loop' }],
    tables: [{ title: 'T', columns: [], rows: [[1]] }],
    series: [],
    timelines: [],
  }
  const runs = ['first run', 'second run'] as const

  test('are the same where all is', () => {
    const copy = structuredClone(outcome)
    expect([sameOutcome(outcome, copy), firstDifference(outcome, copy, runs)]).toEqual([true, undefined])
  })

  test.each<[string, Partial<Outcome>, string]>([
    ['status', { status: 'failed' }, 'status: ok in the first run, failed in the second run'],
    [
      'metric',
      { metrics: { a: metric(1), b: metric(3) } },
      "metric 'b': 2 in the first run, 3 in the second run",
    ],
    [
      'missing metric',
      { metrics: { a: metric(1) } },
      "metric 'b': 2 in the first run, none in the second run",
    ],
    [
      'order of metrics',
      { metrics: { b: metric(2), a: metric(1) } },
      'order of each metric: a, b in the first run, b, a in the second run',
    ],
    [
      'histogram',
      { histograms: { latency: 'abd' } },
      "histogram 'latency': abc in the first run, abd in the second run",
    ],
    ['finding', { findings: [] }, 'finding 1: job held the loop in the first run, none in the second run'],
    [
      'table',
      { tables: [{ title: 'T', columns: [], rows: [[2]] }] },
      'table 1: {"title":"T","columns":[],"rows":[[1]]} in the first run, {"title":"T","columns":[],"rows":[[2]]} in the second run',
    ],
  ])('that differ in a %s are told apart by it', (_, change, message) => {
    const other = { ...outcome, ...change }
    expect([sameOutcome(outcome, other), firstDifference(outcome, other, runs)]).toEqual([false, message])
  })

  test('are shown where long texts part', () => {
    const long = { ...outcome, histograms: { latency: `${'x'.repeat(500)}1${'y'.repeat(500)}` } }
    const other = { ...outcome, histograms: { latency: `${'x'.repeat(500)}2${'y'.repeat(500)}` } }
    const shown = firstDifference(long, other, runs)!
    expect(shown).toMatch(/: …x+1y+… in the first run, …x+2y+… in the second run$/)
    expect(shown.length).toBeLessThan(400)
  })
})
