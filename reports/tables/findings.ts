/** A group's findings, so that a hundred like ones do not bury the one that differs. */
import type { Group } from '../../harness/verdict/groups.ts'

export interface FindingLine {
  readonly policy: string
  readonly kind: string
  /** With how often it was found, where more than once. */
  readonly message: string
  readonly fatal: boolean
}

/** Of one policy and kind; the rest is counted, and is in `summary.json`. */
const SHOWN_MAX = 3

export function findingLines(group: Group): FindingLine[] {
  return group.members.flatMap(({ policy, cell }) => {
    const kinds = new Set(cell.findings.map((finding) => finding.kind))
    return [...kinds].flatMap((kind) => linesOf(policy, kind, cell.findings))
  })
}

function linesOf(
  policy: string,
  kind: string,
  findings: Group['members'][number]['cell']['findings'],
): FindingLine[] {
  const like = findings.filter((finding) => finding.kind === kind)
  const lines = like.slice(0, SHOWN_MAX).map((finding) => ({
    policy,
    kind,
    message: (finding.times ?? 1) > 1 ? `${finding.message} (${finding.times} times)` : finding.message,
    fatal: finding.fatal === true,
  }))
  const rest = like.length - lines.length
  if (rest === 0) return lines
  return [
    ...lines,
    { policy, kind, message: `and ${rest} more of this kind: see summary.json`, fatal: false },
  ]
}
