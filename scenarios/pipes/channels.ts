import { Socket } from 'node:net'
import {
  type Attributes,
  type FdSelector,
  type IoEvent,
  isFdSelector,
  type Loop,
  type Pipe,
} from '../../harness/api.ts'

/** One pipe as the ring sees it. */
export interface Channel {
  /** Writes one byte; false where there was no room for it. */
  send(): boolean
  close(): void
}

/** Watches a pipe and tells, from a handle of the loop's, how many bytes came. Owns the pipe from then on. */
export type WatchPipe = (loop: Loop, pipe: Pipe, received: (bytes: number) => void) => Channel

const BYTE = new Uint8Array([101])
/** Where nobody looks at what was read, one serves all. Larger than what the ring ever has in one pipe. */
const READ_BUFFER = new Uint8Array(4096)

/** Under the loop's own selector where it watches descriptors, else by Node, whose sockets libuv watches. */
export const watchPipe: WatchPipe = (loop, pipe, received) => {
  const { selector } = loop
  return isFdSelector(selector)
    ? new WatchedPipe(selector, pipe, loop.currentAttributes, received)
    : new NodePipe(loop, pipe, received)
}

/** What libevent's `bench.c` has: an event for the descriptor, and one read when it comes. */
class WatchedPipe implements Channel, IoEvent {
  readonly name = 'pipe'
  readonly attributes: Attributes
  pending = false
  readonly #selector: FdSelector
  readonly #pipe: Pipe
  readonly #received: (bytes: number) => void

  constructor(selector: FdSelector, pipe: Pipe, attributes: Attributes, received: (bytes: number) => void) {
    this.#selector = selector
    this.#pipe = pipe
    this.attributes = attributes
    this.#received = received
    selector.watch(pipe.readFd, this, undefined)
  }

  /** A read that does not fill the buffer has emptied the pipe: the selector may be asked again. */
  run(): void {
    const bytes = this.#pipe.read(READ_BUFFER)
    this.#selector.rearm(this.#pipe.readFd, 'readable')
    // −1: a byte that came while this event waited for its turn was announced a second time.
    if (bytes > 0) this.#received(bytes)
  }

  send(): boolean {
    return this.#pipe.write(BYTE) === 1
  }

  close(): void {
    this.#selector.unwatch(this.#pipe.readFd)
    this.#pipe.closeReadEnd()
    this.#pipe.closeWriteEnd()
  }
}

/** The same descriptors, read by a socket of Node's: what libuv announces becomes a handle of the loop's. */
class NodePipe implements Channel {
  readonly #pipe: Pipe
  readonly #socket: Socket

  constructor(loop: Loop, pipe: Pipe, received: (bytes: number) => void) {
    this.#pipe = pipe
    const { className } = loop.currentAttributes
    const callback = (bytes: number) => {
      loop.callSoon(received, bytes, { name: 'pipe', className })
      return true
    }
    // Not a literal: Node's types do not know `onread` here.
    const options = { fd: pipe.readFd, writable: false, onread: { buffer: READ_BUFFER, callback } }
    this.#socket = new Socket(options)
  }

  send(): boolean {
    return this.#pipe.write(BYTE) === 1
  }

  close(): void {
    this.#socket.destroy() // closes the read end as well
    this.#pipe.closeWriteEnd()
  }
}
