/** What programs on two hosts send each other, and what they see of it. */
import type { NetworkError } from '../../harness/contracts.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { Stream } from '../../harness/loop/streams.ts'
import type { SimulatedSelector } from '../../harness/selectors/simulated.ts'
import type { World } from '../../harness/world/world.ts'
import { runUntilNs } from './simulate.ts'

export const MS = 1e6
export const ANYWHERE = { host: '127.0.0.1', port: 0 }

export interface Hosts {
  readonly world: World
  readonly client: Loop
  readonly server: Loop
}

/** Counts the news that comes for a time at which its host has already looked: what a world must never let happen. */
export function watchLateNews(loop: Loop): { count: number } {
  const late = { count: 0 }
  let lookedNs = Number.NEGATIVE_INFINITY
  const selector = loop.selector as SimulatedSelector
  const { deliverAt, select } = selector
  selector.select = (timeoutNs, emit) => {
    lookedNs = loop.nowNs()
    return select.call(selector, timeoutNs, emit)
  }
  selector.deliverAt = (atNs, arrive) => {
    if (atNs < lookedNs) late.count++
    deliverAt.call(selector, atNs, arrive)
  }
  return late
}

/** When each message of so many bytes arrives, ns, where the client sends one at each of these times. */
export async function arrivalsOf(
  { world, client, server }: Hosts,
  sendTimesNs: readonly number[],
  bytes = 1,
): Promise<number[]> {
  const arrivals: number[] = []
  const received = server.createFuture()
  const listener = server.listen(ANYWHERE, async (stream) => {
    for (let i = 0; i < sendTimesNs.length; i++) {
      await stream.readExactly(bytes)
      arrivals.push(server.nowNs())
    }
    received.setResult()
  })
  client.spawn(async () => {
    const stream = await client.connect(listener.address)
    for (const atNs of sendTimesNs) client.callAt(atNs, () => stream.write(new Uint8Array(bytes)))
  })
  await world.run([received])
  return arrivals
}

export const times = (count: number, fromNs: number, stepNs: number) =>
  Array.from({ length: count }, (_, i) => fromNs + i * stepNs)

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** What each end of so many idle connections was told within `patienceNs`, and when, ns after it was connected. */
export async function fates({ world, client, server }: Hosts, count: number, patienceNs: number) {
  const watch = async (loop: Loop, stream: Stream) => {
    const sinceNs = loop.nowNs()
    try {
      await loop.timeout(patienceNs, () => stream.read())
      return { code: 'END', afterNs: 0 }
    } catch (error) {
      return { code: (error as NetworkError).code ?? 'NONE', afterNs: loop.nowNs() - sinceNs }
    }
  }
  const atServer = new Map<number, string>()
  const { address } = server.listen(ANYWHERE, async (stream) => {
    const { port } = stream.remoteAddress as { port: number }
    atServer.set(port, (await watch(server, stream)).code)
  })
  const clients = times(count, 0, 1).map(() =>
    client.spawn(async () => {
      const stream = await client.connect(address)
      const { port } = stream.localAddress as { port: number }
      return { port, ...(await watch(client, stream)) }
    }),
  )
  await world.run(clients)
  await runUntilNs(world, [client, server], client.nowNs() + 2 * patienceNs)
  const ends = clients.map((each) => each.result())
  return { ends, both: ends.map(({ port, code }) => `${code} ${atServer.get(port)}`) }
}
