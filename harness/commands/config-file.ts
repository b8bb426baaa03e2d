/** What a command is called with: flags as given, else as the config file has them, else their defaults. */
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { findConfig, type ReadConfig, readConfig } from '../config.ts'
import type { Rule } from '../records.ts'
import { isPath, parseSpec, splitSpecs } from '../spec.ts'
import type { Arguments, Command, ConfigUse, Flag, Terminal } from './command.ts'

export const CONFIG_FLAG: Readonly<Record<string, Flag>> = {
  config: {
    type: 'string',
    describe:
      'Settings that flags override (default: loopdyno.config.ts, where there is one; none: --no-config)',
  },
}

/** The flags that fields of a config stand for, and those of its `check`. */
const FLAGS = {
  policies: 'policy',
  scenarios: 'scenario',
  selectors: 'selector',
  times: 'time',
  rounds: 'rounds',
  seed: 'seed',
  timeout: 'timeout',
  out: 'out',
  reporters: 'reporter',
} as const
const CHECK_FLAGS = {
  baseline: 'baseline',
  rounds: 'rounds',
  virtualRounds: 'virtual-rounds',
  alpha: 'alpha',
  margin: 'margin',
  exact: 'exact',
  confirm: 'confirm',
  warmupMs: 'warmup-ms',
  windowMs: 'window-ms',
  control: 'control',
  failOnInconclusive: 'fail-on-inconclusive',
} as const

type Field = keyof typeof FLAGS

/** Fields that a kind of command leaves alone, having other needs than `run`. */
const IGNORED: Readonly<Record<ConfigUse, readonly Field[]>> = {
  run: [],
  // A trace is the same in every round, and may take long.
  replay: ['scenarios', 'selectors', 'times', 'rounds', 'timeout'],
  // As many rounds as look well are too few for a test.
  check: ['rounds'],
  calibrate: ['rounds'],
}

/** What a config says that gives way where it does not fit, which a flag must not; and where it is. */
export interface Configured {
  /** Absent: there is none. */
  readonly path?: string
  readonly policies?: readonly string[] | undefined
  /** Parameters of scenarios, by `key` or `scenario.key`. */
  readonly set: NonNullable<ReadConfig['set']>
  /** Those that `set` is for; absent: the default ones. */
  readonly scenarios: readonly string[] | undefined
  /** As `--world` takes them. */
  readonly world: readonly string[]
  readonly rules: readonly Rule[]
}

const NOTHING: Configured = { set: {}, scenarios: undefined, world: [], rules: [] }

/** The part of a config that is no flag. */
export function configured(args: Arguments): Configured {
  return (args.configured as Configured | undefined) ?? NOTHING
}

/** What the command line itself says, and neither a config file nor a default. */
export function given(args: Arguments): Arguments {
  return (args.given as Arguments | undefined) ?? {}
}

/** The flags that a command takes. */
export function flagsOf({ flags, config }: Command): Readonly<Record<string, Flag>> {
  return config === undefined ? flags : { ...flags, ...CONFIG_FLAG }
}

/** `said` holds what the command line says and nothing else. Throws `UsageError`. */
export async function withConfig(command: Command, said: Arguments, terminal: Terminal): Promise<Arguments> {
  const defaults = Object.entries(command.flags).map(([name, flag]) => [name, flag.default])
  return {
    ...Object.fromEntries(defaults),
    ...(await configArguments(command.config, said, terminal)),
    ...said,
    given: said,
  }
}

async function configArguments(
  use: ConfigUse | undefined,
  said: Arguments,
  terminal: Terminal,
): Promise<Arguments> {
  if (use === undefined || said.config === false) return {} // --no-config
  const path = said.config === undefined ? findConfig('.') : String(said.config)
  if (path === undefined) return {}
  const config = await readFrom(path)
  terminal.err(`Settings are those of ${path}, where no flag says otherwise\n`)
  const fields = Object.keys(FLAGS).filter((field) => !IGNORED[use].includes(field as Field))
  return {
    ...named(config, FLAGS, fields as Field[]),
    ...(use === 'check' ? named(config.check ?? {}, CHECK_FLAGS) : {}),
    // Its own rounds are the pairs that it measures.
    ...(use === 'calibrate' ? named(config.check ?? {}, { ...CHECK_FLAGS, rounds: 'check-rounds' }) : {}),
    configured: configuredBy(config, path),
  }
}

/** What a config says that lies elsewhere, as if it lay at `path`. Throws `UsageError`. */
export async function readConfigured(elsewhere: string, path: string): Promise<Configured> {
  return configuredBy(await readFrom(elsewhere, path), path)
}

async function readFrom(file: string, path = file): Promise<ReadConfig> {
  return inWorkingDirectory(await readConfig(file), dirname(path))
}

function configuredBy(config: ReadConfig, path: string): Configured {
  return {
    path,
    policies: config.policies,
    set: config.set ?? {},
    scenarios: config.scenarios,
    world: Object.entries(config.world ?? {}).map(([name, value]) => `${name}=${value}`),
    rules: config.check?.rules ?? [],
  }
}

/** Fields by the names of their flags; what is absent stays absent. */
function named<K extends string>(
  fields: Readonly<Partial<Record<NoInfer<K>, unknown>>>,
  flags: Readonly<Record<K, string>>,
  among = Object.keys(flags) as K[],
): Arguments {
  const said = among.filter((field) => fields[field] !== undefined)
  return Object.fromEntries(said.map((field) => [flags[field], fields[field]]))
}

/** Relative paths start from the folder of the config: they are made to start from where we are. */
function inWorkingDirectory(config: ReadConfig, folder: string): ReadConfig {
  const from = relative(process.cwd(), resolve(folder))
  // Labels of policies are what is written here: they change only where they must.
  if (from === '') return config
  const moved = (path: string) => movedPath(path, from)
  const movedNames = (names: readonly string[] | undefined) =>
    names?.map((name) => (isPath(name) ? moved(name) : name))
  const { policies, scenarios, reporters, out, check } = config
  return {
    ...config,
    policies: policies && splitSpecs(policies).map((text) => movedPolicy(text, from)),
    scenarios: movedNames(scenarios),
    reporters: movedNames(reporters),
    out: out && moved(out),
    check: check && { ...check, baseline: check.baseline && moved(check.baseline) },
  }
}

function movedPath(path: string, from: string): string {
  if (isAbsolute(path)) return path
  const joined = join(from, path)
  return joined.startsWith('.') ? joined : `./${joined}`
}

/** Its own path, and that of a policy it wraps. */
function movedPolicy(text: string, from: string): string {
  const { name } = parseSpec(text)
  const options = text
    .slice(name.length)
    .replace(/(?<=[:,]inner=)[^:,]+/, (inner) => (isPath(inner) ? movedPath(inner, from) : inner))
  return (isPath(name) ? movedPath(name, from) : name) + options
}
