/** Real sockets, and on the other side the client and the server of `ws`. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { SelectorName } from '../../../harness/contracts.ts'
import { createRealRuntime } from '../../../harness/measure/runtime.ts'
import { preparePolicy } from '../../../harness/policy-parts.ts'
import { createRandom } from '../../../harness/random.ts'
import { openWebSocket } from '../../../scenarios/websocket/client.ts'
import rooms from '../../../scenarios/websocket-rooms.ts'
import { testContext } from '../context.ts'

async function runtime(policy: string, selector: SelectorName) {
  const prepared = await preparePolicy(policy)
  const classes = rooms.classes as Record<string, object>
  return createRealRuntime({ policy: prepared, selector, classes, random: createRandom(1) })
}

/** The server while `clients` talk to it; gives what it found wrong and counted. */
async function serving(
  policy: string,
  selector: SelectorName,
  clients: (url: string) => Promise<void>,
  more: object = {},
) {
  const { loop, run } = await runtime(policy, selector)
  const loadFinished = loop.createFuture()
  let talking: Promise<void> = Promise.resolve()
  const finish = () => loop.callSoonThreadsafe(() => loadFinished.setResult())
  const ready = (address: object) => {
    const { host, port } = address as { host: string; port: number }
    talking = clients(`ws://${host}:${port}/`).finally(finish)
    talking.catch(() => {}) // awaited below
  }
  const params = { chatUs: 0, alertUs: 0, chatBytes: 100_000, ...more }
  const { ctx, measured, failures } = testContext(rooms, params, { loadFinished, ready })
  await run(loop.spawn(() => rooms.serve!(loop, ctx)))
  loop.close()
  await talking
  return { counts: measured.counts, failures }
}

interface Peer {
  readonly socket: WebSocket
  say(message: object): void
  next(): Promise<Record<string, unknown>>
}

async function connect(url: string): Promise<Peer> {
  const socket = new WebSocket(url)
  const texts: string[] = []
  let wake = () => {}
  socket.on('message', (data) => {
    texts.push(String(data))
    wake()
  })
  await once(socket, 'open')
  return {
    socket,
    say: (message) => socket.send(JSON.stringify(message)),
    async next() {
      if (texts.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return JSON.parse(texts.shift()!)
    },
  }
}

async function closeOf(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = await once(socket, 'close')
  return [code as number, String(reason)]
}

const WAYS = [
  ['fifo', 'epoll'],
  ['priority', 'poll'],
  ['lifo', 'libuv'],
  ['node', 'libuv'],
] as const

describe.runIf(process.platform === 'linux')('the rooms and the client of ws', () => {
  test.each(WAYS)('publish, subscribe and close in order under %s on %s', async (policy, selector) => {
    const { counts, failures } = await serving(policy, selector, async (url) => {
      const [ann, bob, eve] = [await connect(url), await connect(url), await connect(url)]
      expect(ann.socket.extensions).toBe('')
      for (const [peer, room, members] of [
        [ann, 'a', 1],
        [bob, 'a', 2],
        [eve, 'b', 1],
      ] as const) {
        peer.say({ type: 'subscribe', room })
        expect(await peer.next()).toEqual({ type: 'subscribed', room, members })
      }
      const long = { type: 'message', room: 'a', class: 'alert', text: 'é'.repeat(45_000) }
      ann.say(long)
      expect([await ann.next(), await bob.next()]).toEqual([long, long])
      const text = JSON.stringify({ type: 'message', room: 'a', class: 'chat', text: '€' })
      const bytes = Buffer.from(text)
      bob.socket.send(bytes.subarray(0, -4), { fin: false, binary: false })
      bob.socket.ping('between')
      bob.socket.send(bytes.subarray(-4), { fin: true, binary: false })
      expect(String((await once(bob.socket, 'pong'))[0])).toBe('between')
      expect([JSON.stringify(await ann.next()), JSON.stringify(await bob.next())]).toEqual([text, text])
      eve.say({ type: 'leave' })
      expect(await eve.next()).toEqual({ type: 'left', offered: 0, dropped: 0, mostHeld: 0 })
      ann.socket.close(1000, 'bye')
      expect(await closeOf(ann.socket)).toEqual([1000, ''])
      bob.socket.terminate()
    })
    expect(failures).toEqual([])
    expect([counts.get('published'), counts.get('connections'), counts.get('dropped')]).toEqual([2, 3, 0])
  })

  test('who breaks the rules is told so, and nobody else is hurt', async () => {
    const { counts, failures } = await serving('fifo', 'epoll', async (url) => {
      const good = await connect(url)
      const cases = [
        [(socket: WebSocket) => socket.send(Buffer.from([1]), { binary: true }), 1008],
        [(socket: WebSocket) => socket.send('no JSON'), 1008],
        [(socket: WebSocket) => socket.send(`{"type":"subscribe","room":"${'r'.repeat(65)}"}`), 1008],
        [(socket: WebSocket) => socket.send('x'.repeat(102_000)), 1009],
        [(socket: WebSocket) => socket.send(Buffer.from([0xff]), { binary: false }), 1007],
      ] as const
      for (const [offend, code] of cases) {
        const { socket } = await connect(url)
        socket.on('error', () => {})
        const closed = closeOf(socket)
        offend(socket)
        expect((await closed)[0]).toBe(code)
      }
      const wrong = new WebSocket(url, { protocolVersion: 8 })
      expect((await once(wrong, 'error'))[0].message).toContain('426')
      good.say({ type: 'leave' })
      expect((await good.next()).type).toBe('left')
    })
    expect(failures).toEqual([])
    expect(counts.get('connections.refused')).toBe(6)
  })

  test('clients that are there when the server stops are told so', async () => {
    let closed: Promise<[number, string]> | undefined
    const { failures } = await serving('fifo', 'epoll', async (url) => {
      closed = closeOf((await connect(url)).socket)
    })
    expect(await closed).toEqual([1001, 'The server stops'])
    expect(failures).toEqual([])
  })

  test('a silent client is pinged, and given up where it does not answer', async () => {
    const talk = async (url: string) => {
      const [alive, dead] = [await connect(url), new WebSocket(url, { autoPong: false })]
      await once(dead, 'ping')
      dead.on('error', () => {})
      expect((await closeOf(dead))[0]).toBe(1006)
      expect(alive.socket.readyState).toBe(WebSocket.OPEN)
    }
    const { counts, failures } = await serving('fifo', 'epoll', talk, { silenceMs: 200 })
    expect([counts.get('connections.silent'), failures]).toEqual([1, []])
  })
})

test.runIf(process.platform === 'linux')('our client understands the server of ws', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const closed = once(server, 'connection').then(async ([socket]: WebSocket[]) => {
    socket!.on('message', (data, isBinary) => socket!.send(data, { binary: isBinary }))
    socket!.ping('are you there')
    await once(socket!, 'pong')
    return closeOf(socket!)
  })
  const { loop, run } = await runtime('fifo', 'epoll')
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const talk = loop.spawn(async () => {
    const socket = await openWebSocket(loop, address, { maxMessageBytes: 1e6, random: createRandom(3) })
    const texts = ['', 'a', 'é'.repeat(100), 'x'.repeat(70_000)]
    const echoes: (string | undefined)[] = []
    for (const text of texts) {
      socket.sendText(text)
      const data = await socket.receive()
      echoes.push(data?.kind === 'text' ? data.text : undefined)
    }
    await socket.close(3000, 'done')
    return { texts, echoes, code: socket.closeCode }
  })
  await run(talk)
  loop.close()
  const { texts, echoes, code } = talk.result()
  expect(echoes).toEqual(texts)
  expect([code, await closed]).toEqual([3000, [3000, 'done']])
  server.close()
})
