/** Runs a virtual round several times in several processes: all runs must be the same, event by event. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RoundRecord } from '../records.ts'
import type { Outcome } from './round.ts'
import { firstDifference } from './verify-figures.ts'
import { describeDivergence, firstDivergence } from './verify-logs.ts'

/** More than these find nothing more: what differs from process to process shows itself in a few. */
const MOST_PROCESSES = 16

/** How a process repeats its round. */
export interface Repetition {
  /** Runs in the process, one after another, until one differs. */
  readonly times: number
  /** The digest that each run must have; absent: that of the first run here. */
  readonly digest?: string
  /** Where the event log of the last run is kept. */
  readonly logPath: string
}

/** What a process that repeats its round came to. */
export interface Repeated {
  /** Of its last run: the first that differed, if any did. */
  readonly outcome: Outcome
  /** 0: it ended, or was ended, before it could tell. */
  readonly runs: number
}

export type VerifiedOutcome = Outcome & Pick<RoundRecord, 'verification'>

export interface Verifier {
  readonly repeats: number
  readonly isStopped: () => boolean
  run(repetition: Repetition): Promise<Repeated>
}

/** The outcome of the first run; a failure that names the first difference where another run was not the same. */
export async function verifyRound(verifier: Verifier): Promise<VerifiedOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'loopdyno-verify-'))
  try {
    const logPath = join(folder, 'first')
    const { outcome, runs } = await verifier.run({ times: 1, logPath })
    if (runs === 0) return outcome
    return await compareOthers(verifier, { outcome, logPath, number: 1 }, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A run, and where its log is kept. */
interface Run {
  readonly outcome: Outcome
  readonly logPath: string
  /** Counts from 1 over all processes. */
  readonly number: number
}

/** As many processes at once as there are cores: what runs beside a virtual round does not change it. */
async function compareOthers(verifier: Verifier, first: Run, folder: string): Promise<VerifiedOutcome> {
  // A round that failed is decided: whether it fails in the same way, one more run tells.
  const repeats = first.outcome.status === 'ok' ? verifier.repeats : 2
  const shares = sharesOf(repeats - 1)
  const atOnce = availableParallelism()
  let before = 1
  for (let from = 0; from < shares.length; from += atOnce) {
    if (verifier.isStopped()) return first.outcome
    const others = await Promise.all(
      shares.slice(from, from + atOnce).map(async (times, index) => {
        const logPath = join(folder, `other-${index}`)
        return { times, logPath, ...(await verifier.run({ times, digest: first.outcome.digest, logPath })) }
      }),
    )
    for (const { times, logPath, outcome, runs } of others) {
      const number = before + Math.max(1, runs)
      const difference = differenceOf(first, { outcome, logPath, number })
      if (difference !== undefined) return differing(first.outcome, difference + whereKept(runs), number)
      before += times
    }
  }
  return { ...first.outcome, verification: { runs: repeats, agree: true } }
}

/** How many runs each further process makes. */
function sharesOf(runs: number): number[] {
  const processes = Math.min(MOST_PROCESSES - 1, runs)
  return Array.from({ length: processes }, (_, i) => Math.floor((runs + i) / processes))
}

/** The first event that differs; where none does, the first figure. */
function differenceOf(first: Run, other: Run): string | undefined {
  const names = ['first run', other.number === 2 ? 'second run' : `run ${other.number}`] as const
  const [a, b] = [first.outcome.digest, other.outcome.digest]
  // A run that broke off has no digest, and its log is cut short.
  if (a === b || a === undefined || b === undefined)
    return firstDifference(first.outcome, other.outcome, names)
  const divergence = firstDivergence(first.logPath, other.logPath)
  if (divergence === undefined) throw new Error('The digests differ where the event logs do not')
  return describeDivergence(divergence, names)
}

/** What was right in the first run of a process and is wrong in a later one was kept from run to run. */
function whereKept(runs: number): string {
  return runs > 1
    ? ` (the first run of that process was right: something is kept from one run to the next)`
    : ''
}

function differing(first: Outcome, difference: string, runs: number): VerifiedOutcome {
  const message = `two runs with the same seed differ: ${difference}`
  return {
    ...first,
    status: 'failed',
    reason: first.status === 'ok' ? message : first.reason,
    findings: [...first.findings, { kind: 'nondeterministic', message, fatal: true }],
    verification: { runs, agree: false },
  }
}
