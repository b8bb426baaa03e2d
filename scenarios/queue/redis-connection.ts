import type { Redis } from 'ioredis'
import { type Loop, UnsupportedError } from '../../harness/api.ts'

/** The consumer group of a run. */
export const GROUP = 'loopdyno'

/**
 * A connection of its own to that Redis. The library is loaded when it is needed: it runs on Node's loop, which is a
 * guest of ours, and nothing of that exists in virtual time. Throws `UnsupportedError` there.
 */
export async function openRedis(loop: Loop, url: string): Promise<Redis> {
  if (loop.clock.kind === 'virtual')
    throw new UnsupportedError('Redis is not there in virtual time: leave out redis=')
  const library = await loop.fromPromise(import('ioredis'))
  const redis = new library.Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null, // who loses a connection here is dead, and another takes its place
  })
  let reason = 'the connection was refused'
  redis.on('error', (error: Error) => {
    reason = error.message
  })
  try {
    await loop.fromPromise(redis.connect())
  } catch {
    throw new Error(`No Redis at ${url}: ${reason}`)
  }
  return redis
}
