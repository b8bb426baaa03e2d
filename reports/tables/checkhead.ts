/** What stands above a check's tables: which sides were compared, how, and what to be careful about. */
import { formatDuration, formatShare } from '../../harness/format.ts'
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import { type CellGroup, counted } from './verdicts.ts'

type Arm = CheckReport['comparison']['old']

/** Label and value, in the order to be read. */
export function comparedOf(check: CheckReport): [string, string][] {
  const { comparison, family } = check
  const { alpha, margin, confirm, warmupMs, windowMs } = comparison
  return [
    ['old', armOf(comparison.old)],
    ['new', armOf(comparison.new)],
    ['rounds', roundsOf(check)],
    ...(hasCells(check, 'real')
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

function hasCells({ cells }: CheckReport, time: 'real' | 'virtual'): boolean {
  return cells.some(({ cell }) => cell.time === time)
}

/** `20 rounds a cell in real time, 1 in virtual time, seed 1`. In virtual time a round is a seed. */
function roundsOf(check: CheckReport): string {
  const { comparison, rounds, seed } = check
  const counts = [
    hasCells(check, 'real') ? `${counted(rounds, 'round')} a cell in real time` : '',
    hasCells(check, 'virtual') ? `${counted(comparison.virtualRounds, 'seed')} a cell in virtual time` : '',
  ]
  return [...counts, `seed ${seed}`].filter((part) => part !== '').join(', ')
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

/** `44 cells: 2 regressions, 1 inconclusive, 41 passes`; nothing where nothing was compared. */
export function countsOf(groups: readonly CellGroup[]): string {
  if (groups.length === 0) return ''
  const names: Record<Verdict, (count: number) => string> = {
    failed: (count) => `${count} failed`,
    regression: (count) => counted(count, 'regression'),
    inconclusive: (count) => `${count} inconclusive`,
    improvement: (count) => counted(count, 'improvement'),
    pass: (count) => `${count} ${count === 1 ? 'pass' : 'passes'}`,
  }
  const order = Object.keys(names) as Verdict[]
  const counts = order
    .map((verdict) => [verdict, groups.filter(({ cell }) => cell.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => names[verdict](count))
  return `${counted(groups.length, 'cell')}: ${counts.join(', ')}`
}

/** Each verdict in plain words. */
export const MEANINGS: Readonly<Record<Verdict, string>> = {
  pass: 'Nothing got worse by more than its limit; what is detected says how small an effect would have been seen.',
  improvement: 'Nothing got worse, and something got better, in real time by more than chance explains.',
  inconclusive: 'These rounds cannot tell: an effect as large as the limit could be there unseen.',
  regression: 'Something got worse by more than its limit, and in real time by more than chance explains.',
  failed: 'Rounds broke down, so that there is nothing to compare.',
}

/** How to read the figures; in virtual time there are no limits by default, and nothing is detected or missed. */
export function figuresLegend(check: CheckReport): string {
  const worse = '+ is worse, − is better, whichever direction is better for the metric'
  if (!hasCells(check, 'real')) return worse
  return `${worse} · limit: from where on it fails · detects: what these rounds would have found in 80 of 100 checks`
}
