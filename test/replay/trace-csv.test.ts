import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseColumns } from '../../harness/replay/columns.ts'
import type { TraceRow } from '../../harness/replay/trace.ts'
import { mistakeOf, row, rowsOf } from './trace-text.ts'

const HEADER = 'arrival_us,class,service_us'

describe('a CSV trace', () => {
  test.each<[string, string, TraceRow[]]>([
    ['plain', `${HEADER}\n0,a,5\n2,b,7\n`, [row(0, 'a', 5), row(2, 'b', 7)]],
    ['without a last line break', `${HEADER}\n0,a,5`, [row(0, 'a', 5)]],
    ['with CRLF and blank lines', `${HEADER}\r\n\r\n0,a,5\r\n\r\n\r\n`, [row(0, 'a', 5)]],
    ['with a byte order mark', `\uFEFF${HEADER}\n0,a,5\n`, [row(0, 'a', 5)]],
    ['with quoted fields', `"arrival_us",${HEADER.slice(11)}\n"0","a,""b""",5\n`, [row(0, 'a,"b"', 5)]],
    ['with empty quoted fields', `x,${HEADER},y\n"",0,a,5,""\n`, [row(0, 'a', 5)]],
    ['with a quote inside a plain field', `${HEADER},note\n0,a,5,5" disk\n`, [row(0, 'a', 5)]],
    ['with further columns in any order', 'n,service_us,class,m,arrival_us\n,5,a,,1\n', [row(1, 'a', 5)]],
    [
      'with equal arrivals',
      `${HEADER}\n1,b,1\n1,a,2\n1,b,3\n`,
      [row(1, 'b', 1), row(1, 'a', 2), row(1, 'b', 3)],
    ],
    [
      'with deadlines, some missing',
      `${HEADER},deadline_us\n1,a,5,9\n2,a,5,\n`,
      [row(1, 'a', 5, 9), row(2, 'a', 5)],
    ],
    ['with a class beyond ASCII', `${HEADER}\n0,größe 🙂,5\n`, [row(0, 'größe 🙂', 5)]],
    [
      'with classes of one hash',
      `${HEADER}\n0,Aa,5\n0,BB,5\n0,Aa,5\n`,
      ['Aa', 'BB', 'Aa'].map((c) => row(0, c, 5)),
    ],
    ['with many columns', `${'x,'.repeat(40)}${HEADER}\n${'1,'.repeat(40)}0,a,5\n`, [row(0, 'a', 5)]],
  ])('%s is read', async (_, text, rows) => {
    expect(await rowsOf(text)).toEqual(rows)
  })

  test.each([
    ['12', 12_000],
    ['12.5', 12_500],
    ['+1', 1000],
    ['1e3', 1_000_000],
    ['1.5E-2', 15],
    ['.5', 500],
    ['5.', 5000],
    ['0.0004', 0],
    ['0.0005', 1],
    ['-0', 0],
    ['007', 7000],
    ['0.1000000000000000000000000000001', 100],
    ['9007199254740', 9_007_199_254_740_000],
  ])('%s µs are %d ns', async (text, ns) => {
    expect((await rowsOf(`${HEADER}\n0,a,${text}\n0,a,1\n`))[0]!.serviceNs).toBe(ns)
  })

  test('takes its columns, units and absolute deadlines from the mapping', async () => {
    const mapping = parseColumns('arrival=at:s,class=kind,service=took:ms,deadline=due_ms:absolute')
    expect(await rowsOf('kind,at,took,due_ms\nx,1.5,2,1600\ny,2,.25,\n', { mapping })).toEqual([
      row(1.5e6, 'x', 2000, 1e5),
      row(2e6, 'y', 250),
    ])
  })

  test('needs no class column where the mapping says so', async () => {
    expect(await rowsOf('arrival_us,service_us\n0,5\n', { mapping: parseColumns('class=') })).toEqual([
      row(0, 'default', 5),
    ])
  })

  test('is the same in chunks of every size and with a cut at every byte', async () => {
    const text = `\uFEFF${HEADER},note\r\n0,größe,5,\n1,"a,""🙂""",6.25,x\r\n\n3,größe,1e3,"y"`
    const bytes = Buffer.from(text)
    const whole = await rowsOf(bytes)
    expect(whole).toHaveLength(3)
    for (let chunkBytes = 1; chunkBytes <= bytes.length; chunkBytes++)
      expect(await rowsOf(bytes, { chunkBytes })).toEqual(whole)
  })
})

/** A row as it might stand in a file, with what it means. */
const className = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((name) => !/\p{Cc}|\p{Cs}/u.test(name))
const rowArbitrary = fc.record({
  gap: fc.nat(1000),
  name: fc.oneof(fc.constantFrom('a', 'b', 'a,b', '"', ' '), className),
  service: fc.oneof(fc.nat().map(String), fc.double({ min: 0, max: 1e9, noNaN: true }).map(String)),
  deadline: fc.option(fc.nat()),
  quoted: fc.boolean(),
})
const fileArbitrary = fc.record({
  rows: fc.array(rowArbitrary, { minLength: 1, maxLength: 20 }),
  end: fc.constantFrom('\n', '\r\n'),
  tail: fc.constantFrom('', '\n', '\r\n', '\n\n'),
  mark: fc.constantFrom('', '\uFEFF'),
  chunkBytes: fc.integer({ min: 1, max: 200 }),
})
type File = typeof fileArbitrary extends fc.Arbitrary<infer Value> ? Value : never

function written(file: File): string {
  let arrival = 0
  const lines = file.rows.map(({ gap, name, service, deadline, quoted }) => {
    arrival += gap
    const field = quoted || /[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name
    return `${quoted ? `"${arrival}"` : arrival},${field},${service},${deadline ?? ''}`
  })
  // One row that takes time, so that the trace as a whole is sound.
  return file.mark + [`${HEADER},deadline_us`, '0,a,1,', ...lines].join(file.end) + file.tail
}

/** The plainest reader: strings, regular expressions, a line number where it gives up. */
function naive(text: string): { rows: TraceRow[]; badLine: number | undefined } {
  const rows: TraceRow[] = []
  let last = 0
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  for (const [index, line] of lines.entries()) {
    const plain = line.replace(/\r$/, '')
    if (index === 0 || plain === '') continue
    const fields = naiveFields(plain)
    const [arrival, name, service, deadline] = fields ?? []
    const times = [arrival, service, deadline || '0'].map(naiveTime)
    const bad =
      fields?.length !== 4 || !name || /\p{Cc}/u.test(name) || times.some(Number.isNaN) || times[0]! < last
    if (bad) return { rows, badLine: index + 1 }
    last = times[0]!
    rows.push({
      arrivalNs: times[0]!,
      className: name,
      serviceNs: times[1]!,
      deadlineNs: deadline === '' ? Infinity : times[2]!,
    })
  }
  return { rows, badLine: undefined }
}

function naiveFields(line: string): string[] | undefined {
  const fields: string[] = []
  for (let rest = line; ; rest = rest.slice(1)) {
    const match = /^"((?:[^"]|"")*)"(?=,|$)|^(?!")[^,]*/.exec(rest)
    if (match === null) return undefined
    fields.push(match[1]?.replaceAll('""', '"') ?? match[0])
    rest = rest.slice(match[0].length)
    if (rest === '') return fields
  }
}

function naiveTime(text: string | undefined): number {
  if (text === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number.NaN
  const ns = Number(text) * 1e3
  return ns < 0 || ns > Number.MAX_SAFE_INTEGER ? Number.NaN : Math.round(ns) + 0
}

describe('beside a naive reader', () => {
  test('every sound file comes to the same rows', async () => {
    await fc.assert(
      fc.asyncProperty(fileArbitrary, async (file) => {
        const { rows, badLine } = naive(written(file))
        expect(badLine).toBeUndefined()
        expect(rows.slice(1).map((each) => each.className)).toEqual(file.rows.map((each) => each.name))
        expect(await rowsOf(written(file), file)).toEqual(rows)
      }),
    )
  })

  test('a damaged file is refused at the same line, or comes to the same rows', async () => {
    const damage = fc.record({
      at: fc.nat(),
      cut: fc.nat(2),
      put: fc.constantFrom('', '"', ',', '\n', '-', 'x', '\r', '.', '9'),
    })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(fileArbitrary, damage, async (file, { at, cut, put }) => {
        const text = written(file)
        // The header is left whole: what is wrong with it has tests of its own.
        const first = text.indexOf('\n') + 1
        const start = first + (at % (text.length - first))
        const damaged = `${text.slice(0, start)}${put}${text.slice(start + cut)}`
        if (/\p{Cs}/u.test(damaged)) return
        const { rows, badLine } = naive(damaged)
        if (badLine === undefined && rows.some((each) => each.serviceNs > 0)) {
          expect(await rowsOf(damaged, file)).toEqual(rows)
          return
        }
        refused++
        const line = badLine === undefined ? '' : `${badLine}:`
        expect((await mistakeOf(rowsOf(damaged, file))).startsWith(`t.csv:${line}`)).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(refused).toBeGreaterThan(20)
  })
})
