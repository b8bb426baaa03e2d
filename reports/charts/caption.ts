/** Titles, subtitles and names of charts, worded alike everywhere. */
import type { Better } from '../../harness/contracts.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { loadOf } from '../tables/heading.ts'
import { firstLines } from '../tables/wrap.ts'

/** Characters of a subtitle that a chart's width takes. */
export const SUBTITLE_WIDTH = 112
/** Of a scenario's many parameters; the table beside the chart has all. */
const LOAD_LINES = 2

/** The policies that can be drawn. A broken cell's numbers mislead, so that it is named but not drawn. */
export function drawable(group: Group): Member[] {
  return group.members.filter((member) => member.cell.status === 'ok')
}

/** `web: latency of interactive — virtual time, simulated`. */
export function captionOf(group: Group, subject: string): string {
  return `${group.scenario}: ${subject} — ${group.time} time, ${group.selector}`
}

/** Rounds and load; how to read it; who is missing. */
export function subtitleOf(group: Group, reading: readonly string[]): string[] {
  const missing = group.members.filter((member) => member.cell.status !== 'ok')
  return [
    ...firstLines(loadOf(group), SUBTITLE_WIDTH, LOAD_LINES),
    ...firstLines(reading.join(' · '), SUBTITLE_WIDTH, LOAD_LINES),
    ...firstLines(missingOf(missing), SUBTITLE_WIDTH, 1),
  ]
}

function missingOf(missing: readonly Member[]): string {
  if (missing.length === 0) return ''
  return `not drawn: ${missing.map(({ policy, cell }) => `${policy} (${cell.status})`).join(', ')}`
}

/** A file's stem: `web-virtual-simulated-latency-interactive`. Sets of parameters are told apart by number. */
export function chartId(group: Group, variant: number, subject: string): string {
  const parts = [
    group.scenario,
    group.time,
    group.selector,
    ...(variant > 0 ? [`${variant + 1}`] : []),
    subject,
  ]
  return fileStem(parts)
}

export function fileStem(parts: readonly string[]): string {
  return parts
    .join('-')
    .replace(/[^a-z0-9]+/gi, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()
}

export function directionOf(better: Better): string[] {
  return better === 'neither' ? [] : [`${better} is better`]
}
