/** Checks at length: real time, signals, shards, config files, and every way in which each kind of check ends. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseBaseline } from '../../../harness/verdict/baseline-text.ts'
import type { CellVerdict } from '../../../harness/verdict/check-report.ts'
import { TestRepository } from '../../harness/git-repository.ts'
import {
  ALSO_FIFO,
  BRIEF,
  BROKEN,
  FIFO,
  interrupted,
  LIFO,
  readCheck,
  run,
  SMALL,
  writePolicy,
} from '../checks.ts'
import { Invocation } from '../cli.ts'
import { readLines, temporaryFolder } from '../folders.ts'

const REAL = `${SMALL} ${BRIEF}`

/** Committed as first come, first served; what is in the working tree is up to each test. */
function committed(more: Readonly<Record<string, string>> = {}): string {
  const repository = new TestRepository()
  repository.commit({ 'mine.ts': FIFO, ...more })
  return repository.root
}

/** Whether the folder for temporary files has a ref's. */
function checkedOut(temp: string): boolean {
  return readdirSync(temp).some((name) => existsSync(join(temp, name, 'tree', 'mine.ts')))
}

function cellsOf(folder: string, out = 'loopdyno-check'): CellVerdict[] {
  return readCheck(join(folder, out)).cells
}

describe('a check in real time', { timeout: 240_000 }, () => {
  test('against a git ref turns red where the new side is slowed down by a real busy-wait, and says so again', async () => {
    const cwd = committed()
    const command = `check --against HEAD -p ./mine.ts -s pipeline --set items=200 --time real --warmup-ms 50 --window-ms 150`
    const { code, stderr } = await run(`${command} -r 10 --inject 400% --no-control`, {
      cwd,
      timeLimitMs: 200_000,
    })
    const report = readCheck(join(cwd, 'loopdyno-check'))
    expect([code, report.verdict], report.headline + stderr).toEqual([1, 'regression'])
    expect(report.comparison.inject).toBe(4)
    expect(report.cells[0]!.metrics.find(({ metric }) => metric === 'cpu.perOp')).toMatchObject({
      verdict: 'regression',
      confirmed: true,
    })
    expect(stderr).toContain('looking again, in fresh rounds')
    // The arms of a pair stand side by side in the records, and fresh rounds have seeds of their own.
    const { rounds } = readLines(join(cwd, 'loopdyno-check'))
    const seeds = (stage: string | undefined) =>
      new Set(rounds.filter((each) => each.stage === stage).map(({ seed }) => seed))
    expect([...seeds('confirmation')].filter((seed) => seeds(undefined).has(seed))).toEqual([])
  })

  test('ends with 0 where too few rounds tell nothing, and with 3 where that is asked for', async () => {
    const cwd = temporaryFolder()
    writePolicy(cwd, FIFO)
    const saved = await run(`baseline save -p ./mine.ts,fifo ${REAL} -r 2`, { cwd })
    expect(saved.code, saved.stderr).toBe(0)
    const tolerant = await run('check --reporter json -p fifo', { cwd })
    expect([tolerant.code, readCheck(join(cwd, 'loopdyno-check')).verdict]).toEqual([0, 'inconclusive'])
    const strict = await run('check --reporter json -p fifo --fail-on-inconclusive --json', { cwd })
    expect([strict.code, JSON.parse(strict.stdout)]).toEqual([3, readCheck(join(cwd, 'loopdyno-check'))])
    const again = await run('report loopdyno-check --reporter json --fail-on-inconclusive', { cwd })
    expect(again.code).toBe(3)
    const compared = await run(
      `compare -p fifo,./mine.ts ${REAL} -r 2 --fail-on-inconclusive --reporter json --out policies`,
      { cwd },
    )
    expect(compared.code, compared.stderr).toBe(3)
    // A baseline keeps whether there is a control.
    expect(cellsOf(cwd).map(({ control }) => control)).toEqual([false, true])
    expect((await run('baseline update --no-control', { cwd })).code).toBe(0)
    expect((await run('check --reporter json --no-confirm', { cwd })).code).toBe(0)
    expect(cellsOf(cwd).map(({ control }) => control)).toEqual([false, false])
    expect(readCheck(join(cwd, 'loopdyno-check')).comparison.confirm).toBe(false)
  })

  test('ends with 4 where the new side breaks down, and runs its other rounds no more', async () => {
    const cwd = committed()
    writePolicy(cwd, BROKEN)
    const { code } = await run(
      `check --against HEAD -p ./mine.ts ${REAL} -r 20 --no-control --reporter json`,
      {
        cwd,
      },
    )
    expect(code).toBe(4)
    expect(cellsOf(cwd)).toMatchObject([
      { verdict: 'failed', reason: expect.stringContaining('shift of this policy is broken') },
    ])
    expect(readLines(join(cwd, 'loopdyno-check')).rounds).toHaveLength(2)
    const compared = await run(
      `compare -p fifo,./mine.ts ${REAL} -r 20 --no-control --reporter json --out both`,
      {
        cwd,
      },
    )
    expect([compared.code, readLines(join(cwd, 'both')).rounds.length]).toEqual([4, 2])
  })
})

describe.runIf(process.platform === 'linux')('a check that is interrupted', { timeout: 120_000 }, () => {
  const LONG = '-s pipeline,gather --set items=20000 --time virtual --virtual-rounds 200 --jobs 2'

  test('in virtual rounds against a baseline', async () => {
    const [cwd, temp] = [temporaryFolder(), temporaryFolder()]
    writePolicy(cwd, FIFO)
    const { code } = await run(
      `baseline save -p ./mine.ts -s pipeline --set items=100 --time virtual --virtual-rounds 12`,
      { cwd },
    )
    expect(code).toBe(0)
    // The rounds of the baseline are among the records from the start.
    await interrupted('check', { cwd, temp, out: 'stopped' })
  })

  test('in virtual rounds against a git ref', async () => {
    const [cwd, temp] = [committed(), temporaryFolder()]
    await interrupted(`check --against HEAD -p ./mine.ts ${LONG}`, { cwd, temp, out: 'stopped' })
  })

  test('in virtual rounds of two policies', async () => {
    const [cwd, temp] = [temporaryFolder(), temporaryFolder()]
    const { cells } = await interrupted(`compare -p fifo,edf ${LONG}`, { cwd, temp, out: 'stopped' })
    const reason = expect.stringMatching(/^Stopped (before it was run|after \d+ of 200 rounds)/)
    expect(cells).toMatchObject(Array(2).fill({ verdict: 'inconclusive', reason }))
  })

  test('in real rounds against a git ref', async () => {
    const [cwd, temp] = [committed(), temporaryFolder()]
    const { cells } = await interrupted(`check --against HEAD -p ./mine.ts,fifo ${REAL} -r 40`, {
      cwd,
      temp,
      out: 'stopped',
    })
    for (const { verdict, reason } of cells) {
      expect(verdict).toBe('inconclusive')
      expect(reason).toMatch(/^Stopped (before it was run|after \d+ of 40 rounds)/)
    }
  })

  test('in real rounds of two policies', async () => {
    const [cwd, temp] = [temporaryFolder(), temporaryFolder()]
    await interrupted(`compare -p fifo,edf ${REAL} -r 40`, { cwd, temp, out: 'stopped' })
  })

  test('while both sides are prepared, of which nothing is left', async () => {
    const [cwd, temp] = [committed(), temporaryFolder()]
    const args = ['check', '--against', 'HEAD', '-p', './mine.ts', ...REAL.split(' ')]
    const check = new Invocation(args, { cwd, env: { TMPDIR: temp } })
    await check.until('the files of the ref were written', () => checkedOut(temp))
    check.signalGroup('SIGINT')
    const { code, stderr } = await check.ended
    expect([code, stderr]).toEqual([130, expect.not.stringMatching(/^ {4}at /m)])
    await check.gone()
    expect(readdirSync(temp).filter((name) => name.startsWith('loopdyno-'))).toEqual([])
    expect(existsSync(join(cwd, 'loopdyno-check', '.loopdyno.lock'))).toBe(false)
  })

  test('while a baseline is made, of which nothing is written', async () => {
    const cwd = temporaryFolder()
    const command = `baseline save -p fifo ${REAL} -r 40 --out made`
    const save = new Invocation(command.split(' '), { cwd })
    // Before there are records a child may be git.
    await save.until('records were begun', () => existsSync(join(cwd, 'made', 'records.jsonl')))
    await save.until('a round ran', () => save.children().length >= 1)
    save.signal('SIGINT')
    const { code, stderr } = await save.ended
    expect([code, stderr]).toEqual([130, expect.stringContaining('No baseline was written: it was stopped')])
    await save.gone()
    expect((await run('check', { cwd })).code).toBe(2)
  })
})

describe('a check in shards', { timeout: 120_000 }, () => {
  const cwd = temporaryFolder()
  const REPORTERS = '--reporter json'

  beforeAll(async () => {
    writePolicy(cwd, FIFO)
    const flags = '-s pipeline,gather --set items=60 --set tasks=20 --virtual-rounds 2 --rounds 2'
    const saved = await run(`baseline save -p ./mine.ts,fifo ${flags} ${BRIEF} --time virtual,real`, { cwd })
    expect(saved.code, saved.stderr).toBe(0)
    writePolicy(cwd, LIFO)
  }, 120_000)

  test('comes to the verdict of the whole check when it is merged, in virtual time byte for byte', async () => {
    const whole = await run(`check --time virtual ${REPORTERS} --out whole`, { cwd })
    for (const index of [1, 2, 3])
      expect(
        (await run(`check --time virtual ${REPORTERS} --out shard-${index} --shard ${index}/3`, { cwd }))
          .stderr,
      ).toContain('check.json')
    const merged = await run(`merge shard-3 shard-1 shard-2 ${REPORTERS} --out merged`, { cwd })
    expect([whole.code, merged.code], merged.stderr).toEqual([1, 1])
    const [ours, theirs] = ['merged', 'whole'].map((name) => readCheck(join(cwd, name)))
    for (const field of ['cells', 'verdict', 'headline', 'notes', 'comparison', 'complete'] as const)
      expect(JSON.stringify(ours![field]), field).toBe(JSON.stringify(theirs![field]))
  })

  test('has a control in each shard that has real time, and keeps them apart when it is merged', async () => {
    const codes = []
    for (const index of [1, 2])
      codes.push((await run(`check ${REPORTERS} --out mixed-${index} --shard ${index}/2`, { cwd })).code)
    expect(codes).toEqual([1, 0])
    const merged = await run(`merge mixed-1 mixed-2 ${REPORTERS} --out mixed`, { cwd })
    expect(merged.code, merged.stderr).toBe(1)
    const { cells, comparison, complete } = readCheck(join(cwd, 'mixed'))
    expect(comparison.pairs.map(({ control }) => control)).toEqual([...Array(8), 1, 2])
    expect([complete, cells.length]).toEqual([true, 10])
    const controls = readLines(join(cwd, 'mixed')).rounds.filter(({ control }) => control !== undefined)
    expect(controls.map(({ arm, control, round }) => `${control} ${round} ${arm}`)).toEqual([
      ...['1 0 old', '1 0 new', '1 1 old', '1 1 new', '2 0 old', '2 0 new', '2 1 old', '2 1 new'],
    ])
  })

  test('is refused where the files of a policy are others by then', async () => {
    writePolicy(cwd, ALSO_FIFO)
    await run(`check --time virtual ${REPORTERS} --out other --shard 2/3`, { cwd })
    const { code, stderr } = await run(`merge shard-1 other shard-3 --out refused`, { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('other contents in the files')])
  })

  test('in two folders of a git ref merges as well', async () => {
    const root = committed()
    writeFileSync(join(root, 'mine.ts'), LIFO)
    const command = `check --against HEAD -p ./mine.ts,fifo ${SMALL} --time virtual ${REPORTERS}`
    const codes = []
    for (const index of [1, 2])
      codes.push((await run(`${command} --out ${index} --shard ${index}/2`, { cwd: root })).code)
    const merged = await run(`merge 1 2 ${REPORTERS} --out merged`, { cwd: root })
    expect([...codes, merged.code], merged.stderr).toEqual([1, 0, 1])
  })
})

describe('a config file and folders', { timeout: 60_000 }, () => {
  const CONFIG = `export default {
  policies: ['./mine.ts:batch=4'], scenarios: ['pipeline'], times: ['virtual'], set: { items: 60 },
  check: { baseline: 'kept.json', rules: [{ metric: '*', time: 'virtual', level: 'off' }], exact: false },
}
`
  const OPTIONS = FIFO.replace("summary: 'For tests'", "summary: 'For tests', options").replace(
    'export default',
    `import { z } from 'zod'\nconst options = z.object({ batch: z.coerce.number().default(1).describe('b') })\nexport default`,
  )

  test('a baseline and rules of a config go for checks, and do not forbid --against', async () => {
    const cwd = committed({ 'mine.ts': OPTIONS, 'loopdyno.config.ts': CONFIG })
    const saved = await run('baseline save', { cwd })
    expect(saved.code, saved.stderr).toBe(0)
    expect(JSON.parse(readFileSync(join(cwd, 'kept.json'), 'utf8')).run.policies).toEqual([
      './mine.ts:batch=4',
    ])
    // It behaves otherwise, which the rules overlook.
    writePolicy(cwd, OPTIONS.replace('new Deque()', 'lifo()').concat(LIFO.slice(LIFO.indexOf('function '))))
    const checked = await run('check --reporter json', { cwd })
    expect([checked.code, cellsOf(cwd)[0]!.exact?.same], checked.stderr).toEqual([0, false])
    const strict = await run('check --reporter json --exact', { cwd })
    expect(strict.code).toBe(1)
    expect(readCheck(join(cwd, 'loopdyno-check')).notes).toEqual([])
    const wider = CONFIG.replace("['./mine.ts:batch=4']", "['./mine.ts:batch=4', 'edf']")
    writeFileSync(join(cwd, 'loopdyno.config.ts'), wider)
    expect((await run('check --reporter json', { cwd })).code).toBe(0)
    expect(readCheck(join(cwd, 'loopdyno-check')).notes).toEqual([
      'Not compared: edf is in the config file, but not in the baseline',
    ])
    writeFileSync(join(cwd, 'loopdyno.config.ts'), CONFIG)
    const against = await run('check --against HEAD --reporter json', { cwd })
    expect([against.code, cellsOf(cwd)[0]!.cell.policy], against.stderr).toEqual([0, './mine.ts:batch=4'])
    expect(cellsOf(cwd)[0]!.exact!.same).toBe(false)
  })

  test('a check against a git ref works from a folder below, with files above it', async () => {
    const cwd = committed({ 'sub/inner.ts': "import '../mine.ts'\nexport { default } from '../mine.ts'\n" })
    writePolicy(cwd, LIFO)
    const command = `check --against HEAD -p ../mine.ts ${SMALL} --time virtual --reporter json`
    const { code, stderr } = await run(command, { cwd: join(cwd, 'sub') })
    expect(code, stderr).toBe(1)
    expect(cellsOf(join(cwd, 'sub'))).toMatchObject([{ cell: { policy: '../mine.ts' } }])
  })

  test('a cell that cannot run here is told of, and fails nothing where others were compared', async () => {
    const cwd = temporaryFolder()
    const flags = `-s gather,connections --set tasks=9 --set sizes=10 --set events=5 --set runs=1 --time virtual`
    const { code, stderr } = await run(`compare -p fifo,edf ${flags} --reporter json --json`, { cwd })
    expect(code, stderr).toBeLessThan(2)
    expect(readCheck(join(cwd, 'loopdyno-check')).notes).toContain(
      'Not compared: connections · edf: connections has no virtual time',
    )
  })
})

test('a baseline names its commit, and says where the code of its plug-ins is not that of the commit', async () => {
  const repository = new TestRepository()
  const helped = `import './helper.ts'\n${FIFO}`
  const commit = repository.commit({ 'sub/mine.ts': helped, 'sub/helper.ts': 'export {}\n', 'other.ts': '' })
  const cwd = join(repository.root, 'sub')
  const save = async (name: string) => {
    const made = `baseline save -p ./mine.ts -s gather --set tasks=9 --time virtual --baseline ${name}`
    const { code, stderr } = await run(`${made} --out ../../checks`, { cwd })
    expect(code, stderr).toBe(0)
    return parseBaseline(readFileSync(join(cwd, name), 'utf8'), name).commit
  }
  repository.write('other.ts', 'export const changed = true\n') // nothing of this baseline
  expect(await save('clean.json')).toBe(commit)
  repository.write('sub/helper.ts', 'export const changed = true\n')
  expect(await save('helped.json')).toBe(`${commit}-dirty`)
}, 60_000)
