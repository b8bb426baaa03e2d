import type { Address, Loop } from '../../harness/api.ts'
import type { BrokerSays, Message } from './broker.ts'
import { Wire } from './wire.ts'

export interface Delivery {
  readonly message: Message
  /** 1 the first time, as far as the broker knows. */
  readonly attempt: number
}

/** A consumer's connection to a broker, of whatever kind. */
export interface Subscription {
  /** The next message; `undefined` when there will be no more. Fails with the connection's error. */
  receive(): Promise<Delivery | undefined>
  /** The message is dealt with, and need not come again. */
  acknowledge(message: Message): PromiseLike<void> | void
  /** Ends in order. */
  close(): void
  /** Breaks off, as a process that dies does: what is unacknowledged comes again, here or elsewhere. */
  abort(): void
}

/** Opens a subscription; `name` is a new one each time. Fails with the connection's error. */
export type Subscribe = (name: string, prefetch: number) => Promise<Subscription>

/** Consumers of the embedded broker. */
export function subscribeAt(loop: Loop, address: Address): Subscribe {
  return async (_, prefetch) => {
    const stream = await loop.connect(address)
    const wire = new Wire<BrokerSays>(stream)
    wire.send({ type: 'consume', prefetch })
    return {
      async receive() {
        const said = await wire.receive()
        if (said === undefined) throw new BrokerGone('The broker ended the connection')
        return said.type === 'end' ? undefined : said
      },
      acknowledge: ({ id }) => wire.send({ type: 'ack', id }),
      close: () => stream.close(),
      abort: () => stream.reset(),
    }
  }
}

/** The broker has ended the connection in the middle: an error of the connection, like a reset. */
class BrokerGone extends Error {
  override readonly name = 'BrokerGone'
  readonly code = 'ERR_BROKER_GONE'
}
