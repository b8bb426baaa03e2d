/** `check.md`: a check as a comment on a pull request, the verdict first, never larger than a comment may be. */
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { chartPath } from '../output/chartfiles.ts'
import { cautionsOf, comparedOf, countsOf, figuresLegend, MEANINGS, sidesOf } from '../tables/checkhead.ts'
import { machineOf, REPRODUCE } from '../tables/environment.ts'
import { escapeComment, oneLine } from '../tables/escape.ts'
import {
  type CellGroup,
  cellGroups,
  controlGroups,
  counted,
  differenceOf,
  figureColumns,
  isOpen,
  restOf,
  unexplained,
  VERDICT_WORDS,
  type VerdictRow,
  wordOf,
} from '../tables/verdicts.ts'
import { bytesOf, clipped, fitting } from './budget.ts'

/** GitHub takes 65,536 characters, counted here as bytes; the rest is for what a workflow writes around it. */
export const COMMENT_BYTES = 64_000
/** By this a workflow finds the comment that it wrote before. */
export const COMMENT_MARKER = '<!-- loopdyno-check -->'

/** The longest name, and the longest sentence. */
const NAME_MAX = 160
const SENTENCE_MAX = 400
const COMMAND_MAX = 1500
/** Metrics of a cell, above and folded up. */
const METRICS_MAX = 5
const METRICS_FOLDED_MAX = 12

const SIGNS: Readonly<Record<Verdict, string>> = {
  pass: '✅',
  improvement: '✅',
  inconclusive: '❔',
  regression: '❌',
  failed: '❌',
}

/** Shares of the bytes; every cell goes into what the others leave. */
const SHARES = {
  head: 0.08,
  cautions: 0.1,
  open: 0.35,
  changed: 0.12,
  controls: 0.05,
  charts: 0.05,
  end: 0.1,
}

/** The document, at most so many bytes. */
export function checkDocument(check: CheckReport, bytes: number, charts: readonly ChartSpec[]): string {
  const part = (name: keyof typeof SHARES, lines: readonly string[], thing: string) =>
    fitting(lines, SHARES[name] * bytes, (omitted) => `\n${elsewhere(omitted, thing)}`)
  const groups = cellGroups(check)
  const open = groups.filter(isOpen)
  const before = [
    ...part('head', headOf(check, groups), 'line'),
    ...part('cautions', list('', cautionsOf(check).map(sentence)), 'note'),
    ...part('open', table(open, METRICS_MAX), 'row'),
    ...part(
      'changed',
      list('**Where behaviour changed in virtual time**', open.flatMap(differenceLine)),
      'cell',
    ),
  ]
  const after = [
    ...part('controls', controlsOf(check), 'row'),
    ...part('charts', list('**Charts**, beside this file', charts.map(chartLine)), 'chart'),
    ...details('How it was compared, and how to do it again', endOf(check), SHARES.end * bytes, 'line'),
  ]
  const used = bytesOf([...before, ...after, ''].join('\n'))
  const every = details(
    `Every one of ${countsOf(groups) || 'no cells'}`,
    table(groups, METRICS_FOLDED_MAX),
    bytes - used,
    'row',
  )
  return `${[...before, ...every, ...after].join('\n')}\n`
}

function elsewhere(count: number, thing: string): string {
  return `_${counted(count, `more ${thing}`)} left out: see check.json and index.html._`
}

function headOf(check: CheckReport, groups: readonly CellGroup[]): string[] {
  const { verdict, headline } = check
  return [
    COMMENT_MARKER,
    `## ${SIGNS[verdict]} loopdyno: ${VERDICT_WORDS[verdict]}`,
    '',
    `**${sentence(headline)}**`,
    '',
    `${MEANINGS[verdict]} Compared: ${sentence(sidesOf(check))}; ${countsOf(groups) || 'no cell'}.`,
  ]
}

function sentence(text: string): string {
  return escapeComment(clipped(oneLine(text), SENTENCE_MAX))
}

/** In `<code>`, where nothing is a link. */
function name(text: string): string {
  return text === '' ? '' : `<code>${escapeComment(clipped(oneLine(text), NAME_MAX))}</code>`
}

/** A paragraph's blank line comes before; nothing where there is nothing to list. */
function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  return ['', ...(title === '' ? [] : [title, '']), ...lines.map((line) => `- ${line}`)]
}

function table(groups: readonly CellGroup[], most: number): string[] {
  if (groups.length === 0) return []
  const figures = figureColumns(groups.flatMap(({ rows }) => rows)).filter(([, part]) => part !== 'note')
  const heads = ['verdict', 'cell', 'metric', ...figures.map(([head]) => head), '']
  const rule = [':--', ':--', ':--', ...figures.map(() => '--:'), ':--']
  const lines = groups.flatMap((group) => groupLines(group, most, figures))
  return ['', line(heads), line(rule), ...lines]
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

type Columns = ReturnType<typeof figureColumns>

/** The cell's name stands in the first of its lines; what is left out is counted in the last. */
function groupLines(group: CellGroup, most: number, columns: Columns): string[] {
  const { cell, rows } = group
  const empty = columns.map(() => '')
  const reason = unexplained(group)
  const rest = restOf(group, most)
  const whole = rows.length === 0 || (reason !== '' && cell.verdict !== 'pass')
  const lines = [
    ...(whole ? [[bold(VERDICT_WORDS[cell.verdict]), '', ...empty, sentence(cell.reason)]] : []),
    ...rows.slice(0, most).map((row) => metricCells(row, columns)),
    ...(rest === '' ? [] : [['', `_${rest}_`, ...empty, '']]),
  ]
  return lines.map(([word = '', ...others], index) =>
    line([word, index === 0 ? name(group.name) : '', ...others]),
  )
}

function metricCells(row: VerdictRow, columns: Columns): string[] {
  const word = wordOf(row)
  const mild = row.warned || row.verdict === 'pass'
  return [
    mild ? word : bold(word),
    name(row.subject),
    ...columns.map(([, part]) => escapeComment(row[part])),
    sentence(row.note),
  ]
}

function bold(word: string): string {
  return word === VERDICT_WORDS.pass ? word : `**${word}**`
}

function differenceLine(group: CellGroup): string[] {
  const difference = differenceOf(group)
  return difference === '' ? [] : [`${name(group.name)}: ${sentence(difference)}`]
}

function controlsOf(check: CheckReport): string[] {
  const rows = table(controlGroups(check), METRICS_MAX)
  return rows.length === 0
    ? []
    : ['', '**Control**: the same code on both sides; it decides nothing', ...rows]
}

/** A link, not a picture: in a comment no picture stands beside it. */
function chartLine(chart: ChartSpec): string {
  return `[${sentence(chart.title)}](${encodeURI(chartPath(chart))})`
}

function endOf(check: CheckReport): string[] {
  const command = clipped(oneLine(check.command ?? ''), COMMAND_MAX)
  return [
    '',
    // Indented, not fenced: whatever the command contains, it cannot end the block.
    ...(command === '' ? [] : [`    ${command}`, '']),
    REPRODUCE,
    '',
    ...[...comparedOf(check), ...machineOf(check.environment)].map(
      ([word, meaning]) => `- **${escapeComment(word)}**: ${sentence(meaning)}`,
    ),
    '',
    sentence(figuresLegend(check)),
  ]
}

/** Folded up; closed also where lines are left out. */
function details(summary: string, lines: readonly string[], bytes: number, thing: string): string[] {
  if (lines.length === 0) return []
  const open = ['', `<details><summary>${summary}</summary>`]
  const close = ['', '</details>']
  const room = bytes - bytesOf([...open, ...close, ''].join('\n'))
  return [...open, ...fitting(lines, room, (omitted) => `\n${elsewhere(omitted, thing)}`), ...close]
}
