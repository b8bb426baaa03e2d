import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { readLines, readSummary, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['--set', 'tasks=50', '--set', 'minMs=5', '--set', 'maxMs=20', '--rounds', '1']

test('--fidelity runs both times, charges virtual loops what real ones cost, and shows how far apart they are', async () => {
  const { code, stdout, stderr } = await loopdyno(
    ['run', '-s', 'gather', '-p', 'fifo', '--fidelity', ...SMALL, '--out', 'out'],
    { cwd: folder },
  )
  expect([code, stderr]).toEqual([0, expect.stringContaining('ns a look at I/O')])
  expect(stdout).toContain('Fidelity')
  const { header, rounds } = readLines(join(folder, 'out'))
  expect(header.fidelity).toBe(true)
  // Real rounds come first: virtual ones cost what they did.
  expect(rounds.map(({ cell }) => cell.time)).toEqual(['real', 'virtual'])
  const [real, virtual] = rounds
  const overheadNs = real!.metrics['overhead.default.mean']!.value
  expect(overheadNs).toBeGreaterThan(0)
  expect(virtual!.metrics['calibration.default']!.value).toBe(Math.round(overheadNs))
  expect(virtual!.metrics['calibration.dispatch']!.value).toBe(header.world!.dispatchNs)
  // 50 timers, each with handles that cost: what is charged is seen.
  expect(virtual!.metrics['timerLateness.max']!.value).toBeGreaterThan(0)
})

test('measured costs are recorded, and a run that goes on has the same', async () => {
  const args = ['run', '-s', 'gather', '-p', 'fifo', '--time', 'virtual', ...SMALL]
  const costs = ['--dispatch-ns', 'measured', '--poll-ns', '7', '--out', 'costs']
  expect((await loopdyno([...args, ...costs], { cwd: folder })).code).toBe(0)
  const { world } = readLines(join(folder, 'costs')).header
  expect(world!.dispatchNs).toBeGreaterThan(0)
  expect(world!.pollNs).toBe(7)
  const digest = readSummary(join(folder, 'costs')).cells[0]!.digest
  const resumed = await loopdyno([...args, ...costs, '--resume'], { cwd: folder })
  expect(resumed.code, resumed.stderr).toBe(0)
  expect(readSummary(join(folder, 'costs')).cells[0]!.digest).toBe(digest)
  const other = await loopdyno([...args, '--out', 'costs', '--resume'], { cwd: folder })
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('another world')])
})
