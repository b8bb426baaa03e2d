import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CLI, Invocation, loopdyno } from '../cli.ts'
import { cellOf, readLines, readSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['sizes=5,20', 'events=30', 'runs=2'].flatMap((setting) => ['--set', setting])
const FEW = ['-s', 'connections', ...SMALL, '-r', '1', '--reporter', 'json']
/** So few descriptors that a process holds 236 connections, and 118 to itself. */
const SCARCE = { cwd: folder, program: ['sh', '-c', 'ulimit -n 300; exec "$0" "$@"', process.execPath, CLI] }

/** Its processes that hold connections beyond those of the loop under test. */
function bystanders(run: Invocation): number {
  return run.processes().filter((pid) => commandOf(pid).includes('bystander.js')).length
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it has just ended
  }
}

describe.runIf(process.platform === 'linux')('connections', { timeout: 60_000 }, () => {
  test.concurrent('are held by every selector, and by Node alone', async () => {
    const args = ['run', '-p', 'fifo,node', '--selector', 'epoll,poll,select,libuv', ...FEW, '-o', 'all']
    const { code, stderr } = await loopdyno(args, { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const summary = readSummary(join(folder, 'all'))
    expect(new Set(summary.cells.map(({ selector }) => selector)).size).toBe(4)
    expect(statuses(summary).filter((status) => !status.endsWith(': ok'))).toEqual([])
    for (const { metrics } of summary.cells) {
      expect(metrics.operations!.value).toBe(60)
      expect(metrics['connections.accepted']!.value).toBe(21)
      expect(metrics['perEvent.20']!.value).toBeGreaterThan(0)
    }
  })

  test.concurrent('that select has no room for are unsupported', async () => {
    const sizes = ['--set', 'sizes=1000', '-r', '1', '--reporter', 'json']
    const args = ['run', '-s', 'connections', '-p', 'fifo', '--selector', 'select', ...sizes, '-o', 'select']
    await loopdyno(args, { cwd: folder })
    const { status, reason } = cellOf(readSummary(join(folder, 'select')), 'fifo')
    expect([status, reason]).toEqual(['unsupported', expect.stringContaining('no descriptor above 1023')])
  })

  test.concurrent('that one process may not hold are held by several, and none is left', async () => {
    const args = ['run', ...FEW, '-p', 'fifo', '--set', 'sizes=20,500', '-o', 'spread']
    const run = new Invocation(args, SCARCE)
    await run.until('two processes and a bit held what is too much', () => bystanders(run) === 3)
    expect((await run.ended).code).toBe(0)
    await run.gone()
    const { rounds } = readLines(join(folder, 'spread'))
    expect(rounds[0]!.tables[0]!.rows.map(([size, held]) => [size, held])).toEqual([
      [20, 20],
      [500, 236],
    ])
  })

  test.concurrent('leave no process behind when the run is told to end', async () => {
    const run = new Invocation(
      ['run', ...FEW, '-p', 'fifo', '--set', 'sizes=500', '--set', 'events=1000000', '-o', 'ended'],
      SCARCE,
    )
    await run.until('other processes held connections', () => bystanders(run) === 3)
    run.signal('SIGTERM')
    await run.ended
    await run.gone()
  })
})
