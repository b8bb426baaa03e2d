import type { Address, Loop, Stream } from '../../harness/api.ts'

/**
 * `loop.connect` for tasks that may be cancelled, by a time-out for one. A connection that came about before the
 * cancellation, and is handed over after it, is known to nobody: it is reset here.
 */
export async function connect(loop: Loop, address: Address): Promise<Stream> {
  const connecting = loop.connect(address)
  try {
    return await connecting
  } catch (error) {
    if (!connecting.failed) connecting.result().reset()
    throw error
  }
}
