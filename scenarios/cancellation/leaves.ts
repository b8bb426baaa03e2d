/** What a leaf does: each holds something that a cancellation at any await must not leak. */
import { type Future, ms, type Random, type Stream, us } from '../../harness/api.ts'
import { PING } from './echo.ts'
import type { Ground, Leaf } from './ground.ts'

async function sleep({ loop, ctx }: Ground, random: Random): Promise<void> {
  await loop.sleep(random.exponential(ms(ctx.params.leafMs)))
  loop.work(us(ctx.params.workUs))
}

/** Opens a connection, sends, waits for the echo, closes. */
async function talk(ground: Ground): Promise<void> {
  try {
    const stream = await owned(opened(ground))
    try {
      stream.write(PING)
      await stream.readExactly(PING.length)
      ground.loop.work(us(ground.ctx.params.workUs))
    } finally {
      stream.close()
    }
  } catch (error) {
    // Reset by the server, or no descriptor left for it: no reason to fail.
    if ((error as { code?: string }).code === undefined) throw error
    ground.ctx.meter.count('client.broken')
  }
}

/** A connection on its way, counted when it is there and when it is gone. */
export function opened({ loop, ledger, address }: Ground): Future<Stream> {
  const connecting = loop.connect(address)
  connecting.addDoneCallback(() => {
    if (connecting.failed) return
    ledger.opened('client sockets')
    connecting.result().closedFuture.addDoneCallback(() => ledger.closed('client sockets'))
  })
  return connecting
}

/**
 * Who is cancelled when the connection is there, but before he could run again, gets the cancellation and not the
 * stream: then somebody has to close it. (In asyncio as well.)
 */
async function owned(connecting: Future<Stream>): Promise<Stream> {
  try {
    return await connecting
  } catch (error) {
    if (connecting.done && !connecting.failed) connecting.result().close()
    throw error
  }
}

function holdPermit(ground: Ground, random: Random): Promise<void> {
  const { permits, ledger } = ground
  return permits.with(async () => {
    ledger.opened('permits')
    try {
      await sleep(ground, random)
    } finally {
      ledger.closed('permits')
    }
  })
}

async function produce({ loop, ctx, queue, ledger }: Ground, random: Random): Promise<void> {
  loop.work(us(ctx.params.workUs))
  await queue.put(random.integer(1e6))
  ledger.opened('queue items')
}

/** What must be finished whatever happens to who wants it, such as a commit. */
async function commit(ground: Ground, random: Random): Promise<void> {
  const { loop, ledger } = ground
  ledger.opened('shielded tasks')
  const committing = loop.spawn(
    async () => {
      await sleep(ground, random)
      ledger.closed('shielded tasks')
    },
    { name: 'commit' },
  )
  await loop.shield(committing)
}

export const leaves: Readonly<Record<string, Leaf>> = { sleep, talk, holdPermit, produce, commit }
