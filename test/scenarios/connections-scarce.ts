/**
 * A child process with few descriptors left: the server of `connections`, that prints its port, then that accepting has
 * failed for the first time, and at the end of its input how many connections it has had.
 */
import { readdirSync } from 'node:fs'
import koffi from 'koffi'
import { ms } from '../../harness/durations.ts'
import { EchoServer } from '../../scenarios/connections/server.ts'
import { realLoop, run } from './bench-loop.ts'

const loop = realLoop({})
const server = new EchoServer(loop)
const listener = loop.listen({ host: '127.0.0.1', port: 0 }, server.serve)
leaveDescriptors(20)
process.stdout.write(`${JSON.stringify(listener.address)}\n`)
await run(loop, async () => {
  while (loop.acceptFailures === 0) await loop.sleep(ms(1))
  process.stdout.write('failed\n')
})
let over = false
process.stdin.resume().on('end', () => {
  over = true
})
while (!over) {
  await run(loop, () => loop.sleep(ms(5)))
  await new Promise((resolve) => setImmediate(resolve))
}
process.stdout.write(`${JSON.stringify({ opened: server.opened })}\n`)
process.exit(0)

/** Only now: to load the modules of a program takes more of them at once than can be foreseen. */
function leaveDescriptors(count: number): void {
  const RLIMIT_NOFILE = 7
  const setrlimit = koffi.load('libc.so.6').func('int setrlimit(int, const uint64_t *)')
  const most = BigInt(readdirSync('/proc/self/fd').length + count)
  if (setrlimit(RLIMIT_NOFILE, new BigUint64Array([most, most])) !== 0) throw new Error('setrlimit failed')
}
