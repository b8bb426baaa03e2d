import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { parseSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['--set', 'workflows=20', '--set', 'costRuns=100']

function run(name: string, ...args: string[]) {
  const env = { TMPDIR: join(folder, name) }
  mkdirSync(env.TMPDIR, { recursive: true })
  const all = ['run', '-s', 'callbacks-or-await', '--time', 'real', '--rounds', '1', '--json']
  return { args: [...all, '--reporter', 'json', '--out', `${name}-out`, ...args], cwd: folder, env }
}

describe('callbacks-or-await', { timeout: 60_000 }, () => {
  test('saves into LevelDB on one selector and another and on Node, and leaves no database behind', async () => {
    const policies = ['-p', 'fifo', '-p', 'node', '--selector', 'epoll', '--selector', 'select']
    const { args, ...options } = run('whole', ...policies, ...SMALL)
    const { stdout, code } = await loopdyno(args, options)
    expect(statuses(parseSummary(stdout))).toEqual([
      'callbacks-or-await epoll fifo: ok',
      'callbacks-or-await select fifo: ok',
      'callbacks-or-await libuv node: ok',
    ])
    expect(code).toBe(0)
    expect(readdirSync(options.env.TMPDIR)).toEqual([])
  })

  test('leaves no process when it is terminated, and the next round removes its database', async () => {
    const { args, ...options } = run('killed', '-p', 'fifo', '--set', 'workflows=50000')
    const databases = () => readdirSync(options.env.TMPDIR)
    const invocation = new Invocation(args, options)
    await invocation.until('it opened its database', () => databases().length === 1)
    invocation.signal('SIGTERM')
    await invocation.ended
    await invocation.gone()
    expect(databases()).toHaveLength(1)
    await loopdyno(run('killed', '-p', 'fifo', ...SMALL).args, options)
    expect(databases()).toEqual([])
  })
})
