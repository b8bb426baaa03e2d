import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CLI, loopdyno } from './cli.ts'
import { parseSummary, readSummary, recordsText, temporaryFolder } from './folders.ts'

const folder = temporaryFolder()
const directory = join(folder, 'whole')
const GATHER = ['-s', 'gather', '--set', 'tasks=20', '--set', 'maxMs=90', '--rounds', '1']

/** Colours, as opposed to the moves of the cursor that progress makes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control character is what is looked for.
const COLOR = /\x1b\[[\d;]+m/
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
const CONTROL = /[\x1b\r]/

describe('a finished run', { timeout: 60_000 }, () => {
  let table = ''

  beforeAll(async () => {
    const run = ['run', '-p', 'fifo,timing', ...GATHER, '--time', 'real,virtual', '--out', 'whole']
    const { code, stdout, stderr } = await loopdyno(run, { cwd: folder })
    expect(code).toBe(0)
    // Neither progress nor colours where nobody looks at a terminal.
    expect(stderr).not.toMatch(CONTROL)
    expect(stdout).not.toMatch(CONTROL)
    table = stdout
  })

  test('report makes every file again from the records alone, byte by byte', async () => {
    const names = (readdirSync(directory, { recursive: true, encoding: 'utf8' }) as string[]).sort()
    const files = names.filter((name) => name.includes('.'))
    const before = files.map((name) => [name, readFileSync(join(directory, name), 'base64')])
    for (const name of readdirSync(directory)) {
      if (name !== 'records.jsonl') rmSync(join(directory, name), { recursive: true })
    }
    const { code, stdout } = await loopdyno(['report', 'whole'], { cwd: folder })
    expect(files.map((name) => [name, readFileSync(join(directory, name), 'base64')])).toEqual(before)
    expect([code, stdout]).toEqual([0, table])
    expect(files).toEqual(expect.arrayContaining(['index.html', 'report.md', 'summary.json']))
  })

  test('report needs no order in the records', async () => {
    const [header, ...rounds] = recordsText(directory).trimEnd().split('\n')
    mkdirSync(join(folder, 'shuffled'))
    writeFileSync(join(folder, 'shuffled', 'records.jsonl'), `${[header, ...rounds.reverse()].join('\n')}\n`)
    await loopdyno(['report', 'shuffled', '--reporter', 'json'], { cwd: folder })
    expect(readSummary(join(folder, 'shuffled'))).toEqual(readSummary(directory))
  })

  test('report --json prints the summary and nothing else', async () => {
    const { code, stdout, stderr } = await loopdyno(['report', 'whole', '--json'], { cwd: folder })
    expect(parseSummary(stdout)).toEqual(readSummary(directory))
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
  })

  test('a new run keeps the records of the one before', async () => {
    const before = recordsText(directory)
    const again = [
      'run',
      '-p',
      'fifo',
      ...GATHER,
      '--time',
      'virtual',
      '--reporter',
      'table',
      '--out',
      'whole',
    ]
    expect((await loopdyno(again, { cwd: folder })).code).toBe(0)
    const kept = readdirSync(directory).filter((file) => /^records-.*\.jsonl$/.test(file))
    expect(kept.map((file) => readFileSync(join(directory, file), 'utf8'))).toEqual([before])
    expect(recordsText(directory)).not.toBe(before)
  })
})

describe('standard output', { timeout: 60_000 }, () => {
  test.concurrent('run --json prints the summary and nothing else', async () => {
    const args = ['run', '-p', 'fifo', ...GATHER, '--time', 'virtual', '--json', '--reporter', 'json']
    const { code, stdout, stderr } = await loopdyno([...args, '--out', 'json'], { cwd: folder })
    expect(parseSummary(stdout)).toEqual(readSummary(join(folder, 'json')))
    expect([code, stderr]).toEqual([0, expect.stringContaining('json')])
  })

  test.concurrent('list --json names every part with its settings', async () => {
    const { code, stdout, stderr } = await loopdyno(['list', '--json'], { cwd: folder })
    const lists = JSON.parse(stdout) as Record<
      string,
      { name: string; summary: string; settings: object[] }[]
    >
    const names = (kind: string) => lists[kind]!.map(({ name }) => name)
    expect(names('policies')).toEqual(
      expect.arrayContaining(['custom-selector', 'fifo', 'node', 'priority', 'timing']),
    )
    expect(names('scenarios')).toEqual(expect.arrayContaining(['gather', 'http-server', 'pipeline']))
    expect(names('selectors')).toEqual(['epoll', 'poll', 'select', 'libuv', 'simulated'])
    expect(names('reporters')).toEqual(expect.arrayContaining(['html', 'json', 'markdown', 'png', 'table']))
    const priority = lists.policies!.find(({ name }) => name === 'priority')!
    expect(priority.settings).toContainEqual({
      name: 'aging',
      default: '0',
      description: expect.stringContaining('waiting time'),
    })
    for (const { summary } of Object.values(lists).flat()) expect(summary).not.toBe('')
    expect([code, stderr]).toEqual([0, ''])
  })

  test.concurrent('doctor --json tells what works', async () => {
    const { code, stdout, stderr } = await loopdyno(['doctor', '--json'], { cwd: folder })
    const { environment, checks } = JSON.parse(stdout)
    expect(environment.node).toBe(process.version)
    const what = checks.map((check: { what: string }) => check.what)
    expect(what).toEqual(
      expect.arrayContaining(['microtasks', 'selector libuv', 'cores', 'load', 'descriptors']),
    )
    expect([code, stderr]).toEqual([0, ''])
  })

  test.concurrent.each([
    ['run', '--set', 'Examples'],
    ['--help', 'run', 'doctor'],
  ])('help of %s shows %s and %s', async (command, ...names) => {
    const args = command === '--help' ? [command] : [command, '--help']
    const { code, stdout } = await loopdyno(args, { cwd: folder })
    for (const name of names) expect(stdout).toMatch(new RegExp(name, 'i'))
    expect(code).toBe(0)
  })
})

describe('colours', () => {
  test.concurrent.each([
    ['nothing', {}, false],
    ['FORCE_COLOR=1', { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
  ])('with %s, in a pipe', async (_name, env, colored) => {
    const { stdout } = await loopdyno(['list', 'policies'], { cwd: folder, env })
    expect(COLOR.test(stdout)).toBe(colored)
  })
})

/** `script` gives a command a terminal. */
const hasScript = process.platform === 'linux' && readdirSync('/usr/bin').includes('script')

describe.runIf(hasScript)('on a terminal', { timeout: 60_000 }, () => {
  function onTerminal(args: readonly string[], env: Record<string, string>) {
    const command = [process.execPath, CLI, ...args].join(' ')
    return loopdyno(['-qec', command, '/dev/null'], { cwd: folder, env, program: ['script'] })
  }

  test.concurrent.each([
    ['nothing', {}, true],
    ['NO_COLOR=1', { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
  ])('with %s', async (_name, env, colored) => {
    const { code, stdout } = await onTerminal(['list', 'policies'], { TERM: 'xterm', ...env })
    expect([code, COLOR.test(stdout)]).toEqual([0, colored])
  })

  test.concurrent('progress tells what runs, and clears its line', async () => {
    const args = ['run', '-p', 'fifo,priority', ...GATHER, '--time', 'virtual', '--reporter', 'json']
    const { code, stdout } = await onTerminal([...args, '--out', 'tty'], { TERM: 'xterm', NO_COLOR: '1' })
    expect(stdout).toContain('[1/2] gather · ')
    expect(stdout).toMatch(/ s left/)
    expect(stdout.split('\r').at(-2)).toContain('\x1b[2KWrote')
    expect([code, COLOR.test(stdout)]).toEqual([0, false])
  })
})

test('a reader that goes away early is no failure', async () => {
  const script = 'node "$0" list; echo "ended with $?" >&2'
  const { stderr } = await loopdyno([], { program: ['sh', '-c', `(${script}) | head -n 1`, CLI] })
  expect(stderr).toBe('ended with 0\n')
})
