/**
 * JUnit's XML as Ant wrote it first and CI systems read it: valid by the schemas of Windy Road (strict) and of Jenkins'
 * xUnit plug-in. Figures stand at the suite, as the strict one has no output of a single test.
 */
import type { RunHeader } from '../../harness/records.ts'
import { machineOf } from '../tables/environment.ts'
import { escapeXml } from '../tables/escape.ts'
import type { TestCase } from './cases.ts'

/** Parsers refuse nodes of 10 MB (libxml2), and nobody reads as much. */
const OUTPUT_MAX = 1_000_000

export function documentOf(cases: readonly TestCase[], header: RunHeader): string {
  const suites = [...new Set(cases.map(({ suite }) => suite))]
  const linesOf = (name: string, index: number) =>
    suiteLines(
      name,
      cases.filter(({ suite }) => suite === name),
      index,
      header,
    )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(linesOf),
    '</testsuites>',
    '',
  ].join('\n')
}

function suiteLines(name: string, cases: readonly TestCase[], index: number, header: RunHeader): string[] {
  const count = (kind: string) => cases.filter(({ outcome }) => outcome?.kind === kind).length
  const attributes = {
    name,
    package: 'loopdyno',
    id: index,
    // Without a zone, as the format has it: in UTC.
    timestamp: header.startedAt.slice(0, 19),
    // Not recorded: a report can be read anywhere.
    hostname: 'localhost',
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: cases.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3),
  }
  return [
    `  <testsuite${attributesOf(attributes)}>`,
    '    <properties>',
    ...propertiesOf(header).map(([key, value]) => `      <property${attributesOf({ name: key, value })}/>`),
    '    </properties>',
    ...cases.flatMap(caseLines),
    `    <system-out>${outputOf(cases)}</system-out>`,
    '    <system-err/>',
    '  </testsuite>',
  ]
}

function propertiesOf(header: RunHeader): [string, string][] {
  return [
    ...machineOf(header.environment),
    ['seed', String(header.seed)],
    ['rounds', String(header.rounds)],
    ...(header.command === undefined ? [] : ([['command', header.command]] satisfies [string, string][])),
  ]
}

function caseLines({ suite, name, seconds, outcome }: TestCase): string[] {
  const classname = `loopdyno.${suite.replace(/\s+/g, '.')}`
  const open = `    <testcase${attributesOf({ classname, name, time: seconds.toFixed(3) })}`
  if (outcome === undefined) return [`${open}/>`]
  const { kind, type, message } = outcome
  const said = attributesOf({ message, ...(kind === 'skipped' ? {} : { type }) })
  return [`${open}>`, `      <${kind}${said}>${escapeXml(message)}</${kind}>`, '    </testcase>']
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('')
}

function outputOf(cases: readonly TestCase[]): string {
  const lines = cases.flatMap(({ name, figures }) => [name, ...figures.map((figure) => `  ${figure}`)])
  const text = lines.map((line) => line.match(/^ */)![0] + escapeXml(line)).join('\n')
  // Behind a line, so that no reference is cut in half.
  return text.length <= OUTPUT_MAX ? text : text.slice(0, text.lastIndexOf('\n', OUTPUT_MAX))
}
