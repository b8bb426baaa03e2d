import { constants } from 'node:os'
import type { FdSelector, IoEvent, TransportOwner } from '../contracts.ts'
import type { Syscalls } from './syscalls.ts'

export const ERRNO = constants.errno

/** What sockets need of the selector they live on. */
export interface SocketHost extends FdSelector {
  readonly sys: Syscalls
  /** One for all sockets: a chunk is copied out before anything else is read. */
  readonly readBuffer: Uint8Array
  /** The next `select` emits the event first, and does not wait: for work that is cut up to be fair. */
  again(event: IoEvent): void
  /** Emits the event after the delay, or as soon as one of our descriptors is closed. */
  retryLater(event: IoEvent, delayNs: number): void
  /** Stops watching and closes. */
  closeFd(fd: number): void
}

/** Whom a transport belongs to until it is told. */
export const OWNERLESS: TransportOwner = {
  received: () => {
    throw new Error('A transport needs an owner: set it inside the handle in which it was handed over')
  },
  ended: () => {},
  drained: () => {},
  closed: () => {},
}
