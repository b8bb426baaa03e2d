/** The consumers through the real command line: at our broker, and at a real Redis where there is one. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno, pause } from '../cli.ts'
import { cellOf, readSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const run = promisify(execFile)
const hasRedis = await run('redis-server', ['--version']).then(
  () => true,
  () => false,
)
const SMALL = ['messages=200', 'crashShare=0.03', 'ackTimeoutMs=250'].flatMap((each) => ['--set', each])

/** A Redis of the test's own, that keeps nothing. */
async function startRedis(): Promise<{ url: string; port: string; stop(): Promise<unknown> }> {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const port = String((free.address() as { port: number }).port)
  await new Promise((resolve) => free.close(resolve))
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const text of server.stdout.setEncoding('utf8')) if (text.includes('Ready to accept')) break
  const stop = () => {
    server.kill()
    return once(server, 'exit')
  }
  return { url: `redis://127.0.0.1:${port}`, port, stop }
}

describe.runIf(process.platform === 'linux')('queue-consumer', { timeout: 60_000 }, () => {
  test.concurrent('keeps its promises at our broker, under a policy of ours and under Node', async () => {
    const args = ['run', '-s', 'queue-consumer', '-p', 'priority,node', '-r', '1', '--out', 'ours', ...SMALL]
    const { code, stderr } = await loopdyno([...args, '--reporter', 'json'], { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const summary = readSummary(`${folder}/ours`)
    expect(statuses(summary).sort()).toEqual([
      'queue-consumer epoll priority: ok',
      'queue-consumer libuv node: ok',
    ])
    const { metrics } = cellOf(summary, 'priority', 'queue-consumer')
    expect(metrics.operations!.value).toBe(200)
    expect(metrics.crashes!.value).toBeGreaterThan(0)
    expect(metrics.redelivered!.value).toBe(metrics.delivered!.value - 200)
  })

  test.concurrent('leaves no process behind when it is told to stop', async () => {
    const args = ['run', '-s', 'queue-consumer', '-p', 'fifo', '-r', '1', '--out', 'stopped']
    const started = new Invocation([...args, '--set', 'messages=100000'], { cwd: folder })
    await started.until('both sides ran', () => started.children().length >= 2)
    await pause(300)
    started.signal('SIGTERM')
    expect((await started.ended).code).toBe(143)
    await started.gone()
  })

  // Skipped where there is no redis-server: there nothing is known about it.
  test.runIf(hasRedis)(
    'at a real Redis, redis-cli and ioredis see what was said',
    { concurrent: true },
    async () => {
      const { url, port, stop } = await startRedis()
      try {
        const args = ['run', '-s', 'queue-consumer', '-p', 'priority', '-r', '1', '--reporter', 'json']
        const settings = [...SMALL, '--set', `redis=${url}`]
        const kept = await loopdyno([...args, ...settings, '--set', 'stream=kept', '--out', 'kept'], {
          cwd: folder,
        })
        expect(kept.code, kept.stdout + kept.stderr).toBe(0)
        const { stdout } = await run('redis-cli', ['-p', port, 'xpending', 'kept', 'loopdyno'])
        expect(stdout.trim()).toBe('0')
        const redis = new Redis(url)
        const ids = (await redis.xrange('kept', '-', '+')).map(([, fields]) => JSON.parse(fields[1]!).id)
        expect(ids).toEqual(Array.from({ length: 200 }, (_, id) => id))
        const { metrics } = cellOf(readSummary(`${folder}/kept`), 'priority', 'queue-consumer')
        expect(metrics.redelivered!.value).toBeGreaterThanOrEqual(metrics.left!.value)
        await redis.set('mine', 1)
        const other = await loopdyno([...args, ...settings, '--set', 'stream=mine', '--out', 'other'], {
          cwd: folder,
        })
        expect(other.code).not.toBe(0)
        expect(readSummary(`${folder}/other`).cells[0]!.reason).toContain('not a stream of an earlier run')
        // Neither it nor what a run makes for itself is touched, or left.
        await loopdyno([...args, '-p', 'node', ...settings, '--out', 'own'], { cwd: folder })
        expect((await redis.keys('*')).sort()).toEqual(['kept', 'mine'])
        redis.disconnect()
      } finally {
        await stop()
      }
    },
  )

  test.concurrent('a Redis that is not there is named', async () => {
    const args = [
      'run',
      '-s',
      'queue-consumer',
      '-p',
      'fifo',
      '-r',
      '1',
      '--reporter',
      'json',
      '--out',
      'none',
    ]
    await loopdyno([...args, '--set', 'redis=redis://127.0.0.1:1'], { cwd: folder })
    const [cell] = readSummary(`${folder}/none`).cells
    expect([cell!.status, cell!.reason]).toEqual([
      'failed',
      expect.stringContaining('No Redis at redis://127.0.0.1:1'),
    ])
  })
})
