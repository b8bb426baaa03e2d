/**
 * Two sides against one another in real time, pair by pair: both in the same round, with the same seed, so that
 * whatever the machine does at that time it does to both. (Duet benchmarking, Bulej et al. 2020.)
 */
import { deriveSeed } from '../random.ts'
import type { RoundRecord } from '../records.ts'
import type { WorldModel } from '../world/model.ts'
import type { CampaignProgress } from './campaign.ts'
import { type PlannedCell, roundOrder } from './plan.ts'
import { type RoundRequest, runRound } from './runner.ts'

/** The number of the pair of rounds that is run in advance. */
const REHEARSAL = -1

export interface PlannedPair {
  /** Absent: only the new side is run, to be held against recorded rounds. */
  readonly old?: PlannedCell
  readonly new: PlannedCell
  /** Both run the same code: which shard's machine it watches. */
  readonly control?: number
}

export interface DuelOptions {
  readonly pairs: readonly PlannedPair[]
  readonly rounds: number
  readonly seed: number
  /** Fresh rounds, with other seeds, of what looked worse in the first. */
  readonly stage?: RoundRecord['stage']
  readonly timeLimitMs: number
  readonly world: WorldModel
  /**
   * Whether the sides of a pair with these figures run one after the other: latency is measured alone. Cost and
   * throughput are measured together, so that both sides meet the same disturbances.
   */
  readonly isApart: (record: RoundRecord) => boolean
  readonly isStopped: () => boolean
  /** Called when a pair starts. */
  readonly onProgress: (progress: CampaignProgress) => void
  readonly onRecord: (record: RoundRecord) => void
}

type RunRound = (request: RoundRequest) => Promise<RoundRecord>

/**
 * The first pair of each cell is run in advance and forgotten: it warms up disk and caches, and shows which figures
 * there are. A cell that breaks down is decided: its other rounds are not run.
 */
export async function runDuel(options: DuelOptions, run: RunRound = runRound): Promise<void> {
  const { pairs, rounds, seed, isStopped, onProgress } = options
  const total = pairs.length * (rounds + 1)
  const apart = new Map<PlannedPair, boolean>()
  const broken = new Set<PlannedPair>()
  let left = total
  for (let round = REHEARSAL; round < rounds; round++) {
    for (const pair of roundOrder(pairs, Math.max(round, 0), seed)) {
      if (isStopped()) return
      if (!broken.has(pair)) {
        onProgress({ total, left: { real: left, virtual: 0 }, running: [{ planned: pair.new, round }] })
        const records = await runPair(pair, round, apart.get(pair) ?? false, options, run)
        if (isStopped()) return // what a signal cut short is no result
        const isBroken = records.some(({ status }) => status !== 'ok')
        if (isBroken) broken.add(pair)
        if (round === REHEARSAL) apart.set(pair, options.isApart(records[0]!))
        if (round !== REHEARSAL || isBroken) for (const record of records) options.onRecord(record)
      }
      left--
    }
  }
}

/** The side that is started first takes turns, as the one that comes later may find the machine in another state. */
async function runPair(
  pair: PlannedPair,
  round: number,
  apart: boolean,
  { seed, stage, timeLimitMs, world, isStopped }: DuelOptions,
  runOne: RunRound,
): Promise<RoundRecord[]> {
  const sides = pair.old === undefined ? [pair.new] : [pair.old, pair.new]
  if (newIsFirst(seed, round, pair)) sides.reverse()
  const shared = { seed: deriveSeed(seed, `${stage ?? 'round'} ${round}`), timeLimitMs, world, isStopped }
  const run = async (planned: PlannedCell): Promise<RoundRecord> => {
    const record = await runOne({ planned, round: Math.max(round, 0), repeats: 1, ...shared })
    const { control } = pair
    return { ...record, ...(stage && { stage }), ...(control && { control }) }
  }
  if (!apart) return Promise.all(sides.map(run))
  const records: RoundRecord[] = []
  for (const side of sides) records.push(await run(side))
  return records
}

/** Whether the new side begins: in every other round of a pair, from a seeded start. */
function newIsFirst(seed: number, round: number, { new: side }: PlannedPair): boolean {
  return ((deriveSeed(seed, JSON.stringify(side.cell)) & 1) + Math.max(round, 0)) % 2 === 0
}
