/** The flags that say how two sides are compared, shared by every command that does so. */
import { BOUNDS } from '../config.ts'
import { UsageError } from '../errors.ts'
import type { Comparison, Rule } from '../records.ts'
import { parseShare, readRules } from '../verdict/rules.ts'
import type { Arguments, Flag } from './command.ts'
import { configured } from './config-file.ts'
import { RUN_FLAGS } from './executing.ts'
import { strings } from './matrix-flags.ts'
import { wholeNumber } from './whole-number.ts'

const { seed, timeout, jobs, shard, reporter, world } = RUN_FLAGS as Required<typeof RUN_FLAGS>

/** Most code is compiled by then, and the other side, which starts up meanwhile, has done so, too. */
const WARMUP_MS = 800
const WINDOW_MS = 1000

/** Enough for a signed-rank test to find a slowdown of 5 % in an ordinary machine's noise, and over in minutes. */
const ROUNDS = 20

export const JUDGE_FLAGS: Readonly<Record<string, Flag>> = {
  max: {
    type: 'string',
    array: true,
    describe: 'What fails: METRIC=+5%, as in latency.interactive.p99=+5%, cpu.perOp=+3%',
  },
  exact: {
    type: 'boolean',
    describe: 'Virtual time: any difference fails, for better or worse',
    default: false,
  },
  alpha: {
    type: 'number',
    describe: 'Real time: the chance of a false alarm in a whole check',
    default: 0.05,
  },
  margin: { type: 'string', describe: 'Real time: a slowdown up to this is not looked for', default: '3%' },
  'fail-on-inconclusive': {
    type: 'boolean',
    describe: 'Exit with 3 where a cell is too noisy to be told',
    default: false,
  },
  out: {
    type: 'string',
    alias: 'o',
    describe: 'The folder for records and reports',
    default: 'loopdyno-check',
  },
  reporter: reporter!,
  json: { type: 'boolean', describe: 'Print check.json on stdout instead of the table', default: false },
}

export const CHECK_FLAGS: Readonly<Record<string, Flag>> = {
  rounds: {
    type: 'number',
    alias: 'r',
    describe: 'Real time: rounds of each side of a cell, fixed beforehand',
    default: ROUNDS,
  },
  'virtual-rounds': {
    type: 'number',
    describe: 'Virtual time: rounds of a cell, each with another seed',
    default: 1,
  },
  'warmup-ms': {
    type: 'number',
    describe: 'Real time: how long a process warms up, where its scenario leaves that open',
    default: WARMUP_MS,
  },
  'window-ms': { type: 'number', describe: 'Real time: how long it then measures', default: WINDOW_MS },
  confirm: {
    type: 'boolean',
    describe: 'Real time: look again, in fresh rounds, at what seems worse (--no-confirm: do not)',
    default: true,
  },
  control: {
    type: 'boolean',
    describe: 'Real time: run a cell that the change cannot touch, to notice a machine that changes',
    default: true,
  },
  inject: {
    type: 'string',
    describe: 'Slow the new side down by a real busy-wait, as in 10%: shows that the check can fail',
  },
  seed: seed!,
  timeout: timeout!,
  jobs: jobs!,
  shard: shard!,
  world: world!,
  'dispatch-ns': RUN_FLAGS['dispatch-ns']!,
  'poll-ns': RUN_FLAGS['poll-ns']!,
  ...JUDGE_FLAGS,
}

export interface JudgeSettings extends Pick<Comparison, 'alpha' | 'margin' | 'exact'> {
  readonly rules: Rule[]
}

/** Throws `UsageError`. */
export function readJudgeSettings(args: Arguments): JudgeSettings {
  const alpha = Number(args.alpha)
  if (!(alpha > 0 && alpha < 1))
    throw new UsageError(`--alpha takes a chance above 0 and below 1, such as 0.05, not '${args.alpha}'`)
  return {
    rules: readRules(configured(args).rules, strings(args.max)),
    alpha,
    margin: parseShare(String(args.margin), '--margin'),
    exact: args.exact === true,
  }
}

export interface CheckSettings extends JudgeSettings {
  readonly rounds: number
  readonly virtualRounds: number
  readonly seed: number
  readonly timeLimitMs: number
  readonly confirm: boolean
  readonly control: boolean
  readonly warmupMs: number
  readonly windowMs: number
  /** Absent: nothing is added to the new side. */
  readonly inject?: number
}

/** Throws `UsageError`. */
export function readCheckSettings(args: Arguments): CheckSettings {
  const inject = args.inject === undefined ? undefined : parseShare(String(args.inject), '--inject')
  return {
    ...readJudgeSettings(args),
    rounds: wholeNumber(args.rounds, 'rounds', ...BOUNDS.rounds),
    virtualRounds: wholeNumber(args['virtual-rounds'], 'virtual-rounds', ...BOUNDS.rounds),
    seed: wholeNumber(args.seed, 'seed', ...BOUNDS.seed),
    timeLimitMs: wholeNumber(args.timeout, 'timeout', ...BOUNDS.timeout) * 1000,
    confirm: args.confirm !== false,
    control: args.control !== false,
    warmupMs: wholeNumber(args['warmup-ms'], 'warmup-ms', 0, 600_000),
    windowMs: wholeNumber(args['window-ms'], 'window-ms', 1, 600_000),
    ...(inject === undefined ? {} : { inject }),
  }
}
