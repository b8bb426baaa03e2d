import type { Address, Loop, Random } from '../../harness/api.ts'
import { WebSocket } from './connection.ts'
import { CLOSE, WebSocketError } from './frames.ts'
import { UpgradeResponse, upgradeRequest } from './handshake.ts'

export interface ClientOptions {
  readonly maxMessageBytes: number
  /**
   * Of keys and masks. A seeded source will do for a load: what RFC 6455 wants them unpredictable for is a page that
   * makes a browser write what a proxy takes for HTTP.
   */
  readonly random: Random
}

/** Connects and opens a WebSocket. Fails with the network's error, or with `WebSocketError`. */
export async function openWebSocket(
  loop: Loop,
  address: Address,
  { maxMessageBytes, random }: ClientOptions,
): Promise<WebSocket> {
  const stream = await loop.connect(address)
  const key = Buffer.from(Array.from({ length: 16 }, () => random.integer(256))).toString('base64')
  stream.write(upgradeRequest('/', hostOf(address), key))
  const response = new UpgradeResponse(key)
  while (true) {
    const chunk = await stream.read()
    if (chunk === undefined) throw new WebSocketError(CLOSE.abnormal, 'The server ended before its answer')
    const first = response.feed(chunk)
    if (first === undefined) continue
    const nextMask = () => random.integer(2 ** 32)
    return new WebSocket(loop, stream, { maxMessageBytes, nextMask }, first)
  }
}

export function hostOf(address: Address): string {
  return 'path' in address ? 'localhost' : `${address.host}:${address.port}`
}
