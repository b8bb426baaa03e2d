/** What stands above a check's tables: which sides were compared, how, and what to be careful about. */
import { formatDuration, formatShare } from '../../harness/format.ts'
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import { counted, type VerdictRow } from './verdicts.ts'

type Arm = CheckReport['comparison']['old']

/** Label and value, in the order to be read. */
export function comparedOf({ comparison, rounds, seed, family, cells }: CheckReport): [string, string][] {
  const real = cells.some(({ cell }) => cell.time === 'real')
  const { alpha, margin, confirm, warmupMs, windowMs } = comparison
  return [
    ['old', armOf(comparison.old)],
    ['new', armOf(comparison.new)],
    ['rounds', `${counted(rounds, 'round')} a cell, seed ${seed}`],
    ...(real
      ? ([
          [
            'test',
            `${counted(family, 'test')} after Holm at α = ${formatShare(alpha)}, against a margin of ${formatShare(margin)}` +
              `${confirm ? '; what looks worse is looked at again in fresh rounds' : ''}`,
          ],
          ['a round', `${milliseconds(warmupMs)} of warm-up, ${milliseconds(windowMs)} measured`],
        ] satisfies [string, string][])
      : []),
  ]
}

function milliseconds(ms: number): string {
  return formatDuration(ms * 1e6)
}

/** `HEAD~1 (1a2b3c4)`: the commit where the label does not name it already. */
function armOf({ label, commit }: Arm): string {
  const short = commit?.slice(0, 7)
  return short === undefined || label.includes(short) ? label : `${label} (${short})`
}

/** `HEAD~1 against the working tree`. */
export function sidesOf({ comparison }: CheckReport): string {
  return `${armOf(comparison.new)} against ${armOf(comparison.old)}`
}

/** What makes the verdict less than it seems: the most important first. */
export function cautionsOf({ contaminated, complete, comparison, notes }: CheckReport): string[] {
  return [
    ...(complete ? [] : ['Incomplete: it was ended early, and what is here is what there was']),
    ...(contaminated === undefined ? [] : [`Contaminated: ${contaminated}`]),
    ...(comparison.inject === undefined
      ? []
      : [`Slowed on purpose: ${formatShare(comparison.inject)} of processor time was added to the new side`]),
    ...notes,
  ]
}

/** `2 regressions, 1 inconclusive, 41 passes`; nothing where nothing was compared. */
export function countsOf(rows: readonly VerdictRow[]): string {
  const names: Record<Verdict, (count: number) => string> = {
    failed: (count) => `${count} failed`,
    regression: (count) => counted(count, 'regression'),
    inconclusive: (count) => `${count} inconclusive`,
    improvement: (count) => counted(count, 'improvement'),
    pass: (count) => `${count} ${count === 1 ? 'pass' : 'passes'}`,
  }
  const order = Object.keys(names) as Verdict[]
  return order
    .map((verdict) => [verdict, rows.filter((row) => row.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => names[verdict](count))
    .join(', ')
}

/** Each verdict in plain words. */
export const MEANINGS: Readonly<Record<Verdict, string>> = {
  pass: 'Nothing got worse by as much as its limit; the last column says how small an effect would have been seen.',
  improvement: 'Nothing got worse, and something got better by more than chance explains.',
  inconclusive: 'These rounds cannot tell: an effect as large as the limit could be there unseen.',
  regression: 'Something got worse, by more than its limit and by more than chance explains.',
  failed: 'Rounds broke down, so that there is nothing to compare.',
}

export const CHECK_LEGEND =
  'worse by: + is worse, − is better, whichever direction is better for the metric · limit: from where on it fails · ' +
  'detects: what these rounds would have found in 80 of 100 checks'
