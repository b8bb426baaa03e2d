import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Report, Reporter } from '../../harness/verdict/reporter.ts'
import { summarize, summarySchema } from '../../harness/verdict/summary.ts'
import githubReporter from '../../reports/github.ts'
import htmlReporter from '../../reports/html.ts'
import jsonReporter from '../../reports/json.ts'
import junitReporter from '../../reports/junit.ts'
import markdownReporter from '../../reports/markdown.ts'
import pngReporter from '../../reports/png.ts'
import tableReporter from '../../reports/table.ts'
import { headerOf, memoryTarget, NASTY, plainCell, syntheticReport } from './fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'loopdyno-reports-'))
afterAll(() => rmSync(root, { recursive: true }))

const report = syntheticReport({ values: 200, policies: ['fifo', NASTY, 'edf'] })
let runs = 0

async function written(reporter: Reporter, from: Report = report) {
  const directory = join(root, String(runs++))
  const files = await reporter.write(from, memoryTarget(directory).target)
  return { directory, files, text: files[0] === undefined ? '' : readFileSync(files[0], 'utf8') }
}

describe('every reporter', () => {
  const all = [
    htmlReporter,
    jsonReporter,
    junitReporter,
    markdownReporter,
    pngReporter,
    tableReporter,
    githubReporter,
  ]

  test.each(all.map((one) => [one.name, one] as const))(
    '%s says which files it wrote',
    async (_, reporter) => {
      const { directory, files } = await written(reporter)
      for (const file of files) expect(file.startsWith(directory) && existsSync(file)).toBe(true)
      const left = existsSync(directory) ? readdirSync(directory, { recursive: true }).map(String) : []
      expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([])
    },
  )

  test.each(all.map((one) => [one.name, one] as const))(
    '%s bears runs in which nothing went well',
    async (_, reporter) => {
      const cells = [plainCell(), plainCell({ policy: NASTY, time: 'real' })]
      const records = { header: headerOf(['fifo', NASTY], cells, 3), rounds: [] }
      await written(reporter, { records, summary: summarize(records) })
    },
  )
})

describe('json', () => {
  test('is the summary', async () => {
    const { text } = await written(jsonReporter)
    expect(summarySchema.parse(JSON.parse(text))).toEqual(report.summary)
  })
})

describe('markdown', () => {
  test('links only to charts that were written beside it', async () => {
    const { directory, text } = await written(markdownReporter)
    const links = [...text.matchAll(/\]\((charts\/[^)]+)\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect(existsSync(join(directory, link))).toBe(true)
  })

  test('has no markup that came from a name', async () => {
    const { text } = await written(markdownReporter)
    expect(text).not.toMatch(/<[a-z]/)
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\|\\`x\\`')
  })

  test('has as many cells in a row as in the head of its table', async () => {
    const { text } = await written(markdownReporter)
    const tables = text.split('\n\n').filter((part) => part.startsWith('|'))
    const counts = (table: string) => table.split('\n').map((row) => row.match(/(?<!\\)\|/g)!.length)
    for (const table of tables) expect(new Set(counts(table)).size).toBe(1)
  })

  test('tells how the run was made and on which machine', async () => {
    const { text } = await written(markdownReporter)
    for (const part of ['    loopdyno run', 'AMD EPYC', 'v20.20.2', '**seed**: 42'])
      expect(text).toContain(part)
  })
})

describe('html', () => {
  test('needs nothing but itself', async () => {
    const { text, files } = await written(htmlReporter)
    expect(files).toHaveLength(1)
    expect(text).not.toMatch(/(src|href)="(?!data:image\/png|#)/)
    expect(text).not.toMatch(/<script|<link|@import|url\(/)
  })

  test('has no markup that came from a name', async () => {
    const { text } = await written(htmlReporter)
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;|`x`')
    expect(text).not.toContain('<b>request')
  })

  test('describes every picture in words', async () => {
    const { text } = await written(htmlReporter)
    const pictures = text.match(/<img [^>]*>/g)!
    expect(pictures.length).toBeGreaterThan(5)
    for (const picture of pictures) expect(picture).toMatch(/ alt="[^"]{20,}"/)
  })

  test('has findings, reasons of failure, observers’ tables and the environment', async () => {
    const timing = syntheticReport({ values: 200 })
    const { text } = await written(htmlReporter, timing)
    const parts = [
      'overtaken by interactive',
      'FD_SETSIZE',
      'Time per callback',
      'answer &lt;b&gt;',
      'AMD EPYC',
    ]
    for (const part of parts) expect(text).toContain(part)
  })
})
