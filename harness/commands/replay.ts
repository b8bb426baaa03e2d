import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { loadPlugin } from '../catalog.ts'
import type { Scenario } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { formatDuration, formatValue } from '../format.ts'
import { type Matrix, planCells } from '../measure/plan.ts'
import type { PreparedPolicy } from '../policy-parts.ts'
import { parseColumns } from '../replay/columns.ts'
import { surveyTrace, type TraceFormat, type TraceSurvey } from '../replay/trace.ts'
import type { Arguments, Command, Terminal } from './command.ts'
import { executeMatrix, RUN_FLAGS } from './executing.ts'
import { MATRIX_FLAGS, readPolicies } from './matrix-flags.ts'

const SCENARIO = 'replay'
/** A trace is the same in every round: more of them tell nothing but where a policy draws lots. */
const ROUNDS = 1
/** Ten million jobs take a while. */
const TIMEOUT_S = 600
const FINGERPRINT_DIGITS = 12
/** Classes that are named in messages. */
const HINTED = 10

export const replay: Command = {
  name: SCENARIO,
  describe: 'Replay a recorded trace under several policies, in virtual time, and compare them',
  positionals: {
    trace: {
      describe: 'CSV or JSONL, plain or gzip: arrival_us,class,service_us[,deadline_us]',
      required: true,
    },
  },
  config: 'replay',
  flags: {
    policy: { ...MATRIX_FLAGS.policy!, default: ['fifo', 'priority', 'sjf'] },
    classes: {
      type: 'string',
      describe: 'All classes with their priorities, lower first: code=0,conv=1 (default: all 0)',
    },
    speed: { type: 'number', describe: 'How much faster than recorded jobs arrive', default: 1 },
    slice: {
      type: 'string',
      describe: 'A longer job gives way each time it has had this much: 100us (default: never)',
      default: '0',
    },
    undeclared: {
      type: 'boolean',
      describe: 'Do not tell policies how long a job will take',
      default: false,
    },
    columns: {
      type: 'string',
      describe: 'Which column holds what, in which unit: arrival=timestamp:s,class=kind,service=took:ms',
      default: '',
    },
    format: {
      type: 'string',
      describe: "How the trace is written (default: by the file's name)",
      choices: ['csv', 'jsonl'],
    },
    ...RUN_FLAGS,
    rounds: { ...RUN_FLAGS.rounds!, default: ROUNDS },
    timeout: { ...RUN_FLAGS.timeout!, default: TIMEOUT_S },
  },
  examples: [
    [
      "$0 replay trace.csv.gz -p fifo,priority,edf --classes 'code=0,conv=1'",
      'three orders on one recording',
    ],
    [
      '$0 replay trace.csv -p fifo,sjf --slice 100us --speed 2',
      'preemptive orders, nearly, at twice the load',
    ],
    [
      "$0 replay log.jsonl --columns 'arrival=t:ms,class=route,service=took:ms'",
      'a log with names of its own',
    ],
  ],
  async run(args, terminal) {
    const policies = await readPolicies(args)
    const trace = String(args.trace)
    const scenario = await loadPlugin('scenario', SCENARIO)
    const columns = parseColumns(String(args.columns))
    const chosen = args.classes === undefined ? undefined : readClasses(String(args.classes))
    planCells(matrixOf(policies, scenario, settingsOf(args, trace, new Map([['any', 0]]), '')))
    const format = { format: args.format as TraceFormat['format'], ...columns }
    const classes = chosen === undefined ? undefined : [...chosen.keys()]
    const survey = await surveyTrace(trace, { ...format, classes })
    terminal.err(describe(trace, survey))
    const settings = settingsOf(args, trace, chosen ?? allEqual(survey, terminal), await fingerprintOf(trace))
    return executeMatrix(matrixOf(policies, scenario, settings), args, terminal)
  },
}

function matrixOf(
  policies: readonly PreparedPolicy[],
  scenario: Scenario,
  settings: readonly string[],
): Matrix {
  return { policies, scenarios: [{ text: SCENARIO, scenario }], selectors: [], times: ['virtual'], settings }
}

/** Which trace it was, wherever it lies: a run is not resumed with another. */
async function fingerprintOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex').slice(0, FINGERPRINT_DIGITS)
}

/** `code=0,conv=1`. Throws `UsageError`. */
function readClasses(text: string): Map<string, number> {
  const classes = new Map<string, number>()
  for (const piece of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name, priority] = /^(.+)=(-?\d+)$/.exec(piece) ?? []
    if (name === undefined)
      throw new UsageError(`--classes takes NAME=PRIORITY, as in code=0,conv=1, not '${piece.trim()}'`)
    if (classes.has(name)) throw new UsageError(`--classes names '${name}' twice: keep one`)
    classes.set(name, Number(priority))
  }
  if (classes.size === 0)
    throw new UsageError('--classes names no class: write NAME=PRIORITY, as in code=0,conv=1')
  return classes
}

function allEqual({ classes }: TraceSurvey, terminal: Terminal): Map<string, number> {
  const odd = classes.find(({ name }) => name.includes(','))
  if (odd !== undefined) throw new UsageError(`The class '${odd.name}' has a comma: rename it in the trace`)
  if (classes.length > 1) {
    const example = classes.slice(0, HINTED).map(({ name }, index) => `${name}=${index}`)
    const more = classes.length > HINTED ? ',...' : ''
    terminal.err(`All classes have priority 0. To tell them apart: --classes '${example.join(',')}${more}'\n`)
  }
  return new Map(classes.map(({ name }) => [name, 0]))
}

function settingsOf(
  args: Arguments,
  trace: string,
  classes: ReadonlyMap<string, number>,
  fingerprint: string,
): string[] {
  const settings = {
    trace,
    fingerprint,
    classes: [...classes].map(([name, priority]) => `${name}=${priority}`).join(','),
    format: args.format ?? 'auto',
    columns: args.columns,
    speed: args.speed,
    slice: args.slice,
    declared: !args.undeclared,
  }
  return Object.entries(settings).map(([key, value]) => `${SCENARIO}.${key}=${value}`)
}

function describe(trace: string, { rows, classes, spanNs, load }: TraceSurvey): string {
  const jobs = (count: number) => formatValue(count, 'count')
  const shares = classes.slice(0, HINTED).map(({ name, rows: own }) => `${name} ${jobs(own)}`)
  const more = classes.length > HINTED ? `, and ${classes.length - HINTED} more` : ''
  const over =
    spanNs > 0 ? ` over ${formatDuration(spanNs)}, load ${load.toFixed(2)} of one server` : ' at once'
  return `${trace}: ${jobs(rows)} jobs${over}; classes: ${shares.join(', ')}${more}\n`
}
