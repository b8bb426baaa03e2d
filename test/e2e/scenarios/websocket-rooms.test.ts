/** The rooms through the real command line: a matrix, a browser, and nothing left behind. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { cellOf, readSummary, statuses, temporaryFolder } from '../folders.ts'

const CHROMIUM = '/usr/bin/chromium'
const folder = temporaryFolder()
const QUICK = ['durationMs=250', 'warmupMs=50', 'buffer=4', 'silenceMs=800'].flatMap((each) => [
  '--set',
  each,
])

/** A browser's dump waits for the page's load event, and that for a picture that comes when the page is done. */
const page = (
  url: string,
) => `<!doctype html><title>waiting</title><pre id="log"></pre><img src="/picture"><script>
const say = (line) => log.append(line + '\\n')
const socket = new WebSocket('${url}')
socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', room: 'é' }))
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  if (message.type === 'message') { say(message.text); socket.close(3001, 'enough') }
  else socket.send(JSON.stringify({ type: 'message', room: 'é', class: 'alert', text: '€'.repeat(3) }))
}
socket.onclose = ({ code, wasClean }) => { say(code + ' ' + wasClean); fetch('/done') }
</script>`

/** What Chromium makes of the page that talks to the server there. */
async function inChromium(url: string): Promise<string> {
  let picture: ServerResponse | undefined
  const server = createServer((request, response) => {
    if (request.url === '/') response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page(url))
    else if (request.url === '/picture') picture = response
    else {
      response.end()
      if (request.url === '/done') picture!.end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    `--user-data-dir=${folder}/chromium`,
    '--dump-dom',
  ]
  try {
    const { stdout } = await promisify(execFile)(CHROMIUM, [...args, `http://127.0.0.1:${port}/`], {
      timeout: 20_000,
    })
    return stdout
  } finally {
    server.close()
  }
}

describe.runIf(process.platform === 'linux')('websocket-rooms', { timeout: 60_000 }, () => {
  test.concurrent('keeps its promises on real sockets, under a policy of ours and under Node', async () => {
    const run = ['run', '-s', 'websocket-rooms', '-p', 'priority,node', '--out', 'out', '-r', '1']
    const { code, stderr } = await loopdyno([...run, '--reporter', 'json', ...QUICK], { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const summary = readSummary(`${folder}/out`)
    expect(statuses(summary).sort()).toEqual([
      'websocket-rooms epoll priority: ok',
      'websocket-rooms libuv node: ok',
    ])
    const { metrics } = cellOf(summary, 'priority', 'websocket-rooms')
    expect(metrics['latency.alert.p99']!.unit).toBe('ns')
    expect(metrics['missed.fast']!.value).toBe(0)
    expect(metrics['connections.silent']!.value).toBe(1)
  })

  // Skipped where there is no Chromium: there nothing is known about browsers.
  test.runIf(existsSync(CHROMIUM))(
    'a browser subscribes, publishes and closes in order',
    { concurrent: true },
    async () => {
      const args = ['serve', 'websocket-rooms', '--policy', 'priority', '--port', '0']
      const server = new Invocation(args, { cwd: folder })
      await server.until('it listened', () => server.stdout.includes('\n'))
      const [, port] = /^Listening on http:\/\/127\.0\.0\.1:(\d+) /.exec(server.stdout)!
      expect(await inChromium(`ws://127.0.0.1:${port}/`)).toContain('>€€€\n3001 true\n</pre>')
      const silent = connect(Number(port), '127.0.0.1')
      silent.on('error', () => {})
      await once(silent, 'connect')
      const front = await fetch(`http://127.0.0.1:${port}/`)
      expect(await front.text()).toContain('<title>websocket-rooms</title>')
      server.signal('SIGTERM')
      const { code, stderr } = await server.ended
      expect([code, stderr.trim()]).toEqual([143, 'Closing'])
      await server.gone()
      silent.destroy()
    },
  )
})
