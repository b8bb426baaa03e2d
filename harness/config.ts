/** `loopdyno.config.ts`: what a project says once, in place of flags on every command line. */
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { importUserFile } from './catalog.ts'
import { messageOf, UsageError } from './errors.ts'
import { type Rule, ruleSchema } from './records.ts'
import { REAL_SELECTORS } from './selectors/registry.ts'
import { parseSettings } from './settings.ts'
import { didYouMean } from './suggest.ts'
import { checkPattern, parseShare } from './verdict/rules.ts'
import { worldModel } from './world/model.ts'

const CONFIG_FILES = ['loopdyno.config.ts', 'loopdyno.config.js', 'loopdyno.config.mjs']

/** What flags of the same name take. */
export const BOUNDS = { rounds: [1, 10_000], seed: [0, 2 ** 31 - 1], timeout: [1, 86_400] } as const

function whole([low, high]: readonly [number, number]) {
  const error = `expected a whole number from ${low} to ${high}`
  return z.int(error).min(low, error).max(high, error)
}

function texts(what: string) {
  const error = `expected a list of ${what}`
  return z.array(z.string(`expected text: one of the ${what}`), error).min(1, error)
}

function oneOf<T extends string>(values: readonly T[]) {
  return z.enum(values, `expected one of ${values.join(', ')}`)
}

const value = z.union([z.string(), z.number(), z.boolean()], 'expected text, a number or true or false')
const settings = z.record(z.string(), value, 'expected an object: { load: 0.9 }')
const flag = z.boolean('expected true or false')
const milliseconds = z.number('expected a number of ms').min(0, 'expected a number of ms from 0 on')
const chance = 'expected a chance above 0 and below 1, such as 0.05'

/** Checked here, and left as it was written. */
function written(check: (text: string) => unknown, expected: string) {
  return z.string(expected).refine((text) => isSound(check, text), expected)
}

function isSound(check: (text: string) => unknown, text: string): boolean {
  try {
    check(text)
    return true
  } catch {
    return false
  }
}

const percentage = written((text) => parseShare(text, ''), "expected a percentage such as '5%'")
const pattern = written((text) => checkPattern(text, ''), 'expected the name of a metric, * for whole parts')

const rule = z
  .strictObject({
    metric: pattern.describe("a metric's name, * in place of whole parts: latency.*.p99"),
    level: oneOf(ruleSchema.shape.level.options)
      .default('error')
      .describe('error decides the verdict, warn is shown, off is reported only'),
    threshold: percentage.optional().describe("from how much worse on: '5%'; may be left out where off"),
    time: oneOf(['real', 'virtual']).optional().describe('in which time (default: in both)'),
    pairs: oneOf(['together', 'apart'])
      .optional()
      .describe('whether both sides run at once or one after the other, in real time'),
  })
  .refine(({ level, threshold }) => level === 'off' || threshold !== undefined, {
    path: ['threshold'],
    error: "expected a percentage such as '5%', or level: 'off'",
  })
  .transform(
    ({ threshold, ...rest }): Rule => ({
      ...rest,
      threshold: threshold === undefined ? 0 : parseShare(threshold, 'threshold'),
    }),
  )

const check = z.strictObject({
  baseline: z.string('expected a path').describe('the file of the baseline').optional(),
  rounds: whole(BOUNDS.rounds).describe('rounds of each side of a cell in real time').optional(),
  virtualRounds: whole(BOUNDS.rounds)
    .describe('rounds of a cell in virtual time, each with another seed')
    .optional(),
  alpha: z
    .number(chance)
    .gt(0, chance)
    .lt(1, chance)
    .describe('chance of a false alarm in a whole check')
    .optional(),
  margin: percentage.describe("a slowdown up to this is not looked for: '3%'").optional(),
  exact: flag.describe('any difference in virtual time fails').optional(),
  confirm: flag.describe('look again, in fresh rounds, at what seems worse').optional(),
  warmupMs: milliseconds
    .describe('how long a round warms up, where the scenario leaves that open')
    .optional(),
  windowMs: milliseconds.describe('how long it measures').optional(),
  control: flag.describe('run a cell that the change cannot touch').optional(),
  failOnInconclusive: flag.describe('exit with 3 where a cell is too noisy to be told').optional(),
  rules: z
    .array(rule, 'expected a list of rules')
    .describe('what decides; the last that matches, after our own')
    .optional(),
})

export const configSchema = z.strictObject({
  policies: texts('policies').describe('names or paths, with options: priority:aging=50ms').optional(),
  scenarios: texts('scenarios').describe('names or paths').optional(),
  selectors: z
    .array(oneOf(REAL_SELECTORS), 'expected a list of selectors')
    .describe('how loops wait')
    .optional(),
  times: z
    .array(oneOf(['real', 'virtual']), "expected a list: ['virtual']")
    .describe('real, virtual or both')
    .optional(),
  set: settings.describe("scenario parameters: { load: 0.9, 'http-server.load': 0.8 }").optional(),
  rounds: whole(BOUNDS.rounds).describe('rounds of each cell of run').optional(),
  seed: whole(BOUNDS.seed).describe('seed of all randomness').optional(),
  timeout: whole(BOUNDS.timeout).describe('seconds a round may take').optional(),
  out: z.string('expected a path').describe('the folder for records, report and charts').optional(),
  reporters: texts('reporters').describe('reports to make: names or paths').optional(),
  world: settings.describe("links, threads and files in virtual time: { latency: '200us' }").optional(),
  check: check.describe('what checks do').optional(),
})

/** What a person writes. */
export type Config = z.input<typeof configSchema>
/** What it comes to: thresholds are shares. */
export type ReadConfig = z.output<typeof configSchema>

/** The config file of a folder, if it has one. Throws `UsageError` where it has several. */
export function findConfig(folder: string): string | undefined {
  const found = CONFIG_FILES.filter((name) => existsSync(join(folder, name)))
  if (found.length > 1)
    throw new UsageError(`There are ${found.join(' and ')}: keep one, or name one with --config`)
  return found[0] === undefined ? undefined : join(folder, found[0])
}

/** Throws `UsageError` that names the file, the field and what it takes. */
export async function readConfig(path: string): Promise<ReadConfig> {
  const given = await load(path)
  const parsed = configSchema.safeParse(given)
  if (!parsed.success) throw new UsageError(`${path}: ${explain(parsed.error.issues[0]!, given)}`)
  checkWorld(parsed.data.world ?? {}, path)
  return parsed.data
}

async function load(path: string): Promise<unknown> {
  const absolute = resolve(path)
  if (!existsSync(absolute))
    throw new UsageError(`Config file '${path}' does not exist: looked for ${absolute}`)
  if (statSync(absolute).isDirectory())
    throw new UsageError(`Config file '${path}' is a folder: name the file, ${join(path, CONFIG_FILES[0]!)}`)
  let module: Record<string, unknown>
  try {
    module = await importUserFile(absolute)
  } catch (error) {
    throw new UsageError(`Config file '${path}' cannot be loaded: ${messageOf(error).trim()}`)
  }
  if (module?.default !== undefined) return module.default
  throw new UsageError(
    `Config file '${path}' has no default export: write export default defineConfig({ ... })`,
  )
}

/** Costs may be `measured`, which is done when a run begins. */
function checkWorld(world: NonNullable<ReadConfig['world']>, path: string): void {
  const known = Object.entries(world).filter(([, value]) => value !== 'measured')
  parseSettings(
    worldModel,
    Object.fromEntries(known.map(([name, value]) => [name, String(value)])),
    `${path}: 'world'`,
  )
}

function explain(issue: z.core.$ZodIssue, given: unknown): string {
  if (issue.code === 'unrecognized_keys') return unknownKey(issue.keys[0]!, issue.path)
  const field = nameOf(issue.path)
  const said = issue.path.reduce(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  )
  const subject = field === '' ? 'the default export' : `'${field}'`
  const message = issue.message.replace(/^Invalid input: /, '').replace(/, received .*$/, '')
  return `${subject} is ${said === undefined ? 'missing' : shown(said)}: ${message}`
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = path[0] === undefined ? configSchema.shape : path[1] === undefined ? check.shape : RULE_FIELDS
  const names = Object.keys(known)
  const where = nameOf([...path, key])
  return `Unknown field '${where}'${didYouMean(key, names)}: there are ${names.join(', ')}`
}

const RULE_FIELDS = rule.in.shape

/** `check.rules[0].threshold`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}
