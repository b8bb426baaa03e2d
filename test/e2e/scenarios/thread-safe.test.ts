import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { readLines, readSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const RUN = ['run', '-s', 'thread-safe', '--rounds', '1', '--reporter', 'json']
const SMALL = ['--set', 'submissions=10', '--set', 'idle=5', '--set', 'timeoutMs=100']

describe.runIf(process.platform === 'linux')('thread-safe', { timeout: 60_000 }, () => {
  test('wakes every kind of loop', async () => {
    // Our own on epoll, and Node's on libuv.
    const ways = ['-p', 'fifo,node']
    const { code } = await loopdyno([...RUN, ...SMALL, ...ways, '--out', 'ways'], { cwd: folder })
    expect(code).toBe(0)
    const cells = statuses(readSummary(join(folder, 'ways')))
    expect(cells).toHaveLength(2)
    expect(cells.every((each) => each.endsWith(': ok'))).toBe(true)
    for (const { metrics } of readLines(join(folder, 'ways')).rounds) {
      expect(metrics['wakeUp.idle.max']?.value).toBeGreaterThan(0)
    }
  })

  test('leaves neither process nor thread where it is ended', async () => {
    const run = new Invocation([...RUN, '-p', 'fifo', '--set', 'submissions=100000', '--out', 'killed'], {
      cwd: folder,
    })
    // Node itself has about ten.
    await run.until('threads submitted', () => run.children().some((pid) => threadsOf(pid) > 12))
    run.signal('SIGTERM')
    await run.ended
    await run.gone()
  })
})

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length
  } catch {
    return 0
  }
}
