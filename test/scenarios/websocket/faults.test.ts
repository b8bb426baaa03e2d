/** What the faulty clients find out about a server that does not care, and what the server's books say of leaks. */
import { describe, expect, test } from 'vitest'
import type { Address } from '../../../harness/contracts.ts'
import type { Loop } from '../../../harness/loop/loop.ts'
import type { Stream } from '../../../harness/loop/streams.ts'
import { createRandom } from '../../../harness/random.ts'
import { openWebSocket } from '../../../scenarios/websocket/client.ts'
import { misbehave } from '../../../scenarios/websocket/faults.ts'
import { acceptOf } from '../../../scenarios/websocket/handshake.ts'
import { RoomServer } from '../../../scenarios/websocket/server.ts'
import rooms from '../../../scenarios/websocket-rooms.ts'
import { twoHosts } from '../../world/simulate.ts'
import { testContext } from '../context.ts'

const CLASSES = { classes: rooms.classes as Record<string, object> }
const ANYWHERE = { host: '127.0.0.1', port: 0 }

async function findings(serve: (server: Loop) => (stream: Stream) => Promise<void>): Promise<string[]> {
  const { world, client, server } = await twoHosts()
  Object.assign(server, CLASSES)
  const { address } = server.listen(ANYWHERE, serve(server))
  const { ctx, failures } = testContext(rooms, {}, { address })
  const random = createRandom(1)
  const misbehaving = client.spawn(async () => {
    const faults = misbehave({ loop: client, address, params: ctx.params, random }, ctx)
    await client.sleep(2e9)
    await faults.end()
  })
  await world.run([misbehaving])
  misbehaving.result()
  return failures
}

/** Opens every WebSocket, and then neither reads nor answers, nor ends anything. */
async function negligent(stream: Stream): Promise<void> {
  const head = Buffer.from((await stream.read()) ?? []).toString('latin1')
  const [, key] = /Sec-WebSocket-Key: (.*)\r\n/.exec(head) ?? []
  const lines = ['HTTP/1.1 101 x', 'Upgrade: websocket', 'Connection: Upgrade']
  stream.write(Buffer.from([...lines, `Sec-WebSocket-Accept: ${acceptOf(key ?? '')}`, '', ''].join('\r\n')))
  await stream.closedFuture
}

describe('faulty clients', () => {
  test('have nothing to say against our server', async () => {
    expect(await findings((loop) => new RoomServer(loop, rooms.params.parse({})).serve)).toEqual([])
  })

  test('find out a server that does not care', async () => {
    const said = (await findings(() => negligent)).join('\n')
    for (const [what, code] of [
      ['an unmasked frame', 1002],
      ['text that is not UTF-8', 1007],
      ['an oversized frame', 1009],
      ['what is no message', 1008],
    ]) {
      expect(said).toContain(`closed with undefined instead of ${code} on ${what}`)
    }
    expect(said).toContain('did not end a connection that its peer had ended')
    expect(said).toContain('did not end a connection after its Close')
    expect(said).toContain('did not give up a peer that fell silent')
    expect(said).toContain('did not answer a plain request with 404')
    expect(said).toContain('did not understand what came byte by byte')
  })
})

test('a connection that was left open stands in the books of the server', async () => {
  const { world, client, server } = await twoHosts()
  const books = new RoomServer(server, rooms.params.parse({}))
  const { address } = server.listen(ANYWHERE, books.serve)
  const open = (to: Address) => openWebSocket(client, to, { maxMessageBytes: 100, random: createRandom(1) })
  await world.run([client.spawn(() => open(address))])
  expect([...books.broken()]).toEqual([
    '1 connections were left open',
    '1 connections were accepted and 0 have ended',
  ])
  await world.run([server.spawn(() => books.shutDown())])
  expect([...books.broken()]).toEqual([])
})
