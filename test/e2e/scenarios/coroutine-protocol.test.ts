import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { parseSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const RUN = ['run', '-s', 'coroutine-protocol', '--rounds', '1', '--json', '--reporter', 'json']

describe('coroutine-protocol', { timeout: 60_000 }, () => {
  test('weighs coroutines against threads in real time', async () => {
    const sizes = ['switches=2000', 'handOvers=200', 'coroutines=1000', 'threads=2'].flatMap((size) => [
      '--set',
      size,
    ])
    const args = [...RUN, '--time', 'real', '-p', 'fifo', '-p', 'node', '--out', 'real', ...sizes]
    const { stdout, code } = await loopdyno(args, { cwd: folder })
    const summary = parseSummary(stdout)
    expect(statuses(summary)).toEqual([
      'coroutine-protocol epoll fifo: ok',
      'coroutine-protocol libuv node: ok',
    ])
    expect(code).toBe(0)
    for (const { metrics } of summary.cells) {
      // A thread needs an engine of its own: orders of magnitude, on any machine.
      expect(metrics['memory.thread']!.value).toBeGreaterThan(100 * metrics['memory.async']!.value)
      expect(metrics['memory.async']!.value).toBeGreaterThan(metrics['memory.byHand']!.value)
    }
  })

  test.skipIf(process.platform !== 'linux')(
    'leaves no process and no thread when it is terminated',
    async () => {
      const args = [...RUN, '--time', 'real', '-p', 'fifo', '--out', 'killed', '--set', 'threads=20']
      const invocation = new Invocation(args, { cwd: folder })
      const threads = () => invocation.children().flatMap((pid) => readdirSync(`/proc/${pid}/task`))
      // Node itself has about ten.
      await invocation.until('its threads were there', () => threads().length > 25)
      invocation.signal('SIGTERM')
      await invocation.ended
      await invocation.gone()
    },
  )
})
