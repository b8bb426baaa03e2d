import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { planOf, readShard } from '../../../harness/commands/sharding.ts'
import type { Matrix } from '../../../harness/measure/plan.ts'
import type { RunHeader } from '../../../harness/records.ts'
import { headerOf, plainCell } from '../../reports/fixture.ts'
import { loopdyno, type Result } from '../cli.ts'
import { readLines, readSummary, recordsText, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const RUN =
  'run -p fifo,./mine.ts -s gather,mm1 --set tasks=200 --set customers=2000 --time virtual --rounds 1'
const POLICY = `import { Deque, definePolicy } from 'loopdyno'
export default definePolicy({ name: 'mine', summary: 'First come, first served', createQueue: () => new Deque() })
`
const REPORTERS = '--reporter json,markdown,html'

function run(command: string): Promise<Result> {
  return loopdyno(command.split(' '), { cwd: folder })
}

/** The records of a run as if it had been started with another command line, at another time and place. */
function disguised(directory: string, { command, startedAt, environment }: RunHeader): string {
  const [header, ...rounds] = recordsText(join(folder, directory)).split('\n')
  const disguise = { command, startedAt, environment }
  return [JSON.stringify({ ...JSON.parse(header!), ...disguise }), ...rounds].join('\n')
}

describe('a run in shards', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    writeFileSync(join(folder, 'mine.ts'), POLICY)
    const [whole, one, two] = await Promise.all([
      run(`${RUN} --out whole --jobs 1 --reporter json`),
      run(`${RUN} --out one --jobs 2 --shard 1/2 --reporter json`),
      run(`${RUN} --out two --shard=2/2 --reporter json`),
    ])
    expect([whole.code, one.code, two.code], whole.stderr + one.stderr + two.stderr).toEqual([0, 0, 0])
  }, 60_000)

  test('has half of the cells in each, and reports of them alone', () => {
    const cells = ['one', 'two'].map((name) => readSummary(join(folder, name)).cells.length)
    expect(cells).toEqual([2, 2])
    expect(readLines(join(folder, 'one')).header.shard).toMatchObject({ index: 1, count: 2 })
  })

  test('comes to the reports of the whole run when it is merged, byte by byte', async () => {
    const { code, stderr } = await run(`merge two one --out merged ${REPORTERS}`)
    expect([code, stderr]).toEqual([0, expect.stringContaining('index.html')])
    const { header } = readLines(join(folder, 'merged'))
    mkdirSync(join(folder, 'same'))
    writeFileSync(join(folder, 'same', 'records.jsonl'), disguised('whole', header))
    expect((await run(`report same ${REPORTERS}`)).code).toBe(0)
    for (const file of ['summary.json', 'report.md', 'index.html']) {
      const [merged, whole] = ['merged', 'same'].map((name) => readFileSync(join(folder, name, file), 'utf8'))
      expect(merged === whole, `${file} is the same`).toBe(true)
    }
    expect(header.command).toBe(`npx loopdyno ${RUN} --out one --jobs 2 --reporter json`)
    expect(header.cells).toEqual(readLines(join(folder, 'whole')).header.cells)
  })

  test('is not merged before it is complete, and goes on with --resume', async () => {
    const records = recordsText(join(folder, 'two'))
    mkdirSync(join(folder, 'cut'))
    writeFileSync(
      join(folder, 'cut', 'records.jsonl'),
      records.slice(0, records.lastIndexOf('\n', records.length - 2) + 1),
    )
    const refused = await run('merge one cut --out unfinished')
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/'cut' has 0 of 1 rounds of .*--resume/),
    ])
    expect(existsSync(join(folder, 'unfinished'))).toBe(false)

    const other = await run(`${RUN} --out cut --shard 1/2 --resume --reporter json`)
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('had --shard 2/2')])
    const resumed = await run(`${RUN} --out cut --shard 2/2 --resume --reporter json`)
    expect([resumed.code, recordsText(join(folder, 'cut')).split('\n').length]).toEqual([
      0,
      records.split('\n').length,
    ])
    expect((await run('merge one cut --out finished --reporter json')).code).toBe(0)
  })

  test('is not merged into one of its shards, nor with another run', async () => {
    const before = recordsText(join(folder, 'one'))
    const replaced = await run('merge one two --out ./one')
    const whole = await run('merge one whole --out mixed')
    expect([replaced.code, replaced.stderr]).toEqual([
      2,
      expect.stringContaining("'./one' would be replaced"),
    ])
    expect([whole.code, whole.stderr]).toEqual([2, expect.stringContaining("'whole' is no shard")])
    expect([recordsText(join(folder, 'one')) === before, existsSync(join(folder, 'mixed'))]).toEqual([
      true,
      false,
    ])
  })
})

describe('--shard', () => {
  test('names a part', () => {
    expect(readShard({ shard: '2/3' }, 3)).toEqual({ index: 2, count: 3 })
    expect(readShard({}, 3)).toBe(undefined)
  })

  test.each([
    [{ shard: '0/3' }, "1/3 to 3/3 for three, not '0/3'"],
    [{ shard: '4/3' }, "not '4/3'"],
    [{ shard: '1/0' }, "not '1/0'"],
    [{ shard: 'x' }, "not 'x'"],
    [{ shard: '1/2/3' }, "not '1/2/3'"],
    [{ shard: '-1/3' }, "not '-1/3'"],
    [{ shard: '1.5/3' }, "not '1.5/3'"],
    [{ shard: '1/9' }, 'more parts than cells, of which there are 8'],
    [{ shard: '1/2', fidelity: true }, '--fidelity'],
    [{ shard: '1/2', 'dispatch-ns': 'measured' }, 'numbers of ns'],
  ])('refuses %j', (args, message) => {
    expect(() => readShard(args, 8)).toThrow(message)
  })

  test('is of a plan that depends on the contents of files, wherever they lie', () => {
    writeFileSync(join(folder, 'plan.ts'), POLICY)
    const path = join(folder, 'plan.ts')
    const policy = (label: string, inner: readonly string[] = []): unknown => ({
      label,
      inner: new Map(inner.map((each) => [each, policy(each)])),
    })
    const matrix = { policies: [policy(`timing:inner=${path}`, [path])], scenarios: [{ text: 'mm1' }] }
    const header = headerOf(['fifo'], [plainCell()], 3)
    const plan = () => planOf(header, matrix as unknown as Matrix)
    const before = plan()
    expect(plan()).toBe(before)
    expect(planOf({ ...header, seed: 2 }, matrix as unknown as Matrix)).not.toBe(before)
    writeFileSync(path, `${POLICY}// changed`)
    expect(plan()).not.toBe(before)
  })
})
