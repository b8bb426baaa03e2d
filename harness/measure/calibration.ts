/**
 * What a world has to charge its loops so that a virtual run costs what the real one did: each handle what handles of
 * its class cost beyond their declared work.
 */
import type { MetricValue } from '../contracts.ts'
import { type Cell, cellKey, type RoundRecord } from '../records.ts'
import type { WorldModel } from '../world/model.ts'

const OVERHEAD = /^overhead\.(.+)\.mean$/

/** The world for a virtual cell, from the real rounds of the same policy under the same load, if there are any. */
export function calibratedWorld(world: WorldModel, cell: Cell, rounds: readonly RoundRecord[]): WorldModel {
  const real = rounds.filter(
    (round) => round.cell.time === 'real' && round.status === 'ok' && sameLoad(round.cell, cell),
  )
  // Under several selectors: as under the first that was asked for.
  const own = real.filter((round) => round.cell.selector === real[0]!.cell.selector)
  return own.length === 0 ? world : { ...world, classNs: meanOverheads(own) }
}

function sameLoad(a: Cell, b: Cell): boolean {
  return cellKey({ ...a, time: 'real', selector: '' }) === cellKey({ ...b, time: 'real', selector: '' })
}

/** Whole ns, so that what is recorded is what was charged. */
function meanOverheads(rounds: readonly RoundRecord[]): Record<string, number> {
  const values = new Map<string, number[]>()
  for (const [name, { value }] of rounds.flatMap((round) => Object.entries(round.metrics))) {
    const className = OVERHEAD.exec(name)?.[1]
    if (className !== undefined) values.set(className, [...(values.get(className) ?? []), value])
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, Math.round(all.reduce((sum, each) => sum + each) / all.length)]),
  )
}

/** What was charged, for the record. */
export function calibrationMetrics({
  dispatchNs,
  pollNs,
  classNs,
}: Pick<WorldModel, 'dispatchNs' | 'pollNs' | 'classNs'>): Record<string, MetricValue> {
  const charged = { dispatch: dispatchNs, poll: pollNs, ...classNs }
  return Object.fromEntries(
    Object.entries(charged).map(([name, value]) => [
      `calibration.${name}`,
      { value, unit: 'ns', better: 'neither' } as const,
    ]),
  )
}
