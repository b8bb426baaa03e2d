/**
 * A child process with few descriptors (`ulimit -n`): the server of `connections`, that prints its port, and at the end
 * of its input how many connections it has had and how often accepting failed.
 */
import { ms } from '../../harness/durations.ts'
import { EchoServer } from '../../scenarios/connections/server.ts'
import { realLoop, run } from './bench-loop.ts'

const loop = realLoop({})
const server = new EchoServer(loop)
const listener = loop.listen({ host: '127.0.0.1', port: 0 }, server.serve)
process.stdout.write(`${JSON.stringify(listener.address)}\n`)
let over = false
process.stdin.resume().on('end', () => {
  over = true
})
while (!over) {
  await run(loop, () => loop.sleep(ms(5)))
  await new Promise((resolve) => setImmediate(resolve))
}
process.stdout.write(`${JSON.stringify({ opened: server.opened, failures: loop.acceptFailures })}\n`)
process.exit(0)
