import { Invocation } from '../e2e/cli.ts'
import type { StartServer } from './http-server.conformance.ts'

/** What the server says of a slow machine is no fault of its own. */
const SLOW = /held the loop for|starved: a ready handle waited/

/** Starts `http-server` as its user would: `loopdyno serve`, stopped by SIGINT. */
export function servingWith(policy: string, selector: string): StartServer {
  return async (params) => {
    const settings = Object.entries(params).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    const args = ['serve', 'http-server', '--policy', policy, '--selector', selector, '--port', '0']
    const server = new Invocation([...args, ...settings], { timeLimitMs: 120_000 })
    await server.until('the server listened', () => server.stdout.includes('\n'))
    return {
      port: Number(/^Listening on http:\/\/127\.0\.0\.1:(\d+) /.exec(server.stdout)![1]),
      async stop() {
        server.signal('SIGINT')
        const { code, stderr } = await server.ended
        const said = stderr.split('\n').filter((line) => line !== '' && !SLOW.test(line))
        if (code !== 130 || said.join() !== 'Closing')
          throw new Error(`The server ended with ${code}: ${stderr}`)
      },
    }
  }
}

export const startInChild = servingWith('fifo', 'epoll')
