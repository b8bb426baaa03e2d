import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { check } from '../../harness/commands/check.ts'
import type { Command, ConfigUse, Terminal } from '../../harness/commands/command.ts'
import { configured, withConfig } from '../../harness/commands/config-file.ts'
import { readMatrix } from '../../harness/commands/matrix-flags.ts'
import { replay } from '../../harness/commands/replay.ts'
import { run } from '../../harness/commands/run.ts'
import { readWorld } from '../../harness/commands/world-flags.ts'
import { configSchema, findConfig, readConfig } from '../../harness/config.ts'
import { planCells } from '../../harness/measure/plan.ts'

const base = mkdtempSync(join(tmpdir(), 'loopdyno-config-'))
const before = process.cwd()
let folder = ''
let made = 0
beforeEach(() => {
  folder = join(base, String(made++))
  mkdirSync(folder)
  process.chdir(folder)
})
afterEach(() => process.chdir(before))
afterAll(() => rmSync(base, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

const config = (text: string, name = 'loopdyno.config.ts') =>
  write(name, `import { defineConfig } from 'loopdyno'\nexport default defineConfig(${text})`)

const said: string[] = []
const terminal = { err: (text: string) => void said.push(text) } as unknown as Terminal
const argumentsOf = (command: Command, given = {}) => withConfig(command, given, terminal)

function commandFor(use: ConfigUse): Command {
  return { ...run, name: use, config: use, flags: { rounds: { type: 'number', describe: '', default: 20 } } }
}

describe('a config file', () => {
  test('in TypeScript is read, thresholds as shares', async () => {
    config(`{
      policies: ['fifo'] satisfies string[],
      set: { load: 0.9 },
      check: { alpha: 0.05, margin: '3%', rules: [{ metric: 'latency.*.p99', threshold: '5%', time: 'virtual' }] },
    }`)
    expect(await readConfig('loopdyno.config.ts')).toEqual({
      policies: ['fifo'],
      set: { load: 0.9 },
      check: {
        alpha: 0.05,
        margin: '3%',
        rules: [{ metric: 'latency.*.p99', level: 'error', threshold: 0.05, time: 'virtual' }],
      },
    })
  })

  test.each(['loopdyno.config.ts', 'loopdyno.config.js', 'loopdyno.config.mjs'])(
    'named %s is found',
    async (name) => {
      expect(findConfig('.')).toBeUndefined()
      config('{ rounds: 7 }', name)
      expect(await readConfig(findConfig('.')!)).toEqual({ rounds: 7 })
    },
  )

  test('may stand alone only', () => {
    config('{}')
    config('{}', 'loopdyno.config.mjs')
    expect(() => findConfig('.')).toThrow(
      'There are loopdyno.config.ts and loopdyno.config.mjs: keep one, or name one with --config',
    )
  })

  test.each([
    ["{ polices: ['fifo'] }", "Unknown field 'polices' (did you mean 'policies'?): there are policies, "],
    [
      '{ check: { aplha: 0.1 } }',
      "Unknown field 'check.aplha' (did you mean 'alpha'?): there are baseline, ",
    ],
    [
      "{ check: { rules: [{ metric: 'a', treshold: '5%' }] } }",
      "Unknown field 'check.rules[0].treshold' (did you mean 'threshold'?): there are metric, ",
    ],
    ["{ policies: 'fifo' }", `'policies' is "fifo": expected a list of policies`],
    ['{ policies: [] }', "'policies' is []: expected a list of policies"],
    ['{ policies: [7] }', "'policies[0]' is 7: expected text: one of the policies"],
    ["{ times: ['virtul'] }", `'times[0]' is "virtul": expected one of real, virtual`],
    ["{ selectors: ['kqueue'] }", `'selectors[0]' is "kqueue": expected one of `],
    ['{ rounds: 0 }', "'rounds' is 0: expected a whole number from 1 to 10000"],
    ['{ rounds: 2.5 }', "'rounds' is 2.5: expected a whole number from 1 to 10000"],
    ['{ seed: NaN }', "'seed' is NaN: expected a whole number from 0 to 2147483647"],
    ["{ timeout: '60' }", `'timeout' is "60": expected a whole number from 1 to 86400`],
    ['{ set: { load: [1] } }', "'set.load' is [1]: expected text, a number or true or false"],
    ["{ world: { latncy: '1ms' } }", "'world' has no option 'latncy' (did you mean 'latency'?)"],
    ['{ world: { latency: true } }', "'world': option 'latency' does not take 'true'"],
    ['{ check: { alpha: 1 } }', "'check.alpha' is 1: expected a chance above 0 and below 1"],
    ['{ check: { margin: 0.03 } }', "'check.margin' is 0.03: expected a percentage such as '5%'"],
    ["{ check: { exact: 'yes' } }", `'check.exact' is "yes": expected true or false`],
    ['{ check: { warmupMs: -1 } }', "'check.warmupMs' is -1: expected a number of ms from 0 on"],
    ['{ check: { rules: [{}] } }', "'check.rules[0].metric' is missing: expected the name of a metric"],
    [
      "{ check: { rules: [{ metric: 'wake*', threshold: '5%' }] } }",
      `'check.rules[0].metric' is "wake*": expected the name of a metric, * for whole parts`,
    ],
    [
      "{ check: { rules: [{ metric: 'a', threshold: 0.05 }] } }",
      "'check.rules[0].threshold' is 0.05: expected a percentage such as '5%'",
    ],
    [
      "{ check: { rules: [{ metric: 'a' }] } }",
      "'check.rules[0].threshold' is missing: expected a percentage such as '5%', or level: 'off'",
    ],
    [
      "{ check: { rules: [{ metric: 'a', level: 'fatal', threshold: '5%' }] } }",
      `'check.rules[0].level' is "fatal": expected one of off, warn, error`,
    ],
    ['7', 'the default export is 7: expected object'],
    ['(() => ({}))', 'the default export is a function: expected object'],
  ])('that says %s is refused with file, field and what it takes', async (text, message) => {
    const name = write('mine.config.ts', `export default ${text}`)
    const failure = readConfig(name)
    await expect(failure).rejects.toMatchObject({ name: 'UsageError' })
    await expect(failure).rejects.toThrow(`mine.config.ts: ${message}`)
  })

  test.each([
    [
      'lacks its default export',
      'export const rounds = 7',
      'has no default export: write export default defineConfig(',
    ],
    ['does not parse', 'export default {', 'cannot be loaded: '],
    ['throws', "throw new Error('not today')", 'cannot be loaded: not today'],
  ])('that %s is refused with the reason', async (_, text, message) => {
    write('bad.config.ts', text)
    await expect(readConfig('bad.config.ts')).rejects.toThrow(`Config file 'bad.config.ts' ${message}`)
  })

  test('that is not there, or is a folder, is refused', async () => {
    await expect(readConfig('no.ts')).rejects.toThrow(
      `Config file 'no.ts' does not exist: looked for ${join(process.cwd(), 'no.ts')}`,
    )
    await expect(readConfig('.')).rejects.toThrow("Config file '.' is a folder")
  })
})

describe('a command is called', () => {
  test('with the defaults of its flags where there is no config', async () => {
    expect(await argumentsOf(run, { seed: 5 })).toMatchObject({ rounds: 3, seed: 5, out: 'loopdyno-report' })
    expect(await argumentsOf(replay)).toMatchObject({ rounds: 1, timeout: 600 })
  })

  test('with what the command line says before what the config says before defaults', async () => {
    config("{ rounds: 7, seed: 8, policies: ['edf', 'lifo'], reporters: ['json'] }")
    const args = await argumentsOf(run, { seed: 5 })
    expect(args).toMatchObject({
      rounds: 7,
      seed: 5,
      policy: ['edf', 'lifo'],
      reporter: ['json'],
      timeout: 60,
    })
    expect(said.at(-1)).toBe('Settings are those of loopdyno.config.ts, where no flag says otherwise\n')
  })

  test('with the config that is named, or with none', async () => {
    config('{ rounds: 7 }')
    config('{ rounds: 9 }', 'other.ts')
    expect(await argumentsOf(run, { config: 'other.ts' })).toMatchObject({ rounds: 9 })
    expect(await argumentsOf(run, { config: false })).toMatchObject({ rounds: 3 })
  })

  test('without a config where it takes none', async () => {
    config('{ rounds: 7 }')
    expect(await argumentsOf({ ...run, config: undefined })).toMatchObject({ rounds: 3 })
  })

  test('replay with its own rounds and time limit all the same', async () => {
    config("{ rounds: 7, timeout: 9, policies: ['edf'], scenarios: ['gather'] }")
    const args = await argumentsOf(replay)
    expect(args).toMatchObject({ rounds: 1, timeout: 600, policy: ['edf'] })
    expect(args.scenario).toBeUndefined()
  })

  test('a check with what the config says of checks, and not with the rounds of a run', async () => {
    config(`{ rounds: 2, seed: 4, check: { baseline: 'b.json', alpha: 0.01, margin: '2%', exact: false,
      virtualRounds: 3, failOnInconclusive: true, warmupMs: 5, windowMs: 6, rules: [{ metric: 'cpu.perOp', level: 'off' }] } }`)
    const args = await argumentsOf(commandFor('check'))
    expect(args).toMatchObject({ rounds: 20, seed: 4, baseline: 'b.json', alpha: 0.01, margin: '2%' })
    expect(args).toMatchObject({ exact: false, 'warmup-ms': 5, 'window-ms': 6 })
    expect(args).toMatchObject({ 'virtual-rounds': 3, 'fail-on-inconclusive': true })
    expect(configured(args).rules).toEqual([{ metric: 'cpu.perOp', level: 'off', threshold: 0 }])
    config('{ rounds: 2, check: { rounds: 30 } }', 'more.ts')
    expect(await argumentsOf(commandFor('check'), { config: 'more.ts' })).toMatchObject({ rounds: 30 })
    expect(await argumentsOf(run, { config: 'more.ts' })).toMatchObject({ rounds: 2 })
  })
})

test('every field that a config has for checks is a flag of check', () => {
  const { rules: _, ...fields } = configSchema.shape.check.unwrap().shape
  const flags = Object.keys(fields).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  )
  expect(Object.keys(check.flags)).toEqual(expect.arrayContaining(flags))
})

describe('paths in a config', () => {
  const TEXT = `{ policies: ['fifo,./mine.ts:a=1', 'timing:inner=./mine.ts', '/abs/p.ts', '../up.ts'],
    scenarios: ['pipeline', './s.ts'], reporters: ['json', './r.ts'], out: 'report', check: { baseline: './b.json' } }`

  test('start from its folder', async () => {
    mkdirSync(join(folder, 'ci'))
    config(TEXT, 'ci/loopdyno.config.ts')
    expect(await argumentsOf(commandFor('check'), { config: 'ci/loopdyno.config.ts' })).toMatchObject({
      policy: ['fifo', './ci/mine.ts:a=1', 'timing:inner=./ci/mine.ts', '/abs/p.ts', './up.ts'],
      scenario: ['pipeline', './ci/s.ts'],
      reporter: ['json', './ci/r.ts'],
      out: './ci/report',
      baseline: './ci/b.json',
    })
  })

  test('stay as they are written where that is where we are: policies are known by them', async () => {
    config(TEXT)
    expect(await argumentsOf(commandFor('check'))).toMatchObject({
      policy: ['fifo,./mine.ts:a=1', 'timing:inner=./mine.ts', '/abs/p.ts', '../up.ts'],
      baseline: './b.json',
    })
  })
})

describe('what a config sets', () => {
  const itemsOf = async (given: object) => {
    const cells = planCells(await readMatrix(await argumentsOf(run, given)))
    return cells.map(({ cell }) => cell.params.items)
  }

  test('holds for the scenarios it names, and gives way to --set', async () => {
    config("{ policies: ['fifo'], scenarios: ['pipeline'], set: { 'pipeline.items': 20 } }")
    expect(await itemsOf({})).toEqual([20])
    expect(await itemsOf({ set: ['items=30'] })).toEqual([30])
  })

  test('gives way where the command line names other scenarios', async () => {
    config("{ policies: ['fifo'], scenarios: ['pipeline'], set: { 'pipeline.items': 20 } }")
    expect(await itemsOf({ scenario: ['gather'] })).toEqual([undefined])
    expect(await itemsOf({ scenario: ['gather', 'pipeline'] })).toEqual([undefined, 20])
  })

  test('is a mistake where no scenario of the config takes it', async () => {
    config("{ policies: ['fifo'], scenarios: ['pipeline'], set: { itms: 20 } }")
    await expect(itemsOf({})).rejects.toThrow("No parameter 'itms' in pipeline (did you mean 'items'?)")
  })

  test('of the world holds in virtual time, gives way to --world, and is no mistake in real time', async () => {
    config("{ policies: ['fifo'], scenarios: ['pipeline'], world: { latency: '1ms', threads: 2 } }")
    const worldText = async (given: object) => {
      const args = await argumentsOf(run, given)
      return (await readWorld(args, planCells(await readMatrix(args)), terminal)).text
    }
    expect(await worldText({ time: 'virtual' })).toBe('latency=1ms threads=2')
    expect(await worldText({ time: 'virtual', world: ['latency=2ms'] })).toBe('latency=2ms threads=2')
    expect(await worldText({ time: 'real' })).toBe('')
    await expect(worldText({ time: 'real', world: ['latency=2ms'] })).rejects.toThrow('add --time virtual')
  })
})
