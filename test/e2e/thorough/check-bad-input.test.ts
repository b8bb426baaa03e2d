/** Every mistake that a check, a baseline or a comparison can be called with: told with its remedy, nothing written. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { TestRepository } from '../../harness/git-repository.ts'
import { BRIEF, contents, FIFO, LIFO, readCheck, run, SMALL } from '../checks.ts'
import { temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const BASELINE = 'loopdyno.baseline.json'
const SET = '--set items=60 --set tasks=20'

/** A copy of a folder whose records say that another machine made them. */
function onAnotherMachine(from: string, to: string): void {
  cpSync(join(folder, from), join(folder, to), { recursive: true })
  edit(`${to}/records.jsonl`, `${to}/records.jsonl`, (text) =>
    text.replace(/"cpu":"[^"]*"/, '"cpu":"Abacus 3"'),
  )
}

function edit(from: string, to: string, how: (text: string) => string): void {
  const text = readFileSync(join(folder, from), 'utf8')
  const edited = how(text)
  expect(edited).not.toBe(text)
  writeFileSync(join(folder, to), edited)
}

async function made(...commands: string[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await run(command, { cwd: folder })
    expect([command, code], stderr).toEqual([command, 0])
  }
}

beforeAll(async () => {
  writeFileSync(join(folder, 'mine.ts'), FIFO)
  const both = `-p fifo,./mine.ts -s pipeline,gather ${SET} --time virtual`
  await made(
    `baseline save -p fifo ${SMALL} ${BRIEF} --time virtual -r 2 --virtual-rounds 2 --no-control`,
    `baseline save ${both} --baseline both.json`,
    `run -p fifo ${SMALL} --time virtual --rounds 1 --reporter json --out pipeline`,
    `run -p fifo ${SMALL} --time virtual --rounds 1 --seed 7 --reporter json --out seed`,
    `run -p fifo ${SMALL} --time virtual --rounds 1 --world latency=9ms --reporter json --out world`,
    `run -p fifo -s gather --set tasks=20 --time virtual --rounds 1 --reporter json --out gather`,
    `run -p fifo ${SMALL} --time real --rounds 1 --reporter json --out real`,
    `run ${both} --rounds 1 --reporter json --shard 2/2 --out run-two`,
    `check --baseline both.json --reporter json --shard 1/2 --out one`,
    `check --baseline both.json --reporter json --shard 2/2 --max latency.item.p99=+5% --out two-max`,
  )
  onAnotherMachine('real', 'elsewhere')
  edit(BASELINE, 'truncated.json', (text) => text.slice(0, text.length / 2))
  edit(BASELINE, 'schema.json', (text) => text.replace('"schema": 1', '"schema": 9'))
  edit(BASELINE, 'nan.json', (text) => text.replace(/"throughput":[\d.e+]+/, '"throughput":NaN'))
  edit(BASELINE, 'fewer.json', (text) => text.replace(/ *\{"round":0.*,\n/, ''))
  edit(BASELINE, 'machine.json', (text) => text.replace(/"cpu":"[^"]*"/, '"cpu":"Abacus 3"'))
  writeFileSync(join(folder, 'notes.json'), '{ "mine": true }')
  mkdirSync(join(folder, 'folder'))
  mkdirSync(join(folder, 'loopdyno-check'), { recursive: true })
  writeFileSync(join(folder, 'plain.txt'), 'no folder')
}, 240_000)

/** The command line, and what its message must name: the fault and the remedy. */
type Case = readonly [command: string, ...names: string[]]

const CASES: Record<string, readonly Case[]> = {
  'a baseline that is none': [
    ['check --baseline truncated.json', 'truncated.json', 'cut off', 'loopdyno baseline save'],
    ['check --baseline schema.json', 'schema.json', 'schema 9', 'reads 1', 'loopdyno 0'],
    ['check --baseline nan.json', 'nan.json', "metric 'throughput'", 'NaN', 'pipeline · fifo'],
    ['check --baseline none.json', "'none.json'", 'loopdyno baseline save --baseline none.json'],
    ['check --baseline folder', "'folder' is a folder", 'name the file'],
    ['check --baseline notes.json', 'notes.json', 'not a baseline'],
    ['baseline update --baseline none.json', "'none.json'", 'loopdyno baseline save'],
    ['baseline update --baseline notes.json', 'notes.json', 'not a baseline'],
    ['baseline show --baseline truncated.json', 'truncated.json', 'cut off'],
    [
      `baseline save -p fifo ${SMALL} --time virtual`,
      BASELINE,
      'loopdyno baseline update',
      'another file with --baseline',
    ],
    [`baseline save -p fifo ${SMALL} --baseline notes.json`, "'notes.json' already", '--baseline'],
  ],
  'what the baseline is not of': [
    ['check --baseline both.json --time real', 'no', 'baseline update'],
    ['check --baseline both.json -p priority', 'has no pipeline · priority', 'loopdyno baseline update'],
    ['check --baseline both.json --set items=61', 'pipeline · fifo with another items', 'baseline update'],
    ['check --baseline fewer.json', 'fewer.json', '1 of 2 rounds of pipeline · fifo', 'baseline update'],
    ['check --baseline both.json --seed 5', '--seed 5', 'made with --seed 1', 'baseline update --seed 5'],
    ['check --baseline both.json --rounds 5', '--rounds 5', 'made with --rounds 20', 'leave it out'],
    ['check --baseline both.json --virtual-rounds 3', '--virtual-rounds 3', 'leave it out'],
    ['check --baseline both.json --world latency=1ms', '--world latency=1ms', 'the default world'],
    ['check --baseline both.json --dispatch-ns 50', '--dispatch-ns 50', 'leave it out'],
    ['check --baseline machine.json --time real,virtual', 'Abacus 3', '--time virtual', '--against REF'],
  ],
  'flags of a check': [
    ['check --baseline both.json --against HEAD', '--baseline or --against', 'not both'],
    ['check --baseline both.json --inject 10%', '--inject', '--time real'],
    ['check --baseline both.json --inject lots', '--inject', '5%', "'lots'"],
    ['check --baseline both.json --max cpu.perOp', '--max', 'METRIC=+5%', "'cpu.perOp'"],
    ['check --baseline both.json --max cpu.perOp=much', '--max cpu.perOp', "'much'"],
    ['check --baseline both.json --max cpu*=+5%', '--max', "'cpu*'"],
    ['check --baseline both.json --alpha 2', '--alpha', "'2'", '0.05'],
    ['check --baseline both.json --margin 3', '--margin', '5%', "'3'"],
    ['check --baseline both.json --shard 0/2', '--shard', "'0/2'", '1/3'],
    ['check --baseline both.json --shard 1/9', '--shard 1/9', 'of which there are 4'],
    ['check --baseline both.json --reporter nought', "'nought'", 'json'],
    ['check --baseline both.json --out plain.txt', "'plain.txt'", '--out'],
    ['check --baseline both.json -p fifp', "'fifp'", "did you mean 'fifo'?"],
    ['compare -p fifo,edf --window-ms 0', '--window-ms', "'0'"],
    ['check --baseline both.json --window-ms 0', '--window-ms 0', 'leave it out'],
    ['baseline save -p fifo --shard 1/2 --baseline b.json', '--shard', 'leave'],
    ['baseline save -p fifo --inject 5% --baseline b.json', '--inject', 'slowed'],
    ['baseline sav', 'sav', 'save'],
    ['check --against HEAD', 'no git repository', 'loopdyno baseline save'],
  ],
  'comparisons of nothing': [
    ['compare', 'two folders', '-p old.ts -p new.ts'],
    ['compare pipeline', "'pipeline' and another"],
    ['compare pipeline gather', "'pipeline' and 'gather'", 'no cell in common'],
    ['compare pipeline folder', "'folder'", 'records.jsonl'],
    ['compare pipeline plain.txt', "'plain.txt'", 'records.jsonl'],
    ['compare real elsewhere', "'real' and 'elsewhere'", 'Abacus 3', 'virtual time'],
    ['compare pipeline seed', '--seed 1', '--seed 7'],
    ['compare pipeline world', 'default world', 'latency=9ms'],
    ['compare pipeline pipeline --out ./pipeline/', "'./pipeline/' would be replaced", '--out'],
    ['compare pipeline pipeline -p fifo', 'not both'],
    ['compare pipeline pipeline --inject 5%', '--inject', 'leave it out'],
    ['compare -p fifo', 'two policies, not 1'],
    ['compare -p fifo,priority,edf', 'two policies, not 3', "'run' compares any number"],
    ['compare -p fifo,priority -s pipeline --time virtual --inject 5%', '--inject', '--time real'],
    ['compare -p fifo,node -s pipeline --time virtual', 'no cell in common'],
  ],
  'shards that do not go together': [
    ['merge one', 'Shard 2/2 is missing'],
    ['merge one two-max', "'two-max' is of another run than 'one'", 'other rules', '--max'],
    ['merge one run-two', "'run-two' is of another run than 'one'", 'as a run has'],
    ['merge one pipeline', "'pipeline' is no shard"],
  ],
}

describe.each(Object.entries(CASES))('bad input: %s', (_what, cases) => {
  test.each(cases)(
    'loopdyno %s',
    async (command, ...names) => {
      await expectRefusal(folder, command, names)
    },
    30_000,
  )
})

async function expectRefusal(cwd: string, command: string, names: readonly string[]): Promise<void> {
  const before = contents(cwd)
  const { code, stdout, stderr } = await run(command, { cwd })
  expect(stderr).not.toMatch(/^ {4}at /m)
  expect([code, stdout], stderr).toEqual([2, ''])
  for (const name of names) expect(stderr).toContain(name)
  expect(stderr).toMatch(/^loopdyno: \S.*\n/)
  expect(stderr.trim().split('\n').length).toBeLessThan(4)
  expect(contents(cwd)).toEqual(before)
}

test('a baseline of another machine still serves for virtual time', async () => {
  const { code, stderr } = await run('check --baseline machine.json --time virtual --reporter json', {
    cwd: folder,
  })
  expect([code, stderr]).toEqual([0, expect.stringContaining('check.json')])
  expect(readCheck(join(folder, 'loopdyno-check')).verdict).toBe('pass')
}, 30_000)

describe('bad input: a git ref', { timeout: 60_000 }, () => {
  const repository = new TestRepository()
  const { root: cwd } = repository

  beforeAll(() => {
    repository.commit({ 'mine.ts': FIFO, 'gone.ts': FIFO })
    repository.git('rm', '--quiet', 'gone.ts')
    repository.commit({ 'broken.ts': 'export default {{' })
    repository.write('broken.ts', FIFO)
    repository.write('fresh.ts', FIFO)
  })

  const REFUSED: readonly Case[] = [
    ['check --against mian -p ./mine.ts', "git ref 'mian'", "did you mean 'main'?"],
    ['check --against -x -p ./mine.ts', 'against'],
    ['check --against HEAD -p ./fresh.ts', "'./fresh.ts' is in the working tree, but not in HEAD"],
    ['check --against HEAD~1 -p ./gone.ts', "'./gone.ts'", 'git restore --source=HEAD~1'],
    ['check --against HEAD -p ./nowhere.ts', "'./nowhere.ts'"],
    ['check --against HEAD -p fifp', "'fifp'", "did you mean 'fifo'?"],
    ['check --against HEAD -p ./broken.ts', 'In HEAD', './broken.ts'],
    ['check --against HEAD -p ./mine.ts --inject 5% --time virtual', '--inject', '--time real'],
    [`check --against HEAD -p ./mine.ts ${SMALL} --time virtual --shard 1/2`, 'more parts than cells'],
  ]
  test.each(REFUSED)('loopdyno %s', (command, ...names) => expectRefusal(cwd, command, names))

  test('a tree with conflicts', async () => {
    repository.git('checkout', '--quiet', '-b', 'other')
    repository.commit({ 'mine.ts': LIFO })
    repository.git('checkout', '--quiet', 'main')
    repository.commit({ 'mine.ts': `${FIFO}// another\n` })
    expect(() => repository.git('merge', '--quiet', 'other')).toThrow()
    writeFileSync(join(cwd, 'mine.ts'), FIFO)
    const command = `check --against HEAD -p ./mine.ts ${SMALL} --time virtual`
    await expectRefusal(cwd, command, ['conflicts in mine.ts', 'resolve them'])
  })
})
