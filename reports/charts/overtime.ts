/** What a scenario measured over the time of a run: one chart a line of its time series, one curve a policy. */
import type { Unit } from '../../harness/contracts.ts'
import { formatDuration, formatValue, timeUnit } from '../../harness/format.ts'
import type { RecordedSeries } from '../../harness/records.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { captionOf, chartId, drawable, subtitleOf } from './caption.ts'
import type { ChartSpec, Series } from './spec.ts'

/** With more classes than these, only the sum and the most crowded are drawn. */
export const CLASSES_MAX = 6
export const CROWDED = 5
/** Figures of classes that can be added up; a sum of ratios or durations means nothing. */
const ADDABLE: ReadonlySet<Unit> = new Set(['count', 'bytes', 'ops/s'])

/** A policy's series of one title, from the first round that went well: rounds cannot be averaged over time. */
interface Recorded {
  readonly member: Member
  /** Counted from 1. */
  readonly round: number
  readonly series: RecordedSeries
}

/** What one chart shows of each policy. */
interface Subject {
  readonly id: string
  /** For the title. */
  readonly classes: string
  readonly valuesOf: (series: RecordedSeries) => readonly number[]
}

export function overTimeCharts(group: Group, variant: number): ChartSpec[] {
  const recorded = drawable(group).flatMap(recordedBy)
  const titles = [...new Set(recorded.map(({ series }) => series.title))]
  return titles.flatMap((title) => {
    const own = recorded.filter(({ series }) => series.title === title)
    const { subjects, left } = subjectsOf(own)
    return subjects.map((subject) => chartOf(group, variant, subject, own, left))
  })
}

function recordedBy(member: Member): Recorded[] {
  const first = member.rounds.find((round) => round.status === 'ok')
  return first?.series.map((series) => ({ member, round: first.round + 1, series })) ?? []
}

/** One subject a class; of very many classes, the sum and those with most in them (`left`: how many are left out). */
function subjectsOf(recorded: readonly Recorded[]): { subjects: Subject[]; left: number } {
  const names = [...new Set(recorded.flatMap(({ series }) => Object.keys(series.lines)))].sort()
  if (names.length <= CLASSES_MAX) return { subjects: names.map(ofClass), left: 0 }
  const crowd = new Map(names.map((name) => [name, crowdOf(name, recorded)]))
  const crowded = names.toSorted((a, b) => crowd.get(b)! - crowd.get(a)!).slice(0, CROWDED)
  const whole = ADDABLE.has(recorded[0]!.series.unit) ? [ALL] : []
  return { subjects: [...whole, ...crowded.map(ofClass)], left: names.length - CROWDED }
}

function ofClass(name: string): Subject {
  return { id: name, classes: name, valuesOf: ({ lines }) => lines[name] ?? [] }
}

const ALL: Subject = {
  id: 'all',
  classes: 'all classes',
  valuesOf: ({ lines }) => {
    const all = Object.values(lines)
    const steps = Math.max(0, ...all.map((values) => values.length))
    return Array.from({ length: steps }, (_, step) =>
      all.reduce((sum, values) => sum + (values[step] ?? 0), 0),
    )
  },
}

/** The area under its curve, by the policy where that is largest. */
function crowdOf(name: string, recorded: readonly Recorded[]): number {
  const areas = recorded.map(({ series: { lines, stepNs } }) =>
    (lines[name] ?? []).reduce((sum, value) => sum + value * stepNs, 0),
  )
  return Math.max(...areas)
}

function chartOf(
  group: Group,
  variant: number,
  { id, classes, valuesOf }: Subject,
  recorded: readonly Recorded[],
  left: number,
): ChartSpec {
  const { title: quantity, unit } = recorded[0]!.series
  const drawn = recorded.filter(({ series }) => valuesOf(series).length > 0)
  const time = timeUnit(Math.max(...drawn.map(({ series }) => valuesOf(series).length * series.stepNs)))
  const title = captionOf(group, `${quantity.toLowerCase()}, ${classes}`)
  return {
    id: chartId(group, variant, `${quantity}-${id}`),
    title,
    subtitle: subtitleOf(group, [
      ...roundsShown(recorded),
      stepsShown(recorded),
      ...(left > 0 ? [`${left} classes with fewer are not drawn`] : []),
    ]),
    alt: `${title}. ${drawn.map((one) => wordsOf(one, valuesOf(one.series), unit)).join('; ')}.`,
    drawing: {
      kind: 'lines',
      x: { title: `time of the run (${time.name})`, unit: 'count', scale: 'linear' },
      y: { title: quantity, unit, scale: 'linear' },
      stepped: true,
    },
    series: drawn.map(({ member, series }) => seriesOf(member, valuesOf(series), series.stepNs / time.ns)),
  }
}

/** Each value holds from its step's beginning to its end: the last one, too, has an end. */
function seriesOf({ policy, policyIndex }: Member, values: readonly number[], step: number): Series {
  const points = [...values, values.at(-1)!].map((value, index) => ({ x: index * step, value }))
  return { policy, policyIndex, points }
}

function roundsShown(recorded: readonly Recorded[]): string[] {
  if (recorded.every(({ member }) => member.rounds.length === 1)) return []
  const rounds = [...new Set(recorded.map(({ round }) => round))].sort((a, b) => a - b)
  return [`round ${rounds.join(' or ')} alone, the first that went well`]
}

function stepsShown(recorded: readonly Recorded[]): string {
  const steps = recorded.map(({ series }) => series.stepNs)
  const [least, most] = [Math.min(...steps), Math.max(...steps)]
  if (least === most) return `steps of ${formatDuration(least)}`
  return `steps of ${formatDuration(least)} to ${formatDuration(most)}, by policy`
}

function wordsOf({ member }: Recorded, values: readonly number[], unit: Unit): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return `${member.policy}: ${formatValue(mean, unit)} in the mean, ${formatValue(Math.max(...values), unit)} at most`
}
