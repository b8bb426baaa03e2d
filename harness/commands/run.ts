import { readEnvironment } from '../environment.ts'
import { UsageError } from '../errors.ts'
import { runCampaign } from '../measure/campaign.ts'
import { type Matrix, type PlannedCell, planCells } from '../measure/plan.ts'
import { killAll } from '../measure/process.ts'
import {
  appendRecord,
  prepareDirectory,
  readRecords,
  repairRecords,
  startRecords,
} from '../measure/record-file.ts'
import { cellKey, RECORD_SCHEMA, type RoundRecord, type RunHeader } from '../records.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { MATRIX_FLAGS, readMatrix } from './matrix-flags.ts'
import { Progress } from './progress.ts'
import { endingOf, loadReporters, REPORT_FLAGS, writeReports } from './reporting.ts'
import { wholeNumber } from './whole-number.ts'

export const run: Command = {
  name: 'run',
  describe: 'Run scenarios under several policies and compare them',
  flags: {
    ...MATRIX_FLAGS,
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
    ...REPORT_FLAGS,
  },
  examples: [
    ['$0 run', 'compare the built-in policies on all scenarios'],
    ['$0 run -p fifo,priority:aging=50ms -s http-server --set load=0.9', 'two policies near saturation'],
    ['$0 run -p fifo,./my-policy.ts -s pipeline --time virtual', 'your policy, exactly repeatable'],
    ['$0 run -p fifo -s http-server --selector epoll,poll,select,libuv', 'one policy, four ways to wait'],
  ],
  run: execute,
}

async function execute(args: Arguments, terminal: Terminal): Promise<Ending> {
  const matrix = await readMatrix(args)
  const cells = planCells(matrix)
  const reporters = await loadReporters(args)
  const directory = String(args.out)
  const rounds = wholeNumber(args.rounds, 'rounds', 1, 10_000)
  const seed = wholeNumber(args.seed, 'seed', 0, 2 ** 31 - 1)
  const timeLimitMs = wholeNumber(args.timeout, 'timeout', 1, 86_400) * 1000
  prepareDirectory(directory)
  const finished = args.resume ? resumable(directory, cells, rounds, seed, terminal) : []
  if (!args.resume) {
    const kept = startRecords(directory, headerOf(matrix, cells, rounds, seed))
    if (kept !== undefined) terminal.err(`The records of the run before are kept as ${kept}\n`)
  }
  const signal = watchSignals(terminal)
  const progress = new Progress(terminal)
  await runCampaign({
    cells,
    rounds,
    seed,
    timeLimitMs,
    finished,
    isStopped: () => signal.ending !== undefined,
    onStart: (planned, round, done, total) => progress.show(planned, round, done, total),
    onRecord: (record) => appendRecord(directory, record),
  })
  progress.clear()
  signal.stopWatching()
  const records = readRecords(directory)
  if (signal.ending !== undefined) {
    terminal.err(
      `Stopped: ${records.rounds.length} rounds are in ${directory}; go on with: ${resumeCommand(records.header)}\n`,
    )
    return signal.ending
  }
  return endingOf(await writeReports(records, reporters, directory, args, terminal))
}

function headerOf(
  { selectors }: Matrix,
  cells: readonly PlannedCell[],
  rounds: number,
  seed: number,
): RunHeader {
  return {
    kind: 'run',
    schema: RECORD_SCHEMA,
    startedAt: new Date().toISOString(),
    seed,
    rounds,
    environment: readEnvironment(),
    command: ['npx loopdyno', ...process.argv.slice(2).map(quoted)].join(' '),
    policies: [...new Set(cells.map(({ cell }) => cell.policy))],
    selectors: [...selectors],
    cells: cells.map(({ cell }) => cell),
  }
}

/** What goes on with the run that has this header. */
function resumeCommand({ command = 'npx loopdyno run' }: RunHeader): string {
  return command.includes('--resume') ? command : `${command} --resume`
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The records of a run that was cut short. Throws `UsageError` where it was another run. */
function resumable(
  directory: string,
  cells: readonly PlannedCell[],
  rounds: number,
  seed: number,
  terminal: Terminal,
): readonly RoundRecord[] {
  const { header, rounds: finished, truncated } = readRecords(directory)
  const same = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((key) => b.includes(key))
  const keys = cells.map(({ cell }) => cellKey(cell))
  if (header.seed !== seed || header.rounds !== rounds || !same(header.cells.map(cellKey), keys)) {
    throw new UsageError(
      `The run in '${directory}' had other cells, rounds or seed: give the flags it had (${resumeCommand(header)}), or start anew in another --out`,
    )
  }
  if (truncated) {
    repairRecords(directory)
    terminal.err('The last record was cut off when the run was killed: that round is run again\n')
  }
  return finished
}

interface SignalWatch {
  ending: Ending | undefined
  stopWatching(): void
}

/** A signal ends the children at once; what is recorded stays. */
function watchSignals(terminal: Terminal): SignalWatch {
  const watch: SignalWatch = {
    ending: undefined,
    stopWatching: () => {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    },
  }
  const stop = (ending: Ending) => {
    watch.ending = ending
    killAll()
    terminal.err('\nStopping\n')
  }
  const onInterrupt = () => stop('interrupted')
  const onTerminate = () => stop('terminated')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  return watch
}
