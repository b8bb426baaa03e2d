import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from './cli.ts'
import { temporaryFolder } from './folders.ts'

const folder = temporaryFolder()
const hasCurl = await promisify(execFile)('curl', ['--version']).then(
  () => true,
  () => false,
)

/** `loopdyno serve http-server` on a free port, once it listens. */
async function serving(...args: string[]): Promise<{ server: Invocation; port: number }> {
  const server = new Invocation(['serve', 'http-server', '--port', '0', ...args], { cwd: folder })
  await server.until('it listened', () => server.stdout.includes('\n'))
  const [, port] = /^Listening on http:\/\/127\.0\.0\.1:(\d+) /.exec(server.stdout)!
  return { server, port: Number(port) }
}

interface Answer {
  readonly status: number | undefined
  readonly body: Record<string, unknown>
  /** The connection's port on our side: the same as long as it is the same connection. */
  readonly from: number | undefined
}

function ask(agent: Agent, port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ agent, port, path, host: '127.0.0.1' }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve({ status: response.statusCode, body: JSON.parse(text), from })
    })
    let from: number | undefined
    request.on('socket', (socket) => {
      from = socket.localPort
      socket.once('connect', () => {
        from = socket.localPort
      })
    })
    request.on('error', reject)
  })
}

const WAYS = [
  ['fifo', 'epoll'],
  ['priority', 'poll'],
  ['fifo', 'libuv'],
  ['node', 'libuv'],
] as const

describe.runIf(process.platform === 'linux')('serve', { timeout: 60_000 }, () => {
  test.concurrent.each(WAYS)(
    '%s on %s keeps connections and ends at SIGINT, idle or not',
    async (policy, selector) => {
      const { server, port } = await serving('--policy', policy, '--selector', selector)
      expect(server.stdout).toContain(`(${selector})`)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      try {
        const answers = [await ask(agent, port, '/health'), await ask(agent, port, '/api/x')]
        expect(answers.map(({ status, body }) => [status, body.class])).toEqual([
          [200, 'health'],
          [200, 'api'],
        ])
        expect(answers[1]!.from).toBe(answers[0]!.from)
        const silent = connect(port, '127.0.0.1') // never says anything
        await once(silent, 'connect')
        silent.on('error', () => {}) // a reset at the end is as good as an end
        const signalledMs = performance.now()
        server.signal('SIGINT')
        const { code, stderr } = await server.ended
        expect(performance.now() - signalledMs).toBeLessThan(2000)
        expect([code, stderr.trim()]).toEqual([130, 'Closing'])
        await server.gone(0)
        silent.destroy()
      } finally {
        agent.destroy()
      }
    },
  )

  test.runIf(hasCurl)('curl is answered, twice over one connection', { concurrent: true }, async () => {
    const { server, port } = await serving()
    const url = `http://127.0.0.1:${port}`
    const format = '\n%{http_code} %{num_connects}\n'
    const args = ['-sS', '--max-time', '10', '-w', format, `${url}/health`, `${url}/report/x`]
    const { stdout } = await promisify(execFile)('curl', args)
    const [first, firstFigures, second, secondFigures] = stdout.trim().split('\n')
    expect([JSON.parse(first!).class, firstFigures]).toEqual(['health', '200 1'])
    expect([JSON.parse(second!).class, secondFigures]).toEqual(['report', '200 0'])
    server.signal('SIGTERM')
    expect((await server.ended).code).toBe(143)
  })

  test.concurrent('a port in use is named, without a stack trace', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    try {
      for (const args of [[], ['--policy', 'node']]) {
        const started = ['serve', 'http-server', '--port', String(port), ...args]
        const { code, stdout, stderr } = await loopdyno(started, { cwd: folder, timeLimitMs: 20_000 })
        expect([2, 4]).toContain(code)
        expect([stdout, stderr]).toEqual(['', expect.stringContaining(`127.0.0.1:${port}`)])
        expect(stderr).toContain('in use')
        expect(stderr).not.toMatch(/^ {4}at /m)
      }
    } finally {
      taken.close()
    }
  })
})
