/** `check.md`: a check as a comment on a pull request, the verdict first, never larger than a comment may be. */
import { formatValue } from '../../harness/format.ts'
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { chartPath } from '../output/chartfiles.ts'
import { CHECK_LEGEND, cautionsOf, comparedOf, countsOf, MEANINGS, sidesOf } from '../tables/checkhead.ts'
import { machineOf, REPRODUCE } from '../tables/environment.ts'
import { escapeComment, oneLine } from '../tables/escape.ts'
import {
  changeOf,
  controlRows,
  counted,
  isChangedLog,
  movedMetrics,
  VERDICT_WORDS,
  type VerdictRow,
  verdictRows,
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
const MOVED_MAX = 5

const SIGNS: Readonly<Record<Verdict, string>> = {
  pass: '✅',
  improvement: '✅',
  inconclusive: '❔',
  regression: '❌',
  failed: '❌',
}

/** Shares of the bytes; every row goes into what the others leave. */
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
  const rows = verdictRows(check)
  const before = [
    ...part('head', headOf(check, rows), 'line'),
    ...part('cautions', list('', cautionsOf(check).map(sentence)), 'note'),
    ...part('open', table(rows.filter(({ verdict }) => verdict !== 'pass')), 'row'),
    ...part('changed', list('**Changed behaviour in virtual time**', changedLines(rows)), 'cell'),
  ]
  const after = [
    ...part('controls', controlsOf(check), 'row'),
    ...part('charts', list('**Charts**, beside this file', charts.map(chartLine)), 'chart'),
    ...details('How it was compared, and how to do it again', endOf(check), SHARES.end * bytes, 'line'),
  ]
  const used = bytesOf([...before, ...after, ''].join('\n'))
  const every = details(`Every row: ${countsOf(rows)}`, table(rows), bytes - used, 'row')
  return `${[...before, ...every, ...after].join('\n')}\n`
}

function elsewhere(count: number, thing: string): string {
  return `_${counted(count, `more ${thing}`)} left out: see check.json and index.html._`
}

function headOf(check: CheckReport, rows: readonly VerdictRow[]): string[] {
  const { verdict, headline } = check
  return [
    COMMENT_MARKER,
    `## ${SIGNS[verdict]} loopdyno: ${VERDICT_WORDS[verdict]}`,
    '',
    `**${sentence(headline)}**`,
    '',
    `${MEANINGS[verdict]} Compared: ${sentence(sidesOf(check))}; ${countsOf(rows) || 'no cell'}.`,
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

const HEADS = ['verdict', 'cell', 'metric', 'old', 'new', 'worse by', '95 % interval', 'limit', '']
const RULE = '| :-- | :-- | :-- | --: | --: | --: | --: | --: | :-- |'

function table(rows: readonly VerdictRow[]): string[] {
  if (rows.length === 0) return []
  return ['', `| ${HEADS.join(' | ')} |`, RULE, ...rows.map(lineOf)]
}

function lineOf(row: VerdictRow): string {
  const { verdict, subject, old, worse, interval, limit, note } = row
  const cells = [
    row.warned || verdict === 'pass' ? VERDICT_WORDS[verdict] : `**${VERDICT_WORDS[verdict]}**`,
    name(row.name),
    name(subject),
    ...[old, row.new, worse, interval, limit].map(escapeComment),
    sentence(note),
  ]
  return `| ${cells.join(' | ')} |`
}

function changedLines(rows: readonly VerdictRow[]): string[] {
  return rows
    .filter(isChangedLog)
    .map((row) => `${name(row.name)}: ${[divergenceOf(row), movedOf(row)].join('')}`)
}

function divergenceOf({ cell }: VerdictRow): string {
  const divergence = cell.exact?.divergence
  return divergence === undefined ? '' : `first difference: ${name(divergence)}; `
}

function movedOf({ cell }: VerdictRow): string {
  const moved = movedMetrics(cell)
  if (moved.length === 0) return 'no median moved'
  const shown = moved.slice(0, MOVED_MAX).map((metric) => {
    const [old, now] = [metric.old, metric.new].map((value) => formatValue(value, metric.unit))
    return `${name(metric.metric)} ${old} → ${now} (${changeOf(metric)})`
  })
  const left = moved.length - shown.length
  return [...shown, ...(left > 0 ? [`and ${counted(left, 'more metric')}`] : [])].join(', ')
}

function controlsOf(check: CheckReport): string[] {
  const rows = table(controlRows(check))
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
    sentence(CHECK_LEGEND),
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
