import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import {
  readTrace,
  surveyTrace,
  type TraceFormat,
  type TraceRow,
  traceRows,
} from '../../harness/replay/trace.ts'
import { Place } from '../../harness/replay/trace-place.ts'
import { mistakeOf, row } from './trace-text.ts'

const BY_NAME: TraceFormat = { format: undefined, columns: {} }
const CSV = 'arrival_us,class,service_us\n1,b,5\n3,a,2\n11,b,3\n'
const JSONL = '{"arrival_us":1,"class":"b","service_us":5}\n'

/** What this process has open, where the platform tells. */
const OPEN_FILES = '/proc/self/fd'

const folder = mkdtempSync(join(tmpdir(), 'loopdyno-trace-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function read(path: string, format = BY_NAME) {
  const rows: TraceRow[] = []
  for await (const batch of readTrace(path, format)) rows.push(...batch)
  return rows
}

describe('a trace file', () => {
  test.each([
    ['a.csv', CSV, 3],
    ['a.CSV.gz', gzipSync(CSV), 3],
    ['packed.csv', gzipSync(CSV), 3],
    ['two-members.csv.gz', Buffer.concat([gzipSync(CSV.slice(0, 40)), gzipSync(CSV.slice(40))]), 3],
    ['a.jsonl', JSONL, 1],
    ['a.ndjson.gz', gzipSync(JSONL), 1],
  ])('%s is told by its name and first bytes', async (name, content, rows) => {
    expect(await read(file(name, content))).toHaveLength(rows)
  })

  test('of any name is read in the format that is given', async () => {
    expect(await read(file('b.txt', JSONL), { ...BY_NAME, format: 'jsonl' })).toEqual([row(1, 'b', 5)])
  })

  test('is surveyed in one pass', async () => {
    const shares: number[] = []
    const survey = await surveyTrace(file('c.csv', CSV), BY_NAME, (share) => shares.push(share))
    expect(shares).toEqual([1])
    expect(survey).toEqual({
      rows: 3,
      classes: [
        { name: 'b', rows: 2, serviceNs: 8000 },
        { name: 'a', rows: 1, serviceNs: 2000 },
      ],
      firstArrivalNs: 1000,
      lastArrivalNs: 11_000,
      spanNs: 10_000,
      serviceNs: 10_000,
      load: 1,
      hasDeadlines: false,
    })
  })

  test('with a deadline anywhere is surveyed as having deadlines', async () => {
    const text = 'arrival_us,class,service_us,deadline_us\n0,a,5,\n0,a,5,9\n'
    expect(await surveyTrace(file('d.csv', text), BY_NAME)).toMatchObject({
      hasDeadlines: true,
      load: Infinity,
    })
  })

  const long = CSV + Array.from({ length: 200_000 }, () => `11,b,${Math.random()}\n`).join('')

  test.each([
    ['growing.csv', long],
    ['growing.csv.gz', gzipSync(long)],
  ])('%s tells how far a survey is, up to the whole', async (name, content) => {
    const shares: number[] = []
    await surveyTrace(file(name, content), BY_NAME, (share) => shares.push(share))
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect([shares[0]! < 0.5, shares.at(-1)]).toEqual([true, 1])
  })

  test.skipIf(!existsSync(OPEN_FILES)).each([
    ['long.csv', long],
    ['long.csv.gz', gzipSync(long)],
  ])('%s is open while it is read, and closed when the reader stops early', async (name, content) => {
    const path = file(name, content)
    for await (const _ of readTrace(path, BY_NAME)) {
      expect(timesOpen(path)).toBe(1)
      break
    }
    await expect.poll(() => timesOpen(path)).toBe(0)
  })
})

function timesOpen(path: string): number {
  return readdirSync(OPEN_FILES).filter((fd) => linkOf(fd) === path).length
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(join(OPEN_FILES, fd))
  } catch {
    return ''
  }
}

describe('a file that is no trace', () => {
  const packed = gzipSync(CSV)
  const damaged = Buffer.from(packed)
  damaged[packed.length - 6]! ^= 0xff
  mkdirSync(join(folder, 'folder.csv'))
  const noise = Buffer.from(Array.from({ length: 4000 }, (_, at) => ((at * 2654435761) >>> 13) | 1))

  test.each([
    ['missing.csv', undefined, 'There is no such file: check the path'],
    ['folder.csv', undefined, 'This is a directory: name a trace file in it'],
    ['a.csv/b.csv', undefined, 'This cannot be read: ENOTDIR'],
    ['a.log', CSV, 'The name does not tell the format: give --format csv or --format jsonl'],
    ['empty.csv.gz', '', 'The file is empty'],
    ['packed-empty.csv.gz', gzipSync(''), 'The file is empty'],
    ['plain.csv.gz', CSV, 'This is named .gz but is not gzip: rename it'],
    ['cut.csv.gz', packed.subarray(0, -9), 'The gzip data ends too early: the file was cut off'],
    ['cut-header.csv.gz', packed.subarray(0, 4), 'The gzip data ends too early'],
    [
      'damaged.csv.gz',
      damaged,
      'The gzip data is damaged (incorrect data check): fetch or write the file again',
    ],
    ['zeros.csv', Buffer.alloc(100_000), 'This is no text file (it has zero bytes)'],
    ['noise.csv', noise, 'This line is not UTF-8 text'],
    ['noise.jsonl', noise, 'This line is not UTF-8 text'],
  ])('%s is refused with a remedy, read or surveyed', async (name, content, message) => {
    const path = content === undefined ? join(folder, name) : file(name, content)
    for (const reading of [read, surveyTrace]) {
      const said = await mistakeOf(reading(path, BY_NAME))
      expect(said.replace(/:1: /, ': ').slice(0, path.length + 2 + message.length)).toBe(
        `${path}: ${message}`,
      )
    }
  })

  test.skipIf(process.platform === 'win32')('a pipe is refused before it is opened', async () => {
    const path = join(folder, 'pipe.csv')
    execFileSync('mkfifo', [path])
    expect(await mistakeOf(read(path))).toBe(
      `${path}: This is a pipe or a device, and a trace is read twice: save it to a file first`,
    )
  })
})

describe('memory', () => {
  const ROWS = 2_000_000
  const BYTES_MAX = 8e6
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  function usedBytes(): number {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }

  async function* chunks(): AsyncGenerator<Buffer> {
    const rowsAtOnce = 4000
    yield Buffer.from('arrival_us,class,service_us\n')
    for (let at = 0; at < ROWS; at += rowsAtOnce)
      yield Buffer.from(
        Array.from({ length: rowsAtOnce }, (_, of) => `${at + of},c${of % 7},${of}.5\n`).join(''),
      )
  }

  /** Growth from the first tenth of the rows to the end, of the reader and of what `each` keeps. */
  async function growthBytes(each: (rows: unknown[]) => void): Promise<number> {
    let rows = 0
    let early = 0
    let late = 0
    for await (const batch of traceRows(chunks(), new Place('t.csv'), BY_NAME)) {
      each(batch)
      rows += batch.length
      if (early === 0 && rows >= ROWS / 10) early = usedBytes()
      if (rows >= ROWS) late = usedBytes()
    }
    expect(rows).toBe(ROWS)
    return late - early
  }

  test('does not grow over two million rows', async () => {
    expect(await growthBytes(() => {})).toBeLessThan(BYTES_MAX)
  })

  test('would be seen to grow if one row in ten were kept', async () => {
    const kept: unknown[] = []
    expect(await growthBytes((rows) => kept.push(...rows.filter((_, at) => at % 10 === 0)))).toBeGreaterThan(
      BYTES_MAX,
    )
  })
})

const TRACES = join(import.meta.dirname, '../../../shared/traces')
const there = existsSync(TRACES)

describe.skipIf(!there)(`real traces (${there ? TRACES : 'skipped: ../shared/traces is not there'})`, () => {
  test.each([
    ['azure-llm-mixed.csv.gz', 28_185, 0.8, ['code', 'conv']],
    ['chrome-network.csv.gz', 794, 0.54, ['High', 'Low', 'Medium', 'VeryHigh', 'VeryLow']],
    ['facebook-2009-jobs.csv.gz', 6638, 0.9, ['large', 'small']],
  ])('%s has the rows, load and classes that its README gives', async (name, rows, load, classes) => {
    const survey = await surveyTrace(join(TRACES, name), BY_NAME)
    expect(survey.rows).toBe(rows)
    expect(survey.load).toBeCloseTo(load, 2)
    expect(survey.classes.map((each) => each.name).toSorted()).toEqual(classes)
  })

  test.each(['azure-llm-mixed.csv.gz', 'chrome-network.csv.gz', 'facebook-2009-jobs.csv.gz'])(
    '%s is read as splitting its text gives it',
    async (name) => {
      const path = join(TRACES, name)
      const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n').slice(1)
      const expected = lines
        .map((line) => line.split(','))
        .map(([at, kind, took]) => row(Number(at), kind!, Number(took)))
      expect(await read(path)).toEqual(expected)
    },
  )
})
