/** From two sides to records, reports and an ending: shared by every command that compares. */
import { readEnvironment } from '../environment.ts'
import { runCampaign } from '../measure/campaign.ts'
import { lockDirectory } from '../measure/directory-lock.ts'
import { divergingEvent, divergingInterval } from '../measure/divergence.ts'
import { type PlannedPair, runDuel } from '../measure/duel.ts'
import type { Matrix, PlannedCell } from '../measure/plan.ts'
import { appendRecord, prepareDirectory, readRecords, startRecords } from '../measure/record-file.ts'
import {
  type Cell,
  type Comparison,
  cellKey,
  RECORD_SCHEMA,
  type RoundRecord,
  type RunHeader,
  type RunRecords,
} from '../records.ts'
import { divergenceBetween } from '../verdict/checkpoints.ts'
import { suspectsOf } from '../verdict/judge.ts'
import { cellsOfShard, type ShardNumber } from '../verdict/merging.ts'
import { roundMetrics } from '../verdict/roundmetrics.ts'
import { ruleFor } from '../verdict/rules.ts'
import type { WorldModel } from '../world/model.ts'
import type { CheckSettings } from './check-settings.ts'
import type { Arguments, Ending, Terminal } from './command.ts'
import { commandLine } from './executing.ts'
import { Progress } from './progress.ts'
import { endingOfReport, loadReporters, writeReports } from './reporting.ts'
import { readJobs, readShard, shardHeader } from './sharding.ts'
import { type SignalWatch, watchSignals } from './signals.ts'
import { type AskedWorld, readWorld } from './world-flags.ts'

/** A cell of both sides. */
export interface ComparedCell extends PlannedPair {
  readonly oldCell: Cell
}

export interface ComparisonPlan {
  readonly old: Comparison['old']
  readonly new: Comparison['new']
  readonly cells: readonly ComparedCell[]
  /** Both sides run the same code: what differs there is the machine's doing. */
  readonly control: ComparedCell | undefined
  /** Rounds of the old side that are there already. */
  readonly recorded: readonly RoundRecord[]
  readonly notes: readonly string[]
  /** What the cells are of. */
  readonly matrix: Matrix
}

/** Runs both sides and writes their reports; nothing is written before all is known to be sound. Throws `UsageError`. */
export async function executeComparison(
  plan: ComparisonPlan,
  settings: CheckSettings,
  args: Arguments,
  terminal: Terminal,
  watched?: SignalWatch,
): Promise<Ending> {
  const reporters = await loadReporters(args)
  const use: RecordsUse = async (records, directory, stopped) => {
    const report = await writeReports(records, reporters, directory, args, terminal)
    if (stopped !== undefined) terminal.err(`Stopped: what there is so far is in ${directory}\n`)
    return stopped ?? endingOfReport(report, args)
  }
  return recordSides(plan, settings, args, terminal, use, watched)
}

type RecordsUse = (records: RunRecords, directory: string, stopped: Ending | undefined) => Promise<Ending>

/** Runs both sides, or the new one alone, and hands on their records while the folder is still ours. */
export async function recordSides(
  plan: ComparisonPlan,
  settings: CheckSettings,
  args: Arguments,
  terminal: Terminal,
  use: RecordsUse,
  watched?: SignalWatch,
): Promise<Ending> {
  const shard = readShard(args, plan.cells.length)
  const jobs = readJobs(args)
  const directory = String(args.out)
  const planned = plan.cells.map((each) => each.new)
  const world = await readWorld(args, planned, terminal)
  prepareDirectory(directory)
  const unlock = lockDirectory(directory)
  const signal = watched ?? watchSignals(terminal)
  try {
    const cells = cellsOf(plan, shard)
    const kept = startRecords(directory, headerOf(plan, settings, cells, world, shard))
    if (kept !== undefined) terminal.err(`The records of the run before are kept as ${kept}\n`)
    const recorded = plan.recorded.flatMap((record) => cells.filter(isOldSideOf(record)).map(marked(record)))
    for (const record of recorded) appendRecord(directory, record)
    const labels = [plan.old.label, plan.new.label] as const
    const place = { directory, world: world.model, jobs, terminal, signal, recorded, labels }
    const stopped = await new Comparing(cells, settings, place).run()
    return await use(readRecords(directory), directory, stopped)
  } finally {
    unlock()
    if (watched === undefined) signal.stopWatching()
  }
}

/** The cells that are run here: all of them, or a shard's. Each shard with real time has a control of its own. */
function cellsOf({ cells, control }: ComparisonPlan, shard: ShardNumber | undefined): ComparedCell[] {
  const own = shard === undefined ? cells : cellsOfShard(cells, shard)
  if (control === undefined || own.every((each) => each.new.cell.time === 'virtual')) return [...own]
  return [...own, { ...control, control: shard?.index ?? 1 }]
}

export function isOldSideOf(record: RoundRecord): (cell: ComparedCell) => boolean {
  return ({ oldCell, control }) =>
    cellKey(oldCell) === cellKey(record.cell) && (control === undefined) === (record.control === undefined)
}

/** A recorded control was the first shard's, and now watches over this one. */
function marked(record: RoundRecord): (cell: ComparedCell) => RoundRecord {
  return ({ control }) => (control === undefined ? record : { ...record, control })
}

interface Place {
  readonly directory: string
  readonly world: WorldModel
  readonly jobs: number
  readonly terminal: Terminal
  readonly signal: SignalWatch
  /** Rounds of the old side, where that is not run. */
  readonly recorded: readonly RoundRecord[]
  /** What people call the sides, the old one first. */
  readonly labels: readonly [string, string]
}

/** One comparison, phase by phase: virtual cells, real cells, real cells that look worse, events that differ. */
class Comparing {
  readonly #cells: readonly ComparedCell[]
  readonly #settings: CheckSettings
  readonly #place: Place
  readonly #progress: Progress

  constructor(cells: readonly ComparedCell[], settings: CheckSettings, place: Place) {
    this.#cells = cells
    this.#settings = settings
    this.#place = place
    this.#progress = new Progress(place.terminal)
  }

  /** Says how it was cut short, where a signal did. */
  async run(): Promise<Ending | undefined> {
    try {
      await this.#runVirtual()
      const { rounds, seed } = this.#settings
      await this.#runReal(this.#cellsIn('real'), { rounds, seed })
      if (this.#settings.confirm) await this.#confirm()
      await this.#findDivergences()
    } finally {
      this.#progress.clear()
    }
    return this.#place.signal.ending
  }

  #cellsIn(time: Cell['time']): ComparedCell[] {
    return this.#cells.filter((each) => each.new.cell.time === time)
  }

  readonly #isStopped = () => this.#place.signal.ending !== undefined

  async #runVirtual(): Promise<void> {
    const cells = this.#cellsIn('virtual').flatMap(sidesOf)
    const { virtualRounds, seed, timeLimitMs } = this.#settings
    const { directory, world, jobs } = this.#place
    await runCampaign({
      cells,
      rounds: virtualRounds,
      seed,
      timeLimitMs,
      jobs,
      worldOf: () => world,
      repeats: 1,
      finished: [],
      isStopped: this.#isStopped,
      onProgress: (progress) => this.#progress.show(progress),
      onRecord: (record) => appendRecord(directory, record),
    })
  }

  async #runReal(
    pairs: readonly PlannedPair[],
    options: { rounds: number; seed: number; stage?: RoundRecord['stage'] },
  ): Promise<void> {
    const { directory, world } = this.#place
    await runDuel({
      ...options,
      pairs,
      timeLimitMs: this.#settings.timeLimitMs,
      world,
      isApart: (record) => this.#isApart(record),
      isStopped: this.#isStopped,
      onProgress: (progress) => this.#progress.show(progress),
      onRecord: (record) => appendRecord(directory, record),
    })
  }

  #isApart(record: RoundRecord): boolean {
    const { rules } = this.#settings
    const found = Object.keys(roundMetrics(record)).map((name) => ruleFor(rules, name, 'real'))
    return found.some((rule) => rule !== undefined && rule.level !== 'off' && rule.pairs === 'apart')
  }

  /** Fresh rounds of what looks worse. Recorded old rounds cannot be run again: they are held against fresh new ones. */
  async #confirm(): Promise<void> {
    if (this.#isStopped()) return
    const { directory, terminal, recorded } = this.#place
    const wanted = suspectsOf(readRecords(directory)).map((pair) => cellKey(pair.new))
    const pairs = this.#cellsIn('real').filter(
      ({ control, new: side }) => control === undefined && wanted.includes(cellKey(side.cell)),
    )
    if (pairs.length === 0) return
    const cells = pairs.length === 1 ? '1 cell looks' : `${pairs.length} cells look`
    this.#progress.clear()
    terminal.err(`${cells} worse: looking again, in fresh rounds\n`)
    const { rounds, seed } = this.#settings
    await this.#runReal(pairs, { rounds, seed, stage: 'confirmation' })
    for (const record of recorded.filter((each) => pairs.some((pair) => isOldSideOf(each)(pair))))
      appendRecord(directory, { ...record, stage: 'confirmation' })
  }

  /** Digests tell that something differs; a second run, with its log, tells what. */
  async #findDivergences(): Promise<void> {
    const { directory } = this.#place
    const { rounds } = readRecords(directory)
    for (const cell of this.#cellsIn('virtual')) {
      const old = new Map(rounds.filter(isRoundOf('old', cell.oldCell)).map((each) => [each.round, each]))
      const changed = rounds.filter(isRoundOf('new', cell.new.cell)).find(({ round, digest }) => {
        const before = old.get(round)?.digest
        return before !== undefined && digest !== undefined && before !== digest
      })
      if (changed === undefined || this.#isStopped()) continue
      const divergence = await this.#divergenceOf(cell, changed, old.get(changed.round)!)
      if (divergence !== undefined) appendRecord(directory, { ...changed, divergence })
    }
  }

  /** Of recorded rounds there is no log, but checkpoints tell between which events they part. */
  #divergenceOf(cell: ComparedCell, changed: RoundRecord, old: RoundRecord): Promise<string | undefined> {
    const { world, labels } = this.#place
    const { timeLimitMs } = this.#settings
    const { round, seed } = changed
    const shared = { round, seed, timeLimitMs, repeats: 1, world, isStopped: this.#isStopped }
    const request = { ...shared, planned: cell.new }
    if (cell.old !== undefined) return divergingEvent({ ...shared, planned: cell.old }, request, labels)
    const interval = divergenceBetween(old.checkpoints ?? '', changed.checkpoints ?? '')
    return interval === undefined
      ? Promise.resolve(undefined)
      : divergingInterval(request, interval, changed.digest!)
  }
}

function isRoundOf(arm: 'old' | 'new', cell: Cell): (record: RoundRecord) => boolean {
  return (record) => record.arm === arm && cellKey(record.cell) === cellKey(cell)
}

function sidesOf({ old, new: now }: ComparedCell): PlannedCell[] {
  return old === undefined ? [now] : [old, now]
}

function headerOf(
  plan: ComparisonPlan,
  settings: CheckSettings,
  compared: readonly ComparedCell[],
  world: AskedWorld,
  shard: ShardNumber | undefined,
): RunHeader {
  const { rules, alpha, margin, exact, confirm, inject, virtualRounds, warmupMs, windowMs } = settings
  const cells = plan.cells.map((each) => each.new.cell)
  const comparison: Comparison = {
    old: plan.old,
    new: plan.new,
    pairs: compared.map(({ oldCell, new: { cell }, control }) => ({
      old: oldCell,
      new: cell,
      ...(control === undefined ? {} : { control }),
    })),
    ...{ rules, alpha, margin, exact, confirm, virtualRounds, warmupMs, windowMs },
    ...(plan.recorded.length === 0 ? {} : { recorded: true }),
    ...(inject === undefined ? {} : { inject }),
  }
  const whole: RunHeader = {
    kind: 'run',
    schema: RECORD_SCHEMA,
    startedAt: new Date().toISOString(),
    seed: settings.seed,
    rounds: settings.rounds,
    environment: readEnvironment(),
    command: commandLine(),
    policies: [...new Set(cells.map(({ policy }) => policy))],
    cells,
    ...(plan.notes.length === 0 ? {} : { notes: [...plan.notes] }),
    ...(world.text === '' ? {} : { world: world.model, worldText: world.text }),
    comparison,
  }
  return shard === undefined ? whole : shardHeader(whole, plan.matrix, shard)
}
