/**
 * All rounds of a run, each appended to the records as it ends. Real rounds have the machine to themselves; virtual
 * ones run on all cores, as nothing beside them can change what they come to.
 */
import type { TimeKind } from '../contracts.ts'
import { deriveSeed } from '../random.ts'
import { type RoundRecord, sideKey } from '../records.ts'
import type { WorldModel } from '../world/model.ts'
import { type PlannedCell, roundOrder } from './plan.ts'
import { type RoundRequest, runRound } from './runner.ts'

export interface CampaignOptions {
  readonly cells: readonly PlannedCell[]
  readonly rounds: number
  readonly seed: number
  readonly timeLimitMs: number
  /** Virtual rounds at once. */
  readonly jobs: number
  /** What the world of a virtual cell is like. */
  readonly worldOf: (planned: PlannedCell) => WorldModel
  /** How often each virtual round is run; 1: once, unverified. */
  readonly repeats: number
  /** Rounds that are recorded already: not run again. */
  readonly finished: readonly RoundRecord[]
  /** Asked before each round. */
  readonly isStopped: () => boolean
  /** Called when a round starts and when it ends. */
  readonly onProgress: (progress: CampaignProgress) => void
  readonly onRecord: (record: RoundRecord) => void
}

/** A round that is to run. */
export interface PlannedRound {
  readonly planned: PlannedCell
  readonly round: number
}

export interface CampaignProgress {
  readonly total: number
  /** Rounds that still have to end, those that run among them. */
  readonly left: Readonly<Record<TimeKind, number>>
  readonly running: readonly PlannedRound[]
}

/** Two runs of the same cells record the same rounds, however many of them ran at once. */
export async function runCampaign(
  options: CampaignOptions,
  run: (request: RoundRequest) => Promise<RoundRecord> = runRound,
): Promise<void> {
  const campaign = new Campaign(options, run)
  await campaign.runAll('real', 1)
  await campaign.runAll('virtual', roundsAtOnce(options))
}

/** A round that is verified runs in several processes at once by itself. */
function roundsAtOnce({ jobs, repeats }: CampaignOptions): number {
  return Math.max(1, Math.floor(jobs / Math.max(1, repeats - 1)))
}

class Campaign {
  readonly #options: CampaignOptions
  readonly #run: (request: RoundRequest) => Promise<RoundRecord>
  readonly #open: Readonly<Record<TimeKind, readonly PlannedRound[]>>
  readonly #cells = new Map<string, CellRounds>()
  readonly #left: Record<TimeKind, number>
  readonly #running = new Set<PlannedRound>()

  constructor(options: CampaignOptions, run: (request: RoundRequest) => Promise<RoundRecord>) {
    this.#options = options
    this.#run = run
    for (const planned of options.cells) this.#cells.set(keyOf(planned), new CellRounds(options.rounds))
    for (const record of options.finished) this.#cells.get(sideKey(record))?.recorded(record)
    this.#open = { real: this.#openRounds('real'), virtual: this.#openRounds('virtual') }
    this.#left = { real: this.#open.real.length, virtual: this.#open.virtual.length }
  }

  async runAll(time: TimeKind, atOnce: number): Promise<void> {
    const next = this.#open[time].values()
    await Promise.all(Array.from({ length: atOnce }, () => this.#runFrom(next)))
  }

  /** Several of these share what is next. */
  async #runFrom(next: Iterable<PlannedRound>): Promise<void> {
    for (const each of next) {
      if (this.#options.isStopped()) return
      await this.#runOne(each, this.#cells.get(keyOf(each.planned))!)
    }
  }

  async #runOne(each: PlannedRound, cell: CellRounds): Promise<void> {
    if (!cell.isBroken) {
      this.#running.add(each)
      this.#tell()
      const record = await this.#run(this.#requestOf(each))
      this.#running.delete(each)
      if (this.#options.isStopped()) return // what a signal cut short is no result
      for (const settled of cell.end(record)) this.#options.onRecord(settled)
    }
    this.#left[each.planned.cell.time]--
    this.#tell()
  }

  #requestOf({ planned, round }: PlannedRound): RoundRequest {
    const { seed, timeLimitMs, repeats, isStopped, worldOf } = this.#options
    const world = worldOf(planned)
    return {
      planned,
      round,
      seed: deriveSeed(seed, `round ${round}`),
      timeLimitMs,
      repeats,
      world,
      isStopped,
    }
  }

  /** Rounds of all cells take turns, so that what the machine does meanwhile does it to all of them. */
  #openRounds(time: TimeKind): PlannedRound[] {
    const { rounds, seed } = this.#options
    const cells = this.#options.cells.filter(({ cell }) => cell.time === time)
    const all = Array.from({ length: rounds }, (_, round) =>
      roundOrder(cells, round, seed).map((planned) => ({ planned, round })),
    )
    return all.flat().filter(({ planned, round }) => this.#cells.get(keyOf(planned))!.isOpen(round))
  }

  #tell(): void {
    const { cells, rounds, onProgress } = this.#options
    onProgress({ total: cells.length * rounds, left: { ...this.#left }, running: [...this.#running] })
  }
}

function keyOf({ cell, arm }: PlannedCell): string {
  return sideKey({ cell, arm: arm?.name })
}

/**
 * The rounds of one cell. They are recorded in their order, whichever ends first, and not beyond the first that
 * breaks down: that one decides the cell, and further ones would only cost its time limit again.
 */
class CellRounds {
  isBroken = false
  readonly #awaited: Set<number>
  readonly #ended = new Map<number, RoundRecord>()

  constructor(rounds: number) {
    this.#awaited = new Set(Array(rounds).keys())
  }

  isOpen(round: number): boolean {
    return !this.isBroken && this.#awaited.has(round)
  }

  recorded({ round, status }: RoundRecord): void {
    this.#awaited.delete(round)
    this.isBroken ||= status !== 'ok'
  }

  /** What can be recorded now that this round has ended. */
  end(record: RoundRecord): RoundRecord[] {
    this.#ended.set(record.round, record)
    const settled: RoundRecord[] = []
    for (const round of this.#awaited) {
      const next = this.#ended.get(round)
      if (next === undefined || this.isBroken) break
      this.recorded(next)
      settled.push(next)
    }
    return settled
  }
}
