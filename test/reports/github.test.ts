import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Report } from '../../harness/verdict/reporter.ts'
import { runSummary, SUMMARY_BYTES } from '../../reports/document/stepsummary.ts'
import { commandLine, PER_LEVEL } from '../../reports/github/commands.ts'
import github from '../../reports/github.ts'
import { changedCell, checkReport, HOSTILE, reportOf, syntheticCheck } from './check-fixture.ts'
import { memoryTarget, syntheticReport } from './fixture.ts'

const directory = mkdtempSync(join(tmpdir(), 'loopdyno-github-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** As the runner takes a command apart (actions/runner, ActionCommand.TryParseV2). */
function parsed(line: string) {
  const [, command = '', properties = '', data = ''] = /^::(\w+) ([^\n]*?)::(.*)$/.exec(line)!
  const plain = (text: string) =>
    text.replace(/%(25|0D|0A|3A|2C)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  const [key, ...more] = properties.split('=')
  expect(key).toBe('title')
  return { command, title: plain(more.join('=')), message: plain(data), raw: properties }
}

async function annotations(report: Report) {
  const { target, text } = memoryTarget(directory)
  expect(await github.write(report, target)).toEqual([])
  return text() === '' ? [] : text().trimEnd().split('\n').map(parsed)
}

async function summary(report: Report, before = ''): Promise<string> {
  const summaryPath = join(directory, 'summary.md')
  writeFileSync(summaryPath, before)
  await github.write(report, memoryTarget(directory, { summaryPath }).target)
  return readFileSync(summaryPath, 'utf8')
}

describe('annotations', () => {
  test('are an error for what is worse or broke down, a warning for what cannot be told, a notice for what is better', async () => {
    const all = await annotations(checkReport())
    const of = (command: string) =>
      all.filter((one) => one.command === command).map(({ title }) => title.split(':')[0])
    expect(new Set(of('error'))).toEqual(new Set(['FAILED', 'REGRESSION']))
    expect(new Set(of('warning'))).toEqual(new Set(['REGRESSION (warning only)', 'INCONCLUSIVE']))
    expect(new Set(of('notice'))).toEqual(new Set(['IMPROVEMENT']))
    expect(all.find(({ title }) => title.includes('http-server · fifo · real'))?.message).toMatch(
      /^cpu\.perOp ↓: 11\.\d → 1\d\.\d µs, \+9\.1 % \[.* %\], limit 5 %, confirmed, p = 0\.0004$/m,
    )
  })

  test('are none for a check that passed', async () => {
    const check = syntheticCheck({ cells: 3, verdictOf: () => 'pass' })
    const cells = check.cells.filter(
      ({ exact, metrics }) => exact?.same !== false && metrics.every(({ verdict }) => verdict === 'pass'),
    )
    expect(cells.length).toBeGreaterThan(2)
    expect(await annotations(reportOf({ ...check, cells }))).toEqual([])
  })

  test('are short: six metrics of a virtual cell, where it began to differ, and how many more there are', async () => {
    const all = await annotations(reportOf({ ...syntheticCheck(), cells: [changedCell(0)] }))
    expect(all).toHaveLength(1)
    const lines = all[0]!.message.split('\n')
    expect(lines).toHaveLength(8)
    expect(lines[0]).toMatch(/^first difference: event 2,022/)
    expect(lines[7]).toBe('and 14 more are worse, 10 better, 2 neither')
    expect(all[0]!.message.length).toBeLessThan(800)
  })

  test('warn of a check that is contaminated or was cut short', async () => {
    const check = {
      ...syntheticCheck({ cells: 1, verdictOf: () => 'pass' }),
      complete: false,
      contaminated: 'gather moved',
    }
    const messages = (await annotations(reportOf({ ...check, cells: [] }))).map(({ message }) => message)
    expect(messages).toEqual([expect.stringMatching(/^Incomplete/), 'Contaminated: gather moved'])
  })

  test('stay within what a step may have at 500 cells, and the last says how many are not shown', async () => {
    const all = await annotations(checkReport({ cells: 500, name: HOSTILE }))
    for (const level of ['error', 'warning', 'notice']) {
      const own = all.filter(({ command }) => command === level)
      expect(own).toHaveLength(PER_LEVEL)
      expect(own.at(-1)?.title).toMatch(/and [\d,]+ more/)
    }
    expect(all.length).toBeLessThanOrEqual(50)
  })

  test('are one line each, with nothing of a name that the runner would obey', async () => {
    const { target, text } = memoryTarget(directory)
    await github.write(checkReport({ cells: 30, name: HOSTILE }), target)
    const lines = text().trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(3 * PER_LEVEL)
    for (const line of lines) {
      expect(line).toMatch(/^::(error|warning|notice) title=[^:,]*::/)
      expect(line.length).toBeLessThan(65_536)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what may not be there
      expect(line).not.toMatch(/[\u0000-\u001f]/)
    }
    expect(parsed(lines[0]!).title).toContain('::error title=x,y:z::100%25 @someone #1')
  })

  test('come back as they were written', () => {
    const annotation = {
      level: 'error',
      title: '100%, a:b::c %2C',
      message: 'one\r\ntwo: 5 %, ::notice::x %0A',
    } as const
    const line = commandLine(annotation)
    expect(line.trimEnd()).not.toContain('\n')
    expect(parsed(line.trimEnd())).toMatchObject({ title: annotation.title, message: annotation.message })
  })

  test('of a run tell of cells that failed or could not be run, and of findings', async () => {
    const all = await annotations(syntheticReport({ values: 200 }))
    expect(all.filter(({ command }) => command === 'error').map(({ title }) => title)).toContain(
      'failed: web · edf · epoll · real time',
    )
    expect(all.find(({ command }) => command === 'warning')?.message).toContain('FD_SETSIZE')
    expect(all.find(({ command }) => command === 'notice')?.message).toMatch(/stalled|starved/)
  })
})

describe('the step summary', () => {
  test('is added behind what the step has written before', async () => {
    const text = await summary(checkReport(), 'before\n')
    expect(text.startsWith('before\n')).toBe(true)
    expect(text).toContain('loopdyno: FAILED')
  })

  test('of a run has its tables and no pictures', async () => {
    const text = await summary(syntheticReport({ values: 200 }))
    expect(text).toContain('## web · virtual time · simulated')
    expect(text).not.toContain('](charts/')
  })

  test('stays below 1 MiB at 500 cells', async () => {
    const text = await summary(checkReport({ cells: 500, name: HOSTILE }))
    expect(Buffer.byteLength(text)).toBeLessThan(2 ** 20)
    expect(text).toContain('</details>')
  })

  test.each([3000, 12_000, SUMMARY_BYTES])('of a run takes no more than %d bytes', (bytes) => {
    const run = syntheticReport({ values: 20, rounds: 1 })
    const text = runSummary(run, bytes)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytes)
    const whole = Buffer.byteLength(runSummary(run, Infinity))
    expect(text.includes('more lines are in report.md')).toBe(whole > bytes)
  })
})
