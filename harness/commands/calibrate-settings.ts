/** The flags of `calibrate`, and what they come to. */
import { BOUNDS } from '../config.ts'
import { UsageError } from '../errors.ts'
import type { Aim, CalibrationOptions } from '../verdict/calibrated.ts'
import { parseShare } from '../verdict/rules.ts'
import { CHECK_FLAGS, type CheckSettings, readCheckSettings } from './check-settings.ts'
import type { Arguments, Flag } from './command.ts'
import { given } from './config-file.ts'
import { CHECKED_MATRIX_FLAGS } from './sides.ts'
import { wholeNumber } from './whole-number.ts'

/** Twice as many as a check takes: how far they spread is known to a tenth then. */
const ROUNDS = 40
const CHECKS = 1000
const MOST_CHECKS = 1_000_000

/** What makes no sense where nothing is slowed down, and nothing reported but calibration itself. */
const {
  inject: _inject,
  shard: _shard,
  exact: _exact,
  reporter: _reporter,
  'fail-on-inconclusive': _failOnInconclusive,
  ...flags
} = CHECK_FLAGS

export const CALIBRATE_FLAGS: Readonly<Record<string, Flag>> = {
  ...CHECKED_MATRIX_FLAGS,
  ...flags,
  rounds: {
    type: 'number',
    alias: 'r',
    describe: 'Pairs of rounds to measure of each cell, both sides the same code',
    default: ROUNDS,
  },
  'check-rounds': {
    type: 'number',
    describe: 'Rounds of the checks that it is about',
    default: CHECK_FLAGS.rounds!.default!,
  },
  checks: { type: 'number', describe: 'Checks to simulate from these pairs', default: CHECKS },
  plan: {
    type: 'string',
    describe: 'Say how many rounds and minutes find a slowdown: 5%@90% is one of 5 %, with a chance of 90 %',
  },
  from: {
    type: 'string',
    describe: 'Run and write nothing: judge the pairs in the folder of an earlier calibration',
  },
  out: { ...CHECK_FLAGS.out!, describe: 'The folder for records', default: 'loopdyno-calibration' },
  json: {
    type: 'boolean',
    describe: 'Print calibration.json on stdout instead of the table',
    default: false,
  },
}

export interface CalibrateSettings {
  /** How pairs are run: nothing is looked at twice. */
  readonly pairs: CheckSettings
  readonly options: CalibrationOptions
}

/** Throws `UsageError`. */
export function readCalibrateSettings(args: Arguments): CalibrateSettings {
  const settings = readCheckSettings(args)
  const { rules, alpha, margin, confirm, seed } = settings
  const rounds = wholeNumber(args['check-rounds'], 'check-rounds', ...BOUNDS.rounds)
  const checks = wholeNumber(args.checks, 'checks', 1, MOST_CHECKS)
  const aim = args.plan === undefined ? undefined : parseAim(String(args.plan))
  return {
    pairs: { ...settings, confirm: false },
    options: { rules, alpha, margin, confirm, seed, rounds, checks, ...(aim && { aim }) },
  }
}

/** `5%@90%`: a slowdown, and the chance with which it is to be found. Throws `UsageError`. */
export function parseAim(text: string): Aim {
  const wanted = `--plan takes a slowdown and the chance to find it, as in 5%@90%, not '${text}'`
  const parts = text.split('@')
  if (parts.length !== 2) throw new UsageError(wanted)
  const [effect, power] = parts.map((part) => parseShare(part, '--plan')) as [number, number]
  if (effect > 0 && power > 0 && power < 1) return { effect, power }
  throw new UsageError(`${wanted}: neither may be 0 %, and no chance is 100 %`)
}

/** Throws `UsageError` for what would have to be run. */
export function refuseCells(args: Arguments): void {
  const said = Object.keys(CHECKED_MATRIX_FLAGS).find((name) => given(args)[name] !== undefined)
  if (said === undefined) return
  throw new UsageError(`The cells of --from are those that were run: leave --${said} out`)
}
