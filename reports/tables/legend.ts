/** The line that says how to read a table. */
import type { Comparison } from './comparison.ts'

export const BEST = '*'

/** What ratio, star and arrow mean; nothing where no policy finished. */
export function legendOf({ base, rows }: Comparison, severalRounds: boolean): string {
  if (base === undefined) return ''
  const entries = rows.flatMap((row) => row.entries)
  const compared = entries.some((entry) => entry.ratio !== '')
  const marked = entries.some((entry) => entry.best)
  return [
    ...(severalRounds ? ['medians of the rounds'] : []),
    ...(compared ? [`×… ratio to ${base}`, '↓ lower is better', '↑ higher is better'] : []),
    ...(marked ? [`${BEST} best, or within 2 % of it`] : []),
  ].join(' · ')
}

export function arrowOf(better: 'lower' | 'higher' | 'neither'): string {
  if (better === 'neither') return ''
  return better === 'lower' ? '↓' : '↑'
}
