/** What clients of the rooms may say, as JSON texts. A message is relayed to its room as it came, byte for byte. */
export type Request =
  | { readonly type: 'subscribe'; readonly room: string }
  | { readonly type: 'message'; readonly room: string; readonly class: MessageClass }
  /** Leaves all rooms. Answered with a `Left` when all that was kept for the subscriber is on its way. */
  | { readonly type: 'leave' }

export type MessageClass = 'alert' | 'chat'

/** What the server's books say of one subscriber. */
export interface Left {
  readonly type: 'left'
  /** Messages to its rooms while it was there. */
  readonly offered: number
  readonly dropped: number
  /** The most messages that were kept for it at once. */
  readonly mostHeld: number
}

const LONGEST_ROOM = 64

/** `undefined` for what is no request. */
export function parseRequest(text: string): Request | undefined {
  const request = parseObject(text)
  if (request.type === 'leave') return { type: 'leave' }
  const { room } = request
  if (typeof room !== 'string' || room === '' || room.length > LONGEST_ROOM) return undefined
  if (request.type === 'subscribe') return { type: 'subscribe', room }
  if (request.type !== 'message') return undefined
  // Without a class it is chat: a person who types one by hand is in no hurry.
  const className = request.class ?? 'chat'
  return className === 'alert' || className === 'chat'
    ? { type: 'message', room, class: className }
    : undefined
}

/** Empty for what is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
