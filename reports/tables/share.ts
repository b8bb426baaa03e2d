/** Changes as people read them: `+7.3 %`, `−4.1 %`. */
import { formatShare } from '../../harness/format.ts'

/** With its sign. */
export function formatChange(share: number): string {
  const size = formatShare(Math.abs(share))
  if (size === '0 %') return size
  return `${share < 0 ? '−' : '+'}${size}`
}

/** `+6.1 … +8.5 %`; empty where there is none. */
export function formatInterval(low: number | undefined, high: number | undefined): string {
  if (low === undefined || high === undefined) return ''
  return `${formatChange(low).replace(' %', '')} … ${formatChange(high)}`
}
