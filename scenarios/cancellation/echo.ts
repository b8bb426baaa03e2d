/** A server that sends back what it gets, after a while, and resets some connections in the middle. */
import { type Loop, ms, type Random, type Stream } from '../../harness/api.ts'
import type { Ledger } from './ledger.ts'
import type { Context } from './params.ts'

export const PING = new TextEncoder().encode('ping')

interface Echo {
  readonly address: { readonly host: string; readonly port: number }
  close(): void
}

export function serveEcho(loop: Loop, ctx: Context, ledger: Ledger): Echo {
  const random = ctx.random.fork('server')
  const serve = async (stream: Stream) => {
    ledger.opened('server sockets')
    stream.closedFuture.addDoneCallback(() => ledger.closed('server sockets'))
    await answer(loop, ctx, stream, random)
  }
  const listener = loop.listen({ host: '127.0.0.1', port: 0 }, serve, { className: 'bulk', name: 'server' })
  return { address: listener.address as Echo['address'], close: () => listener.close() }
}

async function answer(loop: Loop, { params, meter }: Context, stream: Stream, random: Random): Promise<void> {
  const resets = random.uniform() < params.resets
  const pauseNs = random.exponential(ms(params.leafMs))
  try {
    for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) {
      await loop.sleep(pauseNs)
      if (resets) stream.reset()
      else stream.write(bytes)
    }
  } catch (error) {
    // The client was cancelled in the middle, or we have reset it ourselves.
    if ((error as { code?: string }).code === undefined) throw error
    meter.count('server.broken')
  }
}
