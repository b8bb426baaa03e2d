import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkSchema } from '../../harness/verdict/check-report.ts'
import type { Report } from '../../harness/verdict/reporter.ts'
import { summarize } from '../../harness/verdict/summary.ts'
import junit from '../../reports/junit.ts'
import { changedCell, checkReport, HOSTILE, reportOf, syntheticCheck } from './check-fixture.ts'
import { headerOf, memoryTarget, plainCell, plainRound, syntheticReport } from './fixture.ts'
import { type Element, parseXml } from './strict-xml.ts'

const directory = mkdtempSync(join(tmpdir(), 'loopdyno-junit-'))
afterAll(() => rmSync(directory, { recursive: true }))

const SCHEMA = join(import.meta.dirname, 'junit.xsd')
const hasXmllint = spawnSync('xmllint', ['--version']).error === undefined

async function written(report: Report): Promise<string> {
  const [file] = await junit.write(report, memoryTarget(directory).target)
  return readFileSync(file!, 'utf8')
}

function casesOf(root: Element): Element[] {
  return root.children.flatMap(({ children }) => children.filter(({ name }) => name === 'testcase'))
}

function outcomes(root: Element): string[] {
  return casesOf(root).map(({ children }) => children[0]?.name ?? 'passed')
}

const REPORTS: readonly (readonly [string, () => Report])[] = [
  ['a run', () => syntheticReport({ values: 200 })],
  [
    'a run of nothing',
    () => {
      const records = { header: headerOf([], [], 0), rounds: [] }
      return { records, summary: summarize(records) }
    },
  ],
  ['a check', () => checkReport()],
  ['a check with hostile names', () => checkReport({ name: HOSTILE })],
  ['a check of 500 cells', () => checkReport({ cells: 500 })],
  ['a check of nothing', () => reportOf(checkSchema.parse({ ...syntheticCheck(), cells: [] }))],
]

describe('junit.xml', () => {
  test.each(REPORTS)('of %s is well-formed', async (_, report) => {
    const root = parseXml(await written(report()))
    for (const suite of root.children) {
      const cases = suite.children.filter(({ name }) => name === 'testcase')
      const count = (kind: string) => cases.filter(({ children }) => children[0]?.name === kind).length
      expect(suite.attributes).toMatchObject({
        tests: String(cases.length),
        failures: String(count('failure')),
        errors: String(count('error')),
        skipped: String(count('skipped')),
      })
    }
  })

  test.skipIf(!hasXmllint).each(REPORTS)('of %s is valid by the schema', async (_, report) => {
    expect(validated(await written(report()))).toBe('')
  })

  test.skipIf(!hasXmllint)(
    'would not be valid with a test twice failed, a zone, or an output of a test',
    async () => {
      const valid = await written(checkReport())
      const broken = [
        valid.replace(/<\/failure>/, '</failure><failure type="x"/>'),
        valid.replace(/timestamp="([^"]+)"/, 'timestamp="$1Z"'),
        valid.replace(/<\/failure>/, '</failure><system-out>x</system-out>'),
        valid.replace(/ classname="[^"]*"/, ''),
        valid.replace(/ time="[^"]*"/, ' time="-1"'),
      ]
      for (const one of broken) {
        expect(one).not.toBe(valid)
        expect(validated(one)).not.toBe('')
      }
    },
  )

  test('has every gated metric of a real cell as a test, by names of their own', async () => {
    const report = checkReport({ cells: 40 })
    const cases = casesOf(parseXml(await written(report)))
    const cells = report.check!.cells.filter(({ control }) => !control)
    const real = cells
      .filter(({ cell }) => cell.time === 'real')
      .flatMap(({ metrics, verdict }) => [
        ...metrics.filter(({ level }) => level !== 'off'),
        ...(verdict === 'failed' ? ['the cell'] : []),
      ])
    expect(cases.filter(({ attributes }) => attributes.name!.includes('real time'))).toHaveLength(real.length)
    expect(new Set(cases.map(({ attributes }) => attributes.name)).size).toBe(cases.length)
  })

  test('has one test of a virtual cell, and one of each metric that is worse', async () => {
    const [same] = syntheticCheck({ cells: 1 }).cells.filter(({ exact }) => exact?.same)
    const check = { ...syntheticCheck(), cells: [same!, changedCell(1)] }
    const cases = casesOf(parseXml(await written(reportOf(check))))
    const names = cases.map(({ attributes }) => attributes.name!.split(': ').at(-1))
    expect(names).toHaveLength(22)
    expect(names.filter((name) => name === 'exact')).toHaveLength(2)
    expect(names).not.toContain('latency.batch.p99')
    const [passed, failed, ...worse] = cases.map(({ children }) => children[0])
    expect(passed).toBeUndefined()
    expect(failed!.attributes.message).toMatch(/behaviour changed .*; first difference: event 2,022/)
    expect(new Set(worse.map((one) => one?.name))).toEqual(new Set(['failure']))
  })

  test('fails what is worse, errs where rounds broke down, and skips what cannot be told', async () => {
    const report = checkReport({
      cells: 4,
      verdictOf: (index) => (['pass', 'regression', 'inconclusive', 'failed'] as const)[index]!,
    })
    const root = parseXml(await written(report))
    const of = (name: string) => casesOf(root).filter(({ attributes }) => attributes.name!.endsWith(name))
    expect(of(': cpu.perOp').map(({ children }) => children[0]?.name)).toEqual([
      undefined,
      'failure',
      'skipped',
    ])
    expect(outcomes(root)).toContain('error')
    const failure = of(': cpu.perOp')[1]!.children[0]!
    expect(failure.attributes.message).toMatch(
      /REGRESSION [\d.]+ → [\d.]+ µs, \+\d.* %, 95 % interval .*, limit 5 %/,
    )
    expect(failure.text).toBe(failure.attributes.message)
  })

  test('fails nothing for a warning, but tells of it', async () => {
    const root = parseXml(await written(checkReport({ cells: 2, verdictOf: () => 'pass' })))
    const warned = casesOf(root).filter(({ attributes }) => attributes.name!.endsWith('memory.peak'))
    expect(warned.map(({ children }) => children.length)).toEqual([0, 0])
    const output = root.children.flatMap(({ children }) =>
      children.filter(({ name }) => name === 'system-out'),
    )
    expect(output.map(({ text }) => text).join()).toMatch(/REGRESSION .*warning only/)
  })

  test('counts a cell’s rounds of both sides once', async () => {
    const root = parseXml(await written(checkReport({ cells: 1, verdictOf: () => 'pass' })))
    const real = root.children.find(({ attributes }) => attributes.name === 'pipeline real time')!
    expect(real.attributes.time).toBe('5.000')
    const times = real.children.flatMap(({ name, attributes }) =>
      name === 'testcase' ? attributes.time : [],
    )
    expect(times).toEqual(['5.000', '0.000', '0.000'])
  })

  test('of a run errs where a cell failed and skips what the machine cannot run', async () => {
    const cells = (['ok', 'failed', 'timeout', 'unsupported', 'unavailable'] as const).map((status) => ({
      status,
      cell: plainCell({ policy: status }),
    }))
    const rounds = cells.map(({ status, cell }) =>
      plainRound(cell, 0, { status, reason: `because ${status}`, tookNs: 2e9 }),
    )
    const records = {
      header: headerOf(
        [],
        cells.map(({ cell }) => cell),
        1,
      ),
      rounds,
    }
    const root = parseXml(await written({ records, summary: summarize(records) }))
    expect(outcomes(root)).toEqual(['passed', 'error', 'error', 'skipped', 'skipped'])
    expect(root.children[0]!.attributes.time).toBe('10.000')
    expect(casesOf(root)[3]!.children[0]!.attributes.message).toBe('because unsupported')
  })
})

/** What xmllint has against it. */
function validated(xml: string): string {
  const file = join(directory, 'validated.xml')
  writeFileSync(file, xml)
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', SCHEMA, file], { encoding: 'utf8' })
  return status === 0 ? '' : stderr
}

describe('the strict parser', () => {
  const document = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`

  test('takes what is well-formed', () => {
    expect(parseXml(document('<a b="1 &amp; 2"><c/>x &lt; y 🐙</a>'))).toMatchObject({
      attributes: { b: '1 & 2' },
      text: 'x < y 🐙',
    })
  })

  test.each([
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a>&</a>',
    '<a>&nbsp;</a>',
    '<a>&#0;</a>',
    '<a>\u0007</a>',
    '<a>\ud800</a>',
    '<a>]]></a>',
    'x<a/>',
    '<a b=1/>',
  ])('refuses %j', (body) => {
    expect(() => parseXml(document(body))).toThrow()
  })
})
