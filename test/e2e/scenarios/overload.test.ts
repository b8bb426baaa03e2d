import { expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { parseSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['beforeMs=50', 'overloadMs=100', 'afterMs=200', 'queue=20', 'drop=oldest'].flatMap(
  (setting) => ['--set', setting],
)

test('overload: every request ends once in real time, also on Node, whose arrivals come in bursts', {
  timeout: 60_000,
}, async () => {
  const args = [
    'run',
    '-s',
    'overload',
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
    'overload epoll lifo: ok',
    'overload libuv node: ok',
  ])
  expect(code).toBe(0)
})
