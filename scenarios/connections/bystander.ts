/**
 * A process that holds connections to itself, so that the machine has more of them than one process may. `connections`
 * starts it with an IPC channel and tells it how many it should hold; it ends with that channel.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Connections made at once: fewer than a listener keeps waiting. */
const AT_ONCE = 128
/** How long an answer may take. */
const PATIENCE_MS = 5000

export type Order = { readonly hold: number } | { readonly sweep: true }
/** `count`: connections held, or those of them that answered. */
export interface Done {
  readonly count: number
}

const sockets: Socket[] = []
const server = createServer({ noDelay: true }, (socket) => {
  socket.pipe(socket)
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

process.on('disconnect', () => {
  for (const socket of sockets) socket.resetAndDestroy() // ports would wait for a minute otherwise
  process.exit()
})
process.on('message', (order: Order) => {
  const count = 'hold' in order ? hold(order.hold) : sweep()
  count.then(
    (count) => process.send!({ count } satisfies Done),
    (error) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function hold(count: number): Promise<number> {
  while (sockets.length < count) {
    const opening = Array.from({ length: Math.min(AT_ONCE, count - sockets.length) }, open)
    sockets.push(...(await Promise.all(opening)))
  }
  return sockets.length
}

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

async function sweep(): Promise<number> {
  let answered = 0
  for (let from = 0; from < sockets.length; from += AT_ONCE) {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const asked = await Promise.all(
      sockets.slice(from, from + AT_ONCE).map((socket) => answers(socket, signal)),
    )
    answered += asked.filter(Boolean).length
  }
  return answered
}

async function answers(socket: Socket, signal: AbortSignal): Promise<boolean> {
  socket.write('?')
  return once(socket, 'data', { signal }).then(
    () => true,
    () => false,
  )
}
