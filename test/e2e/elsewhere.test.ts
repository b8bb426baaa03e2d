import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loopdyno } from './cli.ts'
import { parseSummary, temporaryFolder } from './folders.ts'

const folder = temporaryFolder()
const preload = fileURLToPath(new URL('fixtures/no-system-calls.cjs', import.meta.url))

test('where system calls are not bound, their selectors are unavailable and all else works', async () => {
  const args = [
    'run',
    '-p',
    'fifo',
    '-s',
    'gather',
    '--set',
    'tasks=20',
    '--set',
    'maxMs=90',
    '--rounds',
    '1',
  ]
  const { code, stdout } = await loopdyno(
    [...args, '--selector', 'epoll,libuv', '--time', 'real,virtual', '--reporter', 'json', '--json'],
    { cwd: folder, env: { NODE_OPTIONS: `--require ${preload}` } },
  )
  const cells = parseSummary(stdout).cells.map(({ selector, status, reason }) => [selector, status, reason])
  expect(cells).toEqual([
    ['epoll', 'unavailable', expect.stringContaining('ppc64')],
    ['libuv', 'ok', undefined],
    ['simulated', 'ok', undefined],
  ])
  expect(code).toBe(0)
}, 60_000)
