import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loopdyno } from './cli.ts'
import { parseSummary, statuses, temporaryFolder } from './folders.ts'

const folder = temporaryFolder()
const QUICK = ['--json', '--rounds', '1', '--reporter', 'json']

/** Plain JavaScript, as someone without TypeScript would write it. */
const PLAIN = `import { Deque, definePolicy } from 'loopdyno'

export default definePolicy({
  name: 'plain',
  summary: 'last in, first out, without a type',
  createQueue() {
    const ready = new Deque()
    return {
      get size() {
        return ready.size
      },
      push: (handle) => ready.push(handle),
      shift: () => ready.pop(),
    }
  },
})
`

describe("a user's own files", { timeout: 60_000 }, () => {
  test.concurrent('a new policy runs beside the built-in ones, and so does plain JavaScript', async () => {
    const made = await loopdyno(['new', 'policy', 'mine'], { cwd: folder })
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('-p fifo,./mine.ts')])
    writeFileSync(join(folder, 'plain.js'), PLAIN)
    const policies = ['fifo', './mine.ts:batch=4', './plain.js', 'timing:inner=./mine.ts']
    const { code, stdout } = await loopdyno(
      ['run', '-p', policies.join(','), '-s', 'pipeline', '--set', 'items=10', '--time', 'real', ...QUICK],
      { cwd: folder },
    )
    const summary = parseSummary(stdout)
    expect(summary.cells.map(({ policy, status }) => [policy, status])).toEqual(
      policies.map((policy) => [policy, 'ok']),
    )
    expect(code).toBe(0)
    const mistaken = await loopdyno(['run', '-p', './mine.ts:bacth=4'], { cwd: folder })
    expect([mistaken.code, mistaken.stderr]).toEqual([2, expect.stringContaining("did you mean 'batch'?")])
  })

  test.concurrent('a new scenario runs in real and in virtual time', async () => {
    const made = await loopdyno(['new', 'scenario', 'load'], { cwd: folder })
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('-s ./load.ts')])
    const args = ['-p', 'fifo,priority', '-s', './load.ts', '--set', 'jobs=20', '--time', 'real,virtual']
    const { code, stdout } = await loopdyno(['run', ...args, ...QUICK, '--out', 'scenario'], { cwd: folder })
    const summary = parseSummary(stdout)
    expect(statuses(summary)).toEqual(
      expect.arrayContaining(['load simulated fifo: ok', 'load simulated priority: ok']),
    )
    expect(summary.cells.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(summary.cells[0]!.metrics).toHaveProperty(['latency.urgent.p99'])
    expect(code).toBe(0)
  })

  test.concurrent('new refuses to write over a file', async () => {
    const path = join(folder, 'precious.ts')
    writeFileSync(path, 'precious')
    const { code, stderr } = await loopdyno(['new', 'policy', 'precious'], { cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringContaining("'precious.ts' exists already")])
    expect(readFileSync(path, 'utf8')).toBe('precious')
  })

  test.concurrent.each([
    ['a relative folder', 'below'],
    ['an absolute folder', join(folder, 'absolute')],
  ])('new names the file so that run finds it, in %s', async (_what, dir) => {
    mkdirSync(resolve(folder, dir))
    const { code, stdout } = await loopdyno(['new', 'policy', 'there', '--dir', dir], { cwd: folder })
    const path = /npx loopdyno run -p fifo,(\S+) -s pipeline\n/.exec(stdout)?.[1]
    expect([code, path]).toEqual([0, expect.stringMatching(/^\.?\//)]) // without a slash it would be a built-in
    expect(existsSync(resolve(folder, path!)), path).toBe(true)
  })
})
