/** Cells of which nothing can be said: a signal came before all of their rounds were run, or they cannot run here. */
import type { RoundRecord } from '../records.ts'
import type { CellVerdict } from './check-report.ts'

/** What there is of a cell, and how many rounds each side should have. */
export interface Sides {
  readonly old: readonly RoundRecord[]
  readonly new: readonly RoundRecord[]
  readonly wanted: number
}

/** Whether no further round of a side is to come: all are there, or one broke down and decided it. */
export function isDone(rounds: readonly RoundRecord[], wanted: number): boolean {
  return rounds.length >= wanted || rounds.some(({ status }) => status !== 'ok')
}

/**
 * The verdict of a cell that was cut short: how many rounds there are was fixed beforehand, so fewer prove nothing, but
 * for a virtual round that is worse.
 */
export function asFarAsRun(verdict: CellVerdict, { old, new: now, wanted }: Sides): CellVerdict {
  if (isDone(old, wanted) && isDone(now, wanted)) return verdict
  const done = Math.min(old.length, now.length)
  const isProven = verdict.verdict === 'regression' && verdict.cell.time === 'virtual'
  if (isProven || (verdict.verdict === 'failed' && done > 0)) return verdict
  const reason =
    done === 0 ? 'Stopped before it was run' : `Stopped after ${done} of ${wanted} rounds: too few to tell`
  return { ...verdict, verdict: 'inconclusive', reason }
}

/** Why a cell cannot run here: neither side can, so that it is no fault of the new one. */
export function whyUnsupported({ old, new: now }: Sides): string | undefined {
  const [before, after] = [old, now].map((rounds) =>
    rounds.find(({ status }) => status === 'unsupported' || status === 'unavailable'),
  )
  return (
    before && after && `Not compared, as it is ${after.status} here: ${after.reason ?? 'no reason is known'}`
  )
}
