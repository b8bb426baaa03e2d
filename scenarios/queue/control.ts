import type { MessageClass } from './params.ts'

/** What the side that publishes tells the consumers' side, over a connection of their own. */
export type DriverSays =
  /** Where the broker is. */
  | { readonly type: 'broker'; readonly host: string; readonly port: number }
  | { readonly type: 'redis'; readonly url: string; readonly stream: string }
  /** All is published, and acknowledged as well unless hope was given up. */
  | { readonly type: 'published'; readonly count: number; readonly settled: boolean }

/** What that answers. */
export type ConsumersSay =
  /** Where the broker itself cannot say so. */
  | { readonly type: 'acknowledged'; readonly id: number; readonly className: MessageClass }
  /** The consumers have ended, and their books are judged. */
  | { readonly type: 'ended'; readonly effects: number }
