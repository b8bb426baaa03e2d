/** From a matrix to records, reports and an ending: shared by every command that runs rounds. */
import { BOUNDS } from '../config.ts'
import { readEnvironment } from '../environment.ts'
import { calibratedWorld, calibrationMetrics } from '../measure/calibration.ts'
import { runCampaign } from '../measure/campaign.ts'
import { lockDirectory } from '../measure/directory-lock.ts'
import { type Matrix, type PlannedCell, planCells } from '../measure/plan.ts'
import {
  appendRecord,
  prepareDirectory,
  type ReadRecords,
  readRecords,
  startRecords,
} from '../measure/record-file.ts'
import { RECORD_SCHEMA, type RoundRecord, type RunHeader } from '../records.ts'
import { cellsOfShard } from '../verdict/merging.ts'
import { roundsByCell } from '../verdict/summary.ts'
import type { WorldModel } from '../world/model.ts'
import type { Arguments, Ending, Flag, Terminal } from './command.ts'
import { Progress } from './progress.ts'
import { endingOf, loadReporters, REPORT_FLAGS, writeReports } from './reporting.ts'
import { resumable, resumeCommand } from './resuming.ts'
import { endingOfShard, readJobs, readShard, SPREAD_FLAGS, shardHeader } from './sharding.ts'
import { watchSignals } from './signals.ts'
import { needsVerification, readRepeats, VERIFY_FLAGS, verificationOf } from './verification.ts'
import { wholeNumber } from './whole-number.ts'
import { type AskedWorld, readWorld, WORLD_FLAGS } from './world-flags.ts'

export const RUN_FLAGS: Readonly<Record<string, Flag>> = {
  rounds: {
    type: 'number',
    alias: 'r',
    describe: 'Rounds of each cell, each in fresh processes',
    default: 3,
  },
  seed: { type: 'number', describe: 'Seed of all randomness: same seed, same virtual results', default: 1 },
  timeout: { type: 'number', describe: 'Seconds a round may take', default: 60 },
  resume: {
    type: 'boolean',
    describe: 'Go on with the run in --out: finished rounds are not repeated',
    default: false,
  },
  ...SPREAD_FLAGS,
  ...VERIFY_FLAGS,
  ...WORLD_FLAGS,
  ...REPORT_FLAGS,
}

/** Runs the matrix and writes its reports. Throws `UsageError`, before anything is written. */
export async function executeMatrix(matrix: Matrix, args: Arguments, terminal: Terminal): Promise<Ending> {
  const planned = planCells(matrix)
  const shard = readShard(args, planned.length)
  const jobs = readJobs(args)
  const reporters = await loadReporters(args)
  const directory = String(args.out)
  const rounds = wholeNumber(args.rounds, 'rounds', ...BOUNDS.rounds)
  const seed = wholeNumber(args.seed, 'seed', ...BOUNDS.seed)
  const timeLimitMs = wholeNumber(args.timeout, 'timeout', ...BOUNDS.timeout) * 1000
  const repeats = readRepeats(args, planned, terminal)
  const earlier = args.resume ? readRecords(directory) : undefined
  const world = await readWorld(args, planned, terminal, earlier?.header.world)
  const whole = headerOf(matrix, planned, { rounds, seed, world, fidelity: args.fidelity === true })
  const header = shard === undefined ? whole : shardHeader(whole, matrix, shard)
  const cells = shard === undefined ? planned : cellsOfShard(planned, shard)
  prepareDirectory(directory)
  const unlock = lockDirectory(directory)
  try {
    const run = {
      cells,
      header,
      world: world.model,
      directory,
      timeLimitMs,
      repeats,
      jobs,
      earlier,
      terminal,
    }
    const ending = await runPhases(run)
    const records = readRecords(directory)
    if (ending !== undefined) {
      const { length } = records.rounds
      const command = resumeCommand(records.header)
      terminal.err(`Stopped: ${length} rounds are in ${directory}; go on with: ${command}\n`)
      return ending
    }
    const { summary } = await writeReports(records, reporters, directory, args, terminal)
    if (repeats > 1) terminal.err(verificationOf([...roundsByCell(records.rounds).values()].flat(), repeats))
    return shard === undefined ? endingOf(summary) : endingOfShard(summary)
  } finally {
    unlock()
  }
}

interface Run {
  readonly cells: readonly PlannedCell[]
  readonly header: RunHeader
  readonly world: WorldModel
  readonly directory: string
  readonly timeLimitMs: number
  readonly repeats: number
  readonly jobs: number
  /** What there is of a run that goes on. */
  readonly earlier: ReadRecords | undefined
  readonly terminal: Terminal
}

/** Runs what is not recorded yet. Says how it was cut short, where a signal did. */
async function runPhases(run: Run): Promise<Ending | undefined> {
  const { cells, header, world, directory, timeLimitMs, repeats, jobs, terminal } = run
  const recorded = startOrGoOn(run)
  if (header.fidelity) warnOfOthers(header, terminal)
  const signal = watchSignals(terminal)
  const progress = new Progress(terminal)
  for (const phase of phasesOf(cells, header)) {
    const known = header.fidelity ? readRecords(directory).rounds : []
    const worldOf = ({ cell }: Pick<PlannedCell, 'cell'>) => calibratedWorld(world, cell, known)
    await runCampaign({
      cells: phase,
      rounds: header.rounds,
      seed: header.seed,
      timeLimitMs,
      repeats,
      jobs,
      worldOf,
      finished: recorded.filter((record) => !needsVerification(record, repeats)),
      isStopped: () => signal.ending !== undefined,
      onProgress: (done) => progress.show(done),
      onRecord: (record) =>
        appendRecord(directory, header.fidelity ? withCalibration(record, worldOf(record)) : record),
    })
  }
  progress.clear()
  signal.stopWatching()
  return signal.ending
}

/** The rounds that are there already. Throws `UsageError` where they are of another run. */
function startOrGoOn({ earlier, directory, header, terminal }: Run): readonly RoundRecord[] {
  if (earlier !== undefined) return resumable(directory, earlier, header, terminal)
  const kept = startRecords(directory, header)
  if (kept !== undefined) terminal.err(`The records of the run before are kept as ${kept}\n`)
  return []
}

interface RunOptions {
  readonly rounds: number
  readonly seed: number
  readonly world: AskedWorld
  readonly fidelity: boolean
}

function headerOf(
  { selectors }: Matrix,
  cells: readonly PlannedCell[],
  { rounds, seed, world, fidelity }: RunOptions,
): RunHeader {
  return {
    kind: 'run',
    schema: RECORD_SCHEMA,
    startedAt: new Date().toISOString(),
    seed,
    rounds,
    environment: readEnvironment(),
    command: commandLine(),
    policies: [...new Set(cells.map(({ cell }) => cell.policy))],
    selectors: [...selectors],
    cells: cells.map(({ cell }) => cell),
    ...(world.text === '' ? {} : { world: world.model, worldText: world.text }),
    ...(fidelity ? { fidelity } : {}),
  }
}

/** The command line, to be given again. */
export function commandLine(): string {
  return ['npx loopdyno', ...process.argv.slice(2).map(quoted)].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function warnOfOthers({ environment: { loadAverage, cores } }: RunHeader, terminal: Terminal): void {
  if (loadAverage < cores / 2) return
  terminal.err(
    `Others use this machine (load average ${loadAverage.toFixed(1)}): what they take of the processor counts as cost\n`,
  )
}

/** What has to be over before the rest begins: real rounds say what virtual ones are to cost. */
function phasesOf(cells: readonly PlannedCell[], { fidelity }: RunHeader): (readonly PlannedCell[])[] {
  if (!fidelity) return [cells]
  return (['real', 'virtual'] as const).map((time) => cells.filter(({ cell }) => cell.time === time))
}

function withCalibration(record: RoundRecord, world: WorldModel): RoundRecord {
  if (record.cell.time === 'real' || record.status !== 'ok') return record
  return { ...record, metrics: { ...record.metrics, ...calibrationMetrics(world) } }
}
