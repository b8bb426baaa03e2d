/** `--verify`: how often virtual rounds are repeated, and what is said of it. */
import { UsageError } from '../errors.ts'
import { formatValue } from '../format.ts'
import type { PlannedCell } from '../measure/plan.ts'
import type { RoundRecord } from '../records.ts'
import type { Arguments, Flag, Terminal } from './command.ts'
import { wholeNumber } from './whole-number.ts'

const DEFAULT_REPEATS = 2

export const VERIFY_FLAGS: Readonly<Record<string, Flag>> = {
  verify: {
    type: 'boolean',
    describe: 'Run each virtual round again in other processes: every run must be the same, event by event',
    default: false,
  },
  repeats: {
    type: 'number',
    describe: `With --verify: how often each virtual round is run (default: ${DEFAULT_REPEATS})`,
  },
}

/** How often each virtual round is run. Throws `UsageError` where there is nothing to verify. */
export function readRepeats(
  { verify, repeats }: Arguments,
  cells: readonly PlannedCell[],
  terminal: Terminal,
): number {
  if (!verify) {
    if (repeats !== undefined)
      throw new UsageError('--repeats goes with --verify: add --verify, or leave it out')
    return 1
  }
  const real = cells.filter(({ cell }) => cell.time === 'real').length
  if (real === cells.length) {
    throw new UsageError('--verify repeats virtual rounds, and this run has none: add --time virtual')
  }
  if (real > 0) terminal.err(`Cells in real time are not verified: it never repeats itself\n`)
  return wholeNumber(repeats ?? DEFAULT_REPEATS, 'repeats', 2, 100_000)
}

/** A round that passed, but was repeated less often than is asked for now. One that failed is decided. */
export function needsVerification({ cell, status, verification }: RoundRecord, repeats: number): boolean {
  return cell.time === 'virtual' && status === 'ok' && (verification?.runs ?? 1) < repeats
}

/** What repeating came to, with each difference. */
export function verificationOf(rounds: readonly RoundRecord[], repeats: number): string {
  const verified = rounds.filter(({ verification }) => verification !== undefined)
  const differing = verified.filter(({ verification }) => !verification!.agree)
  const lines = differing.map(
    ({ cell, round, findings }) =>
      `${cell.scenario} · ${cell.policy} · round ${round + 1}: ${findings.at(-1)!.message}\n`,
  )
  const times = repeats === 2 ? 'twice' : `${formatValue(repeats, 'count')} times`
  const count = `${formatValue(verified.length, 'count')} virtual ${verified.length === 1 ? 'round' : 'rounds'}`
  const differences = `${differing.length} ${differing.length === 1 ? 'difference' : 'differences'}`
  return `${lines.join('')}Verified: ${count}, each run ${times}, in different processes, ${differences}\n`
}
