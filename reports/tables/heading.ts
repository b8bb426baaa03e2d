/** What stands above a group's table and charts: never leaves open whether time was real. */
import { formatParams } from '../../harness/format.ts'
import type { Group } from '../../harness/verdict/groups.ts'

/** `echo · virtual time · simulated`. */
export function titleOf(group: Group): string {
  return `${group.scenario} · ${group.time} time · ${group.selector}`
}

/** `3 rounds · clients=100 rate=2000`. */
export function loadOf(group: Group): string {
  const world = group.world === undefined ? '' : `world: ${group.world}`
  return [roundsOf(group), formatParams(group.params), world].filter((part) => part !== '').join(' · ')
}

/** `3 rounds`; `1–3 rounds` where a killed run left cells unequal. */
export function roundsOf(group: Group): string {
  const counts = group.members.map((member) => member.rounds.length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const word = most === 1 ? 'round' : 'rounds'
  return least === most ? `${most} ${word}` : `${least}–${most} ${word}`
}
