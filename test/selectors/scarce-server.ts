/**
 * A child process with few descriptors (`ulimit -n`): an echo server that prints its port, and at the end of its
 * input how often accepting failed. Run: scarce-server.ts SELECTOR
 */

import { echo } from './bench.ts'
import { makeReal, RealBench, type RealName } from './real-bench.ts'

const bench = new RealBench(makeReal(process.argv[2] as RealName))
let served = 0
let over = false
const listener = bench.network.listen({ host: '127.0.0.1', port: 0 }, (transport) => {
  served++
  echo(transport)
})
process.stdin.on('data', () => {
  over = true
})
process.stdout.write(`${JSON.stringify(listener.address)}\n`)
await bench.runUntil(() => over, 15_000)
process.stdout.write(`${JSON.stringify({ served, failures: listener.acceptFailures })}\n`)
process.exit(0)
