/** The charts of a check: how much worse each gated metric is, and what moved in virtual time. */
import { formatChange, formatShare } from '../../harness/format.ts'
import type { CheckReport } from '../../harness/verdict/check-report.ts'
import { sidesOf } from '../tables/checkhead.ts'
import { rankOf } from '../tables/telling.ts'
import {
  type CellGroup,
  cellGroups,
  counted,
  hasChanged,
  VERDICT_WORDS,
  type VerdictRow,
} from '../tables/verdicts.ts'
import { firstLines } from '../tables/wrap.ts'
import { SUBTITLE_WIDTH } from './caption.ts'
import type { ChartSpec, ForestBlock, ForestRow } from './spec.ts'

/** More rows than these are hard to read in one picture. */
const ROWS_MAX = 40
/** The most urgent rows are drawn; `check.json` has all. */
const PICTURES_MAX = 5
/** Of changed cells as many as fit into two pictures, with fewer metrics each the more there are. */
const MOVED_ROWS_MAX = 2 * ROWS_MAX
const MOVED_MAX = 8
const MOVED_MIN = 3
/** What lies further out is an arrow: one outlier would press all else into a line. */
const REACH = { real: 0.4, virtual: 1 }
/** An axis reaches at least so many times as far as the largest limit. */
const BEYOND_LIMIT = 1.5
const ROOM = 1.06

const AXIS = 'change, % (right is worse)'

/** In the order to be looked at; none where nothing can be drawn. */
export function checkCharts(check: CheckReport): ChartSpec[] {
  return [...realCharts(check), ...virtualCharts(check)]
}

/** One row of a picture, and the block that it belongs to. */
interface Drawn {
  readonly block: string
  readonly row: ForestRow
  /** How urgent: smaller comes first. */
  readonly rank: number
}

function realCharts(check: CheckReport): ChartSpec[] {
  const groups = groupsIn(check, 'real')
  const drawable = byUrgency(groups.flatMap(({ name, rows }) => rows.flatMap((row) => drawnRow(name, row))))
  const shown = drawable.slice(0, ROWS_MAX * PICTURES_MAX)
  // By metric, as limits differ; the most urgent stay first in each.
  const blocks = [...new Set(shown.map(({ block }) => block))].sort()
  const sorted = blocks.flatMap((block) => shown.filter((one) => one.block === block))
  const margin = check.comparison.margin
  const reading = [
    'bar: 95 % interval of the change',
    `shaded: less than the margin of ${formatShare(margin)} is not looked for`,
  ]
  const missing = [leftOut(drawable.length - shown.length, 'less urgent row'), brokenOf(groups)]
  const subtitle = subtitleOf(check, reading, missing)
  return pictures('real', 'how much worse the new side is', subtitle, sorted, margin)
}

/** Of one kind of time alone: it stands in the title, and need not in every name. */
function groupsIn(check: CheckReport, time: 'real' | 'virtual'): CellGroup[] {
  return cellGroups({ ...check, cells: check.cells.filter(({ cell }) => cell.time === time) })
}

function byUrgency(drawn: readonly Drawn[]): Drawn[] {
  return drawn.toSorted((a, b) => a.rank - b.rank)
}

function drawnRow(name: string, { metric, verdict, warned, subject }: VerdictRow): Drawn[] {
  if (metric.worse === undefined) return []
  const { worse, low, high, threshold } = metric
  const block = warned ? `${subject} (warning only)` : subject
  const row = { name, verdict, worse, ...optional({ low, high, limit: threshold }) }
  return [{ block, row, rank: rankOf(metric) }]
}

/** JSON has no undefined: what is not there has no key. */
function optional(values: { low?: number; high?: number; limit?: number }) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function virtualCharts(check: CheckReport): ChartSpec[] {
  const changed = groupsIn(check, 'virtual')
    .filter(hasChanged)
    .map(({ name, rows }) => rows.flatMap((row) => movedRow(name, row)))
    .filter((rows) => rows.length > 0)
  const most = Math.max(MOVED_MIN, Math.min(MOVED_MAX, Math.floor(MOVED_ROWS_MAX / changed.length)))
  const shown = changed.slice(0, Math.floor(MOVED_ROWS_MAX / most))
  const drawn = shown.flatMap((rows) => rows.slice(0, most))
  const rest = shown.flatMap((rows) => rows.slice(most)).length
  const missing = [leftOut(rest, 'less telling metric'), leftOut(changed.length - shown.length, 'more cell')]
  return pictures('virtual', 'metrics that moved', subtitleOf(check, [], missing), drawn)
}

/** Metrics without a direction are neither worse nor better. */
function movedRow(name: string, { metric }: VerdictRow): Drawn[] {
  const { worse, better, level, verdict, threshold } = metric
  if (worse === undefined || better === 'neither') return []
  const judged = level !== 'off'
  const row: ForestRow = {
    name: metric.metric,
    verdict: judged ? verdict : 'moved',
    worse,
    ...optional(judged && threshold !== 0 ? { limit: threshold } : {}),
  }
  return [{ block: name, row, rank: rankOf(metric) }]
}

function leftOut(count: number, thing: string): string {
  return count > 0 ? `${counted(count, thing)} left out` : ''
}

function brokenOf(groups: readonly CellGroup[]): string {
  const broken = groups.filter(({ cell }) => cell.verdict === 'failed').map(({ name }) => name)
  return broken.length === 0 ? '' : `not drawn, as they failed: ${broken.join(', ')}`
}

function subtitleOf(check: CheckReport, ...lines: readonly (readonly string[])[]): string[] {
  return [[sidesOf(check)], ...lines].flatMap((parts) =>
    firstLines(parts.filter((part) => part !== '').join(' · '), SUBTITLE_WIDTH, 1),
  )
}

function pictures(
  time: 'real' | 'virtual',
  subject: string,
  subtitle: readonly string[],
  drawn: readonly Drawn[],
  margin?: number,
): ChartSpec[] {
  const parts = split(drawn)
  const count = parts.length
  const ends = endsOf(
    drawn.map(({ row }) => row),
    margin ?? 0,
    REACH[time],
  )
  return parts.map((own, index) => {
    const part = count === 1 ? '' : ` (${index + 1} of ${count})`
    const title = `check: ${subject}${part} — ${time} time`
    return {
      id: `check-${time}${index === 0 ? '' : `-${index + 1}`}`,
      title,
      subtitle: [...subtitle],
      alt: `${title}. ${own.map(wordsOf).join('; ')}.`,
      drawing: {
        kind: 'forest' as const,
        title: AXIS,
        ...ends,
        ...(margin === undefined ? {} : { margin }),
        blocks: blocksOf(own),
      },
      series: [],
    }
  })
}

/** Into pictures, a small block whole. */
function split(drawn: readonly Drawn[]): Drawn[][] {
  const sizes = new Map<string, number>()
  for (const { block } of drawn) sizes.set(block, (sizes.get(block) ?? 0) + 1)
  const parts: Drawn[][] = []
  for (const [index, one] of drawn.entries()) {
    const last = parts.at(-1)
    const size = sizes.get(one.block)!
    const needs = one.block === drawn[index - 1]?.block || size > MOVED_MAX ? 1 : size
    if (last === undefined || last.length + needs > ROWS_MAX) parts.push([one])
    else last.push(one)
  }
  return parts
}

function blocksOf(drawn: readonly Drawn[]): ForestBlock[] {
  const names = [...new Set(drawn.map(({ block }) => block))]
  return names.map((name) => ({
    name,
    rows: drawn.filter(({ block }) => block === name).map(({ row }) => row),
  }))
}

/** Around all points, intervals and limits, but no further out than the reach. */
function endsOf(rows: readonly ForestRow[], margin: number, reach: number): { from: number; to: number } {
  const limits = rows.map(({ limit }) => limit ?? 0)
  const values = rows.flatMap(({ worse, low, high }) => [worse, low ?? worse, high ?? worse])
  const furthest = Math.max(reach, ...limits.map((limit) => limit * BEYOND_LIMIT))
  const least = Math.max(margin * BEYOND_LIMIT, 0.01)
  const to = Math.max(least, ...limits.map((limit) => limit * 1.2), ...values) * ROOM
  const from = Math.min(-least, ...values) * ROOM
  return { from: Math.max(from, -furthest), to: Math.min(to, furthest) }
}

function wordsOf({ block, row }: Drawn): string {
  const said = row.verdict === 'moved' ? 'moved' : VERDICT_WORDS[row.verdict].toLowerCase()
  return `${block}, ${row.name}: ${formatChange(row.worse)}, ${said}`
}
