/** Where two event logs part, from what their rounds recorded of them: the logs themselves are gone. */

/** Numbers of events, counted from 1; both ends belong to it. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** How `harness/world/checkpoints.ts` writes them. */
interface Checkpoints {
  /** In all. */
  readonly events: number
  readonly spacing: number
  /** Of the log's first events at every multiple of the spacing, and of the whole log. */
  readonly marks: readonly string[]
}

/**
 * Between which events the first difference lies, by the places that both logs have. `undefined` where the logs are
 * the same, or where a text cannot be read.
 */
export function divergenceBetween(oldText: string, newText: string): Interval | undefined {
  const [a, b] = [parse(oldText), parse(newText)]
  if (a === undefined || b === undefined) return undefined
  // Spacings double from a common start: what one has at the wider spacing the other has as well.
  const step = Math.max(a.spacing, b.spacing)
  const shorter = Math.min(a.events, b.events)
  if (step % a.spacing !== 0 || step % b.spacing !== 0) return undefined
  let same = 0
  for (let at = step; at <= shorter; at += step) {
    if (markAt(a, at) !== markAt(b, at)) return { from: same + 1, to: at }
    same = at
  }
  if (a.events !== b.events) return { from: same + 1, to: shorter + 1 }
  return a.marks.at(-1) === b.marks.at(-1) ? undefined : { from: same + 1, to: shorter }
}

/** How many events a log has; `undefined` where the text cannot be read. */
export function eventsOf(text: string): number | undefined {
  return parse(text)?.events
}

function markAt({ spacing, marks }: Checkpoints, events: number): string {
  return marks[events / spacing - 1]!
}

function parse(text: string): Checkpoints | undefined {
  const match = /^(\d+)\/([1-9]\d*):((?:[\w-]{4})+)$/.exec(text)
  if (match === null) return undefined
  const [events, spacing] = [Number(match[1]), Number(match[2])]
  const marks = match[3]!.match(/.{4}/g)!
  return marks.length === Math.floor(events / spacing) + 1 ? { events, spacing, marks } : undefined
}
