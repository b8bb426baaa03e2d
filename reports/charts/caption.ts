/** Titles, subtitles and names of charts, worded alike everywhere. */
import type { Better } from '../../harness/contracts.ts'
import { formatParams } from '../../harness/format.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { roundsOf } from '../tables/heading.ts'

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
  const params = formatParams(group.params)
  const missing = group.members.filter((member) => member.cell.status !== 'ok')
  return [
    params === '' ? roundsOf(group) : `${roundsOf(group)} · ${params}`,
    reading.join(' · '),
    missing.length === 0
      ? ''
      : `not drawn: ${missing.map(({ policy, cell }) => `${policy} (${cell.status})`).join(', ')}`,
  ].filter((line) => line !== '')
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
  return parts
    .join('-')
    .replace(/[^a-z0-9]+/gi, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()
}

export function directionOf(better: Better): string[] {
  return better === 'neither' ? [] : [`${better} is better`]
}
