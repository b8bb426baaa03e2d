/** Where the behaviour of two sides parts in virtual time: found by running again what differed, logs kept. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RoundRequest, runLogged } from './runner.ts'
import { describeDivergence, describeStretch, firstDivergence } from './verify-logs.ts'

/**
 * The first event that is not the same in two virtual rounds, as text. Both are run again, at once. `undefined` where
 * all events are the same, or where one of the rounds did not come to its end.
 */
export function divergingEvent(
  old: RoundRequest,
  now: RoundRequest,
  names: readonly [string, string],
): Promise<string | undefined> {
  return inFolder(async (folder) => {
    const logs = [join(folder, 'old'), join(folder, 'new')] as const
    const digests = await Promise.all([digestOf(old, logs[0]), digestOf(now, logs[1])])
    if (digests.includes(undefined) || digests[0] === digests[1]) return undefined
    const divergence = firstDivergence(...logs)
    return divergence && describeDivergence(divergence, names)
  })
}

/** Numbers of events, counted from 1; both ends belong to it. */
interface Interval {
  readonly from: number
  readonly to: number
}

/**
 * What a virtual round does where it parts from one of which only checkpoints are left, as text. It is run again.
 * `undefined` where it does not come to its end, or no longer has the digest with which it was recorded.
 */
export function divergingInterval(
  request: RoundRequest,
  { from, to }: Interval,
  digest: string,
): Promise<string | undefined> {
  return inFolder(async (folder) => {
    const log = join(folder, 'new')
    if ((await digestOf(request, log)) !== digest) return undefined
    return `the first difference lies ${describeStretch(log, from, to)}`
  })
}

/** A round that broke off has none, and its log is cut short. */
async function digestOf(request: RoundRequest, logPath: string): Promise<string | undefined> {
  const { outcome } = await runLogged(request, logPath)
  return outcome.digest
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'loopdyno-divergence-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
