import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from '../environment.ts'
import { UsageError } from '../errors.ts'
import { readRecords } from '../measure/record-file.ts'
import { environmentDifferences } from '../verdict/baseline.ts'
import {
  BOTH_SIDES,
  type Calibration,
  type CalibrationOptions,
  calibrate as calibrateBy,
  isCalibration,
} from '../verdict/calibrated.ts'
import {
  CALIBRATE_FLAGS,
  type CalibrateSettings,
  readCalibrateSettings,
  refuseCells,
} from './calibrate-settings.ts'
import { drawCalibration } from './calibrate-text.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { recordSides } from './comparing.ts'
import { bothSides, controls, readCheckedMatrix, runnable } from './sides.ts'

const CALIBRATION_FILE = 'calibration.json'

export const calibrate: Command = {
  name: 'calibrate',
  config: 'calibrate',
  describe: 'How far can checks be trusted on this machine? Runs both sides with the same code',
  flags: CALIBRATE_FLAGS,
  examples: [
    ['$0 calibrate', 'false alarms, and the least slowdown that each cell would show'],
    ['$0 calibrate --rounds 12 --plan 5%@90%', 'how many rounds and minutes a check needs'],
    ['$0 calibrate --from loopdyno-calibration --plan 3%@80%', 'the same, of pairs that were run before'],
  ],
  async run(args, terminal) {
    const settings = readCalibrateSettings(args)
    return args.from === undefined
      ? measure(settings, args, terminal)
      : judgeAgain(String(args.from), settings.options, args, terminal)
  },
}

async function measure(
  { pairs, options }: CalibrateSettings,
  args: Arguments,
  terminal: Terminal,
): Promise<Ending> {
  const matrix = await readCheckedMatrix(args)
  const { cells: planned, notes } = runnable(matrix)
  if (planned.length === 0) throw new UsageError(`There is nothing to run: ${notes.join('; ')}`)
  const [old, now] = [{ name: 'old' as const }, { name: 'new' as const }]
  const cells = planned.map((each) => bothSides(each, { arm: old }, { arm: now }, pairs))
  const plan = {
    old: { label: BOTH_SIDES, files: [] },
    new: { label: BOTH_SIDES, files: [] },
    cells,
    control: await controls(cells, old, now, pairs),
    recorded: [],
    notes,
    matrix,
  }
  return recordSides(plan, pairs, args, terminal, async (records, directory, stopped) => {
    const file = join(directory, CALIBRATION_FILE)
    if (stopped !== undefined) {
      rmSync(file, { force: true }) // that of the run before
      terminal.err(`Stopped: what there is so far is judged by loopdyno calibrate --from ${directory}\n`)
      return stopped
    }
    const calibration = calibrateBy(records, options)
    writeFileSync(file, textOf(calibration))
    show(calibration, args, terminal)
    terminal.err(`Wrote ${CALIBRATION_FILE} to ${directory}\n`)
    return endingOf(calibration)
  })
}

function judgeAgain(
  folder: string,
  options: CalibrationOptions,
  args: Arguments,
  terminal: Terminal,
): Ending {
  refuseCells(args)
  const records = readRecords(folder)
  if (!isCalibration(records))
    throw new UsageError(
      `'${folder}' is not the folder of a calibration: loopdyno calibrate --out ${folder} would make one`,
    )
  const calibration = calibrateBy(records, options)
  const elsewhere = environmentDifferences(records.header.environment, readEnvironment())
  for (const difference of elsewhere) terminal.err(`Measured on another machine: ${difference}\n`)
  show(calibration, args, terminal)
  return endingOf(calibration)
}

function textOf(calibration: Calibration): string {
  return `${JSON.stringify(calibration, null, 2)}\n`
}

function show(calibration: Calibration, args: Arguments, terminal: Terminal): void {
  terminal.out(
    args.json ? textOf(calibration) : `${drawCalibration(calibration, terminal.color).join('\n')}\n`,
  )
}

function endingOf({ cells, controls: watching }: Calibration): Ending {
  return [...cells, ...watching].some(({ trouble }) => trouble !== undefined) ? 'failed' : 'fine'
}
