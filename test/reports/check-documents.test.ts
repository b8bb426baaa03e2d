import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type CheckReport, checkSchema, VERDICTS } from '../../harness/verdict/check-report.ts'
import type { Report, Reporter } from '../../harness/verdict/reporter.ts'
import { checkCharts } from '../../reports/charts/check.ts'
import { clipped, fitting } from '../../reports/document/budget.ts'
import { COMMENT_BYTES, COMMENT_MARKER, checkDocument } from '../../reports/document/check.ts'
import htmlReporter from '../../reports/html.ts'
import jsonReporter from '../../reports/json.ts'
import markdownReporter from '../../reports/markdown.ts'
import pngReporter from '../../reports/png.ts'
import { escapeComment, oneLine } from '../../reports/tables/escape.ts'
import { changedCell, checkReport, HOSTILE, reportOf, syntheticCheck } from './check-fixture.ts'
import { memoryTarget } from './fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'loopdyno-check-reports-'))
afterAll(() => rmSync(root, { recursive: true }))

const GITHUB_MAX = 65_536
let runs = 0

async function written(reporter: Reporter, report: Report) {
  const directory = join(root, String(runs++))
  const files = await reporter.write(report, memoryTarget(directory).target)
  return { directory, files, names: files.map((file) => file.slice(directory.length + 1)) }
}

function comment(check: CheckReport): string {
  return checkDocument(check, COMMENT_BYTES, checkCharts(check))
}

describe('the comment on a pull request', () => {
  test('begins with its marker, the verdict and what it means', () => {
    const check = syntheticCheck()
    const [marker, title, , headline] = comment(check).split('\n')
    expect(marker).toBe(COMMENT_MARKER)
    expect(title).toBe('## ❌ loopdyno: FAILED')
    expect(headline).toBe(`**${check.headline}**`)
  })

  test.each(VERDICTS)('has a title and a sentence for %s', (verdict) => {
    const text = comment({ ...syntheticCheck({ cells: 1 }), verdict })
    expect(text).toMatch(new RegExp(`^## .+ loopdyno: ${verdict.toUpperCase()}$`, 'm'))
    expect(text).toMatch(/^\S.+\. Compared: the working tree against HEAD/m)
  })

  test('lists first what is not a pass, and every cell folded up', () => {
    const [open, every] = comment(syntheticCheck()).split('<details>')
    expect(open).toContain('REGRESSION')
    expect(open).not.toMatch(/^\| PASS \| <code>pipeline/m)
    expect(every).toMatch(/^\| PASS \| <code>pipeline · fifo · real<\/code> \| <code>cpu\.perOp/m)
    expect(every).toMatch(
      /^\| PASS \| <code>pipeline · fifo · virtual<\/code> \|[ |]* \| Every event is the same \|$/m,
    )
  })

  test('has five metrics of a virtual cell, twelve folded up, counts the others, and where it began to differ', () => {
    const [open, every] = comment({ ...syntheticCheck(), cells: [changedCell(0)] }).split('<details>')
    expect(open!.match(/^\| \*\*REGRESSION\*\*/gm)).toHaveLength(5)
    expect(open).toMatch(/^\| {2}\| {2}\| _and 15 more are worse, 10 better, 2 neither_ \|/m)
    expect(every!.match(/^\| \*\*REGRESSION\*\*/gm)).toHaveLength(12)
    expect(every).toContain('_and 8 more are worse, 10 better, 2 neither_')
    expect(open).toMatch(/^- <code>pipeline · fifo<\/code>: first difference: event 2,022: HEAD/m)
    expect(open).not.toMatch(/interval|limit \|/)
  })

  test('tells how to do it again, where it ran, and links to its charts', () => {
    const text = comment(syntheticCheck())
    for (const part of [
      '    loopdyno check --against HEAD',
      'AMD EPYC',
      'seed 42',
      '](charts/check-real.png)',
    ])
      expect(text).toContain(part)
  })

  test('warns of a contaminated check, of one cut short and of a slowdown on purpose', () => {
    const check = syntheticCheck()
    const text = comment({
      ...check,
      complete: false,
      contaminated: 'gather moved by 9 %',
      comparison: { ...check.comparison, inject: 0.1 },
    })
    for (const part of ['- Incomplete', '- Contaminated: gather moved by 9 %', '- Slowed on purpose: 10 %'])
      expect(text).toContain(part)
  })

  test.each([
    ['plain', ''],
    ['hostile', HOSTILE],
    ['very long', 'x'.repeat(20_000)],
    ['wide', '🐙'.repeat(3000)],
    ['escaped at length', '&'.repeat(9000)],
  ])('stays below what GitHub takes at 500 cells with %s names', (_, name) => {
    const text = comment(syntheticCheck({ cells: 500, name }))
    expect(text.length).toBeLessThan(GITHUB_MAX)
    expect(Buffer.byteLength(text)).toBeLessThan(GITHUB_MAX)
    expect(text).toMatch(/_[\d,]+ more rows left out: see check\.json and index\.html\._/)
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
  })

  test('stays within any limit, whatever its texts are', () => {
    const check = syntheticCheck({ cells: 5 })
    const text = fc.string({ unit: 'binary', maxLength: 1000 })
    fc.assert(
      fc.property(
        text,
        fc.array(text, { maxLength: 40 }),
        fc.integer({ min: 4000, max: 70_000 }),
        (one, notes, bytes) => {
          const made = checkDocument(
            { ...check, headline: one, command: one, contaminated: one, notes },
            bytes,
            [],
          )
          expect(Buffer.byteLength(made)).toBeLessThanOrEqual(bytes)
        },
      ),
      { numRuns: 20, seed: 5 },
    )
  })

  test('has no markup, no mention and no reference that came from a name', () => {
    const text = comment(syntheticCheck({ name: HOSTILE }))
    // The command is code, in which nothing is obeyed.
    const prose = text
      .split('\n')
      .filter((line) => !line.startsWith('    '))
      .join('\n')
    const tags = new Set(prose.match(/<\/?[a-z]+/g))
    expect(tags).toEqual(new Set(['<code', '</code', '<details', '</details', '<summary', '</summary']))
    expect(prose).not.toMatch(/@\w|#\d(?!\d*;)/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what may not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u)
  })

  test('has as many cells in a row as in the head of its table', () => {
    const text = comment(syntheticCheck({ name: HOSTILE }))
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    expect(new Set(rows.map((row) => row.match(/(?<!\\)\|/g)!.length))).toEqual(new Set([10]))
  })
})

describe('what fits', () => {
  const more = (omitted: number) => `${omitted} more`

  test('is all where there is room, and else whole lines and how many are left', () => {
    expect(fitting(['aaa', 'bbb', 'ccc'], 12, more)).toEqual(['aaa', 'bbb', 'ccc'])
    expect(fitting(['aaa', 'bbb', 'ccc'], 11, more)).toEqual(['aaa', '2 more'])
    expect(fitting(['aaa', 'bbb', 'ccc'], 7, more)).toEqual(['3 more'])
    expect(fitting(['aaa', 'bbb', 'ccc'], 3, more)).toEqual([])
  })

  test('of a text ends with dots where it was cut', () => {
    expect([clipped('abcd', 4), clipped('abcde', 4)]).toEqual(['abcd', 'abc…'])
  })

  test('in one line are no colours, control characters and halves of characters', () => {
    expect(oneLine('a\u001b[31m b\r\n\tc\u0000d\ud800e\u009f')).toBe('a b cde')
    expect(escapeComment('see @me in #7, a|b')).toBe('see @&#8203;me in \\#&#8203;7, a\\|b')
  })
})

describe('the files of a check', () => {
  test('are check.json, which reads back, beside summary.json', async () => {
    const report = checkReport()
    const { names, files } = await written(jsonReporter, report)
    expect(names).toEqual(['summary.json', 'check.json'])
    expect(checkSchema.parse(JSON.parse(readFileSync(files[1]!, 'utf8')))).toEqual(report.check)
  })

  test('are check.md and the charts that it links to', async () => {
    const { directory, names, files } = await written(markdownReporter, checkReport({ cells: 6 }))
    expect(names).toEqual(['check.md', 'charts/check-real.png', 'charts/check-virtual.png'])
    const links = [...readFileSync(files[0]!, 'utf8').matchAll(/\]\((charts\/[^)]+)\)/g)].map(
      (match) => match[1]!,
    )
    expect(links).toEqual(names.slice(1))
    for (const link of links) expect(existsSync(join(directory, link))).toBe(true)
  })

  test.each(
    [htmlReporter, jsonReporter, markdownReporter, pngReporter].map((one) => [one.name, one] as const),
  )('are made by %s also where nothing was compared', async (_, reporter) => {
    const { files } = await written(reporter, reportOf({ ...syntheticCheck(), cells: [] }))
    for (const file of files) expect(existsSync(file)).toBe(true)
  })
})

describe('the page of a check', () => {
  async function page(report: Report): Promise<string> {
    const { files } = await written(htmlReporter, report)
    return readFileSync(files[0]!, 'utf8')
  }

  test('shows verdict, rows, what changed and charts with words for each', async () => {
    const text = await page(checkReport({ cells: 6 }))
    for (const part of ['<title>loopdyno check: ', 'first difference', 'What is not a pass', 'Control: '])
      expect(text.toLowerCase()).toContain(part.toLowerCase())
    expect(text.match(/<span class="verdict regression">REGRESSION/g)?.length).toBeGreaterThan(2)
    const pictures = text.match(/<img [^>]*>/g)!
    expect(pictures).toHaveLength(2)
    for (const picture of pictures) expect(picture).toMatch(/ alt="[^"]{60,}"/)
  })

  test('has eight metrics of a virtual cell, and all that moved folded up', async () => {
    const text = await page(reportOf({ ...syntheticCheck(), cells: [changedCell(0), changedCell(1)] }))
    const [, open = '', , changed = ''] = text.split('<section>')
    expect(open.match(/<span class="metric regression">/g)).toHaveLength(16)
    expect(open).toContain('and 12 more are worse, 10 better, 2 neither')
    expect(changed.match(/<span class="metric/g)).toHaveLength(64)
    expect(changed).toMatch(/<summary>32 metrics moved<\/summary>/)
  })

  test('needs nothing but itself, and has no markup that came from a name', async () => {
    const text = await page(checkReport({ cells: 6, name: HOSTILE }))
    expect(text).not.toMatch(/(src|href)="(?!data:image\/png|#)/)
    expect(text).not.toMatch(/<script|<link|@import|url\(|<img src=x/)
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
  })
})
