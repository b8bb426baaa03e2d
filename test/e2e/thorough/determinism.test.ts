import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { builtinNames } from '../../../harness/catalog.ts'
import { quickVirtualScenarios } from '../../scenarios/quick-sizes.ts'
import { Invocation, loopdyno } from '../cli.ts'
import { fixture, parseSummary, readLines, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const GATHER = ['-s', 'gather', '--set', 'tasks=60', '--set', 'minMs=1', '--set', 'maxMs=20']

interface Said {
  readonly kinds: readonly string[]
  readonly messages: readonly string[]
  readonly status: string
  readonly reason: string | undefined
  readonly stderr: string
  readonly code: number | null
}

/** One virtual cell: what is said of it. */
async function cell(out: string, args: readonly string[]): Promise<Said> {
  const all = ['run', '--time', 'virtual', '--rounds', '1', '--json', '--reporter', 'json', '--out', out]
  const { code, stdout, stderr } = await loopdyno([...all, ...args], { cwd: folder })
  const { findings, status, reason } = parseSummary(stdout).cells[0]!
  const kinds = findings.map(({ kind }) => kind)
  return { kinds, messages: findings.map(({ message }) => message), status, reason, stderr, code }
}

/** What each plug-in calls that is not the same in every process, and how it is named. */
const CALLERS: readonly (readonly [name: string, kind: 'policy' | 'scenario', named: RegExp])[] = [
  [
    'wall-clock',
    'policy',
    /^policy code reads the wall clock: Date\.now at \S*wall-clock\.ts:19; take the time from env\.clock/,
  ],
  [
    'math-random',
    'policy',
    /^policy code draws numbers .*: Math\.random at \S*math-random\.ts:19; draw from env\.random/,
  ],
  ['random-keys', 'policy', /^policy code draws numbers .*: crypto\.randomUUID at \S*random-keys\.ts:20;/],
  ['reads-file', 'scenario', /^scenario code does real I\/O: fs\.readFileSync at \S*reads-file\.ts:15;/],
  ['real-timer', 'scenario', /^scenario code uses a timer of real time: setTimeout at \S*real-timer\.ts:11;/],
]

function argsOf(name: string, kind: 'policy' | 'scenario'): string[] {
  return kind === 'policy' ? ['-p', fixture(name), ...GATHER] : ['-p', 'fifo', '-s', fixture(name)]
}

describe('what is not the same in every process', { timeout: 60_000 }, () => {
  test.concurrent.each(CALLERS)('is named with its place: %s', async (name, kind, named) => {
    const { messages, kinds, status, reason, code } = await cell(name, argsOf(name, kind))
    expect(messages[0]).toMatch(named)
    expect([kinds[0], status, reason, code]).toEqual(['nondeterministic', 'failed', messages[0], 4])
  })

  test.concurrent('is no matter in real time', async () => {
    const all = ['run', '--time', 'real', '--rounds', '1', '--json', '--reporter', 'json', '--out', 'real']
    const { code, stdout } = await loopdyno([...all, '-p', fixture('wall-clock'), ...GATHER], { cwd: folder })
    expect([parseSummary(stdout).cells[0]!.findings, code]).toEqual([[], 0])
  })

  test.concurrent('is named for a library that a policy loads as well', async () => {
    const { messages } = await cell('library', argsOf('asks-library', 'policy'))
    expect(messages[0]).toMatch(
      /^policy code reads the wall clock: process\.hrtime\.bigint at \S*chronos\.ts:3;/,
    )
  })
})

describe('--verify', { timeout: 90_000 }, () => {
  test.concurrent('shows the first event that differs, of both runs', async () => {
    const { kinds, reason, stderr, code } = await cell('by-process', [
      ...argsOf('by-process', 'policy'),
      '--verify',
    ])
    expect([kinds, code]).toEqual([['nondeterministic'], 4])
    expect(reason).toMatch(
      /event [\d,]+: first run: host 0 at [\d.]+ \S?s '\w+' \(handle \d+, ran for .*\); second run: host 0 at /,
    )
    expect(stderr).toContain(`gather · ${fixture('by-process')} · round 1: ${reason}\n`)
    expect(stderr).toContain(
      'Verified: 1 virtual round, each run twice, in different processes, 1 difference\n',
    )
  })

  test.concurrent('shows it beside the call that was caught', async () => {
    const { kinds, messages } = await cell('both', [...argsOf('math-random', 'policy'), '--verify'])
    expect([kinds, messages.at(-1)]).toEqual([
      ['nondeterministic', 'nondeterministic'],
      expect.stringMatching(/^two runs with the same seed differ: event /),
    ])
  })

  test.concurrent('shows a figure that differs where all events are the same', async () => {
    const { reason, code } = await cell('metric', [...argsOf('process-in-metric', 'scenario'), '--verify'])
    expect(reason).toMatch(/differ: metric 'pid': (\d+) in the first run, (?!\1 )\d+ in the second run$/)
    expect(code).toBe(4)
  })

  test.concurrent('shows what is kept from one run to the next in a process', async () => {
    const args = [...argsOf('keeps-state', 'scenario'), '--verify', '--repeats', '18']
    const { reason } = await cell('state', args)
    expect(reason).toMatch(
      /first run: host 0 at 1 ms .*; run \d+: host 0 at 2 ms .*kept from one run to the next/,
    )
  })

  test.concurrent('finds lost handles in both runs, and no difference', async () => {
    const { kinds, reason, stderr } = await cell('lost', [...argsOf('loses-handles', 'policy'), '--verify'])
    expect([kinds, reason]).toEqual([['lost'], expect.stringMatching(/^lost \d+ of \d+ ready handles$/)])
    expect(stderr).toContain('twice, in different processes, 0 differences\n')
  })

  test.concurrent('has nothing to say of what is honest, in as many runs as are asked for', async () => {
    const args = [...argsOf('honest', 'scenario'), '--verify', '--repeats', '40']
    const { kinds, status, stderr, code } = await cell('honest', args)
    expect([kinds, status, code]).toEqual([[], 'ok', 0])
    expect(stderr).toContain(
      'Verified: 1 virtual round, each run 40 times, in different processes, 0 differences',
    )
    expect(readLines(join(folder, 'honest')).rounds[0]!.verification).toEqual({ runs: 40, agree: true })
  })

  test.concurrent('gives the records that the run gives without it', async () => {
    await cell('plain', argsOf('honest', 'scenario'))
    await cell('verified', [...argsOf('honest', 'scenario'), '--verify'])
    const [plain, verified] = ['plain', 'verified'].map((out) => readLines(join(folder, out)).rounds[0]!)
    expect(verified).toEqual({ ...plain, tookNs: verified!.tookNs, verification: { runs: 2, agree: true } })
  })

  test.concurrent('of a finished run runs again what was not verified', async () => {
    const args = [...argsOf('honest', 'scenario')]
    await cell('later', args)
    for (const [flags, runs] of [
      [['--verify'], 2],
      [['--verify', '--repeats', '3'], 3],
      [['--verify'], 3], // three are more than two: nothing is run
    ] as const) {
      const { stderr } = await cell('later', [...args, ...flags, '--resume'])
      const { rounds } = readLines(join(folder, 'later'))
      expect([rounds.length, rounds.at(-1)!.verification]).toEqual([runs, { runs, agree: true }])
      expect(stderr).toContain('Verified: 1 virtual round, ')
    }
  })

  test.concurrent.each<[string, string[], RegExp]>([
    ['a run without virtual cells', ['--time', 'real', '--verify'], /--verify .*: add --time virtual/],
    ['repeats without --verify', ['--time', 'virtual', '--repeats', '5'], /--repeats goes with --verify/],
    [
      'a single run',
      ['--time', 'virtual', '--verify', '--repeats', '1'],
      /--repeats takes a whole number from 2/,
    ],
  ])('refuses %s', async (name, flags, message) => {
    const args = ['run', '-p', 'fifo', '-s', 'gather', '--out', name, ...flags]
    const { code, stderr } = await loopdyno(args, { cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  test.concurrent('says that it leaves real cells alone', async () => {
    const args = ['run', '-p', 'fifo', ...GATHER, '--time', 'real,virtual', '--rounds', '1', '--verify']
    const { code, stderr } = await loopdyno([...args, '--reporter', 'json', '--out', 'two'], { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Cells in real time are not verified/)])
    const verified = readLines(join(folder, 'two')).rounds.map((round) => round.verification !== undefined)
    expect(verified.sort()).toEqual([false, true])
  })
})

describe('--verify leaves nothing behind', { timeout: 90_000 }, () => {
  // Of its own, so that no other test's logs are counted.
  const env = { TMPDIR: temporaryFolder() }

  test('when it has ended, and when a signal has ended it', async () => {
    expect(env.TMPDIR.startsWith(tmpdir())).toBe(true)
    const args = ['run', '-p', 'fifo', ...GATHER, '--time', 'virtual', '--rounds', '1', '--reporter', 'json']
    const all = [...args, '--verify', '--repeats', '5000', '--out', 'cut']
    const run = new Invocation(all, { cwd: folder, env })
    await run.until('logs were kept', () => logsIn(env.TMPDIR).length > 0)
    run.signal('SIGINT')
    expect((await run.ended).code).toBe(130)
    await run.gone()
    expect(logsIn(env.TMPDIR)).toEqual([])
    expect(readLines(join(folder, 'cut')).rounds).toEqual([])
    const whole = await loopdyno([...args, '--verify', '--out', 'whole'], { cwd: folder, env })
    expect([whole.code, logsIn(env.TMPDIR)]).toEqual([0, []])
  })
})

function logsIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('loopdyno-verify-'))
}

const quick = await quickVirtualScenarios()

const policies = builtinNames('policy').filter((name) => name !== 'node')

describe('the built-in plug-ins repeat', { timeout: 180_000 }, () => {
  test.each([
    ['every scenario', quick, ['fifo']],
    ['every policy', quick.filter(({ name }) => name === 'http-server'), policies],
  ])('in different processes: %s', async (name, ofScenarios, ofPolicies) => {
    const names = ofScenarios.map((each) => each.name)
    const set = ofScenarios.flatMap(({ name: scenario, sizes }) =>
      Object.entries(sizes).flatMap(([key, value]) => ['--set', `${scenario}.${key}=${value}`]),
    )
    const matrix = ['-s', names.join(','), '-p', ofPolicies.join(','), '--time', 'virtual', ...set]
    const options = ['--rounds', '1', '--json', '--reporter', 'json', '--out', name, '--verify']
    const run = await loopdyno(['run', ...matrix, ...options], { cwd: folder, timeLimitMs: 170_000 })
    const { cells } = parseSummary(run.stdout)
    expect(cells).toHaveLength(ofScenarios.length * ofPolicies.length)
    const faulty = cells.filter((each) => each.findings.some(({ kind }) => kind === 'nondeterministic'))
    expect(faulty).toEqual([])
    expect(cells.filter(({ status }) => status === 'ok').length).toBeGreaterThan(1)
    expect(run.stderr).toContain(`Verified: ${cells.length} virtual rounds, each run twice`)
  })
})
