/** The charts of a check: how much worse each gated metric is, and what moved in virtual time. */
import { formatShare } from '../../harness/format.ts'
import type { CheckReport, MetricVerdict } from '../../harness/verdict/check-report.ts'
import { sidesOf } from '../tables/checkhead.ts'
import { formatChange } from '../tables/share.ts'
import {
  counted,
  isChangedLog,
  movedMetrics,
  VERDICT_WORDS,
  type VerdictRow,
  verdictRows,
} from '../tables/verdicts.ts'
import { firstLines } from '../tables/wrap.ts'
import { SUBTITLE_WIDTH } from './caption.ts'
import type { ChartSpec, ForestBlock, ForestRow } from './spec.ts'

/** More rows than these are hard to read in one picture. */
const ROWS_MAX = 40
/** The most urgent rows are drawn; `check.json` has all. */
const PICTURES_MAX = 5
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
}

function realCharts(check: CheckReport): ChartSpec[] {
  const rows = rowsIn(check, 'real')
  const drawable = rows.flatMap((row) => drawnRow(row))
  const shown = drawable.slice(0, ROWS_MAX * PICTURES_MAX)
  // By metric, as limits differ; the most urgent stay first in each.
  const blocks = [...new Set(shown.map(({ block }) => block))].sort()
  const sorted = blocks.flatMap((block) => shown.filter((one) => one.block === block))
  const margin = check.comparison.margin
  const reading = [
    'bar: 95 % interval of the change',
    `shaded: less than the margin of ${formatShare(margin)} is not looked for`,
  ]
  const missing = [leftOut(drawable.length - shown.length, 'less urgent row'), brokenOf(rows)]
  const subtitle = subtitleOf(check, reading, missing)
  return pictures('real', 'how much worse the new side is', subtitle, sorted, margin)
}

/** Of one kind of time alone: it stands in the title, and need not in every name. */
function rowsIn(check: CheckReport, time: 'real' | 'virtual'): VerdictRow[] {
  return verdictRows({ ...check, cells: check.cells.filter(({ cell }) => cell.time === time) })
}

function drawnRow({ name, metric, verdict, warned, subject }: VerdictRow): Drawn[] {
  if (metric?.worse === undefined) return []
  const { worse, low, high, threshold } = metric
  const block = warned ? `${subject} (warning only)` : subject
  return [{ block, row: { name, verdict, worse, ...optional({ low, high, limit: threshold }) } }]
}

/** JSON has no undefined: what is not there has no key. */
function optional(values: { low?: number; high?: number; limit?: number }) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

/** Metrics without a direction are neither worse nor better. */
function virtualCharts(check: CheckReport): ChartSpec[] {
  const changed = rowsIn(check, 'virtual').filter(isChangedLog)
  const moved = changed.flatMap(({ name, cell }) =>
    movedMetrics(cell)
      .filter(({ worse, better }) => worse !== undefined && better !== 'neither')
      .map((metric) => ({ block: name, row: movedRow(metric) })),
  )
  const largest = moved.toSorted((a, b) => Math.abs(b.row.worse) - Math.abs(a.row.worse)).slice(0, ROWS_MAX)
  const blocks = [...new Set(largest.map(({ block }) => block))]
  const sorted = blocks.flatMap((block) => largest.filter((one) => one.block === block))
  const missing = [leftOut(moved.length - largest.length, 'smaller change')]
  return pictures('virtual', 'metrics that moved most', subtitleOf(check, [], missing), sorted)
}

function movedRow({ metric, level, verdict, worse, threshold }: MetricVerdict): ForestRow {
  const judged = level !== 'off'
  return {
    name: metric,
    verdict: judged ? verdict : 'moved',
    worse: worse!,
    ...optional(judged ? { limit: threshold } : {}),
  }
}

function leftOut(count: number, thing: string): string {
  return count > 0 ? `${counted(count, thing)} left out` : ''
}

function brokenOf(rows: readonly VerdictRow[]): string {
  const broken = rows.filter(({ verdict }) => verdict === 'failed').map(({ name }) => name)
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
  const count = Math.ceil(drawn.length / ROWS_MAX)
  const ends = endsOf(
    drawn.map(({ row }) => row),
    margin ?? 0,
    REACH[time],
  )
  return Array.from({ length: count }, (_, index) => {
    const own = drawn.slice(index * ROWS_MAX, (index + 1) * ROWS_MAX)
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
