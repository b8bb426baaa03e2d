import { expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { parseSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['durationMs=300'].flatMap((setting) => ['--set', setting])

test('user-interface: every click is handled and seen in real time, also on Node', {
  timeout: 60_000,
}, async () => {
  const args = [
    'run',
    '-s',
    'user-interface',
    '-p',
    'lifo',
    '-p',
    'node',
    '--time',
    'real',
    '--rounds',
    '1',
    '--json',
  ]
  const { stdout, code } = await loopdyno([...args, '--out', 'out', ...SMALL], { cwd: folder })
  expect(statuses(parseSummary(stdout)).sort()).toEqual([
    'user-interface epoll lifo: ok',
    'user-interface libuv node: ok',
  ])
  expect(code).toBe(0)
})
