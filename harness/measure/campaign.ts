/** All rounds of a run, in their interleaved order, each appended to the records as it ends. */

import { deriveSeed } from '../random.ts'
import { type Cell, cellKey, type RoundRecord } from '../records.ts'
import type { WorldModel } from '../world/model.ts'
import { type PlannedCell, roundOrder } from './plan.ts'
import { runRound } from './runner.ts'

export interface CampaignOptions {
  readonly cells: readonly PlannedCell[]
  readonly rounds: number
  readonly seed: number
  readonly timeLimitMs: number
  /** What the world of a virtual cell is like. */
  readonly worldOf: (planned: PlannedCell) => WorldModel
  /** How often each virtual round is run; 1: once, unverified. */
  readonly repeats: number
  /** Rounds that are recorded already: not run again. */
  readonly finished: readonly RoundRecord[]
  /** Asked before each round. */
  readonly isStopped: () => boolean
  readonly onStart: (planned: PlannedCell, round: number, done: number, total: number) => void
  readonly onRecord: (record: RoundRecord) => void
}

export async function runCampaign(options: CampaignOptions): Promise<void> {
  const { cells, rounds, seed, timeLimitMs, repeats, worldOf, isStopped } = options
  const finished = new Set(options.finished.map((record) => roundKey(record.cell, record.round)))
  const broken = new Set(options.finished.filter(isBroken).map((record) => cellKey(record.cell)))
  const total = cells.length * rounds
  let done = 0
  for (let round = 0; round < rounds; round++) {
    for (const planned of roundOrder(cells, round, seed)) {
      if (isStopped()) return
      done++
      // A cell that has broken down once is decided: its other rounds would only cost its time limit again.
      if (finished.has(roundKey(planned.cell, round)) || broken.has(cellKey(planned.cell))) continue
      options.onStart(planned, round, done, total)
      const roundSeed = deriveSeed(seed, `round ${round}`)
      const world = worldOf(planned)
      const record = await runRound({
        planned,
        round,
        seed: roundSeed,
        timeLimitMs,
        repeats,
        world,
        isStopped,
      })
      if (isStopped()) return // what a signal cut short is no result
      options.onRecord(record)
      if (isBroken(record)) broken.add(cellKey(planned.cell))
    }
  }
}

function isBroken(record: RoundRecord): boolean {
  return record.status !== 'ok'
}

function roundKey(cell: Cell, round: number): string {
  return `${round} ${cellKey(cell)}`
}
