/**
 * A child process that serves `http-server` on an owned loop: epoll, first come first served. Prints its port and
 * a control port; a connection to the latter ends the load, as SIGINT ends `loopdyno serve`.
 */
import { writeSync } from 'node:fs'
import type { Address } from '../../harness/contracts.ts'
import httpServer from '../../scenarios/http-server.ts'
import { realLoop, run } from './bench-loop.ts'
import { testContext } from './context.ts'

function portOf(address: Address): number {
  return 'port' in address ? address.port : 0
}

const loop = realLoop(httpServer.classes)
const loadFinished = loop.createFuture<void>()
const control = loop.listen({ host: '127.0.0.1', port: 0 }, async () => {
  control.close()
  loadFinished.setResult()
})
const ready = (address: Address) => writeSync(1, `${portOf(address)} ${portOf(control.address)}\n`)
const { ctx, failures } = testContext(httpServer, JSON.parse(process.argv[2]!), { ready, loadFinished })

loop.setExceptionHandler(({ message, error }) => failures.push(`${message}: ${error}`))
await run(loop, () => httpServer.serve!(loop, ctx))
loop.close()
if (failures.length > 0) throw new Error(failures.join('\n'))
