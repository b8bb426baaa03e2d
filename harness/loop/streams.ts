import type {
  Address,
  Listener,
  ListenOptions,
  NetworkError,
  Transport,
  TransportOwner,
} from '../contracts.ts'
import { messageOf } from '../errors.ts'
import { Future } from './future.ts'
import type { Loop } from './loop.ts'
import { type Coroutine, isCoroutine, type SpawnOptions, type Task } from './task.ts'

/** Serves one connection. When it ends, the connection is closed; when it throws, the loop is told. */
export type StreamHandler = (stream: Stream) => PromiseLike<void> | Coroutine<void>

// As in asyncio: reading pauses when more than this waits unread, and drain waits when more waits unsent.
const HIGH_WATER_BYTES = 64 * 1024

/** The connection was reset or closed while it was being used. */
class StreamClosedError extends Error implements NetworkError {
  override readonly name = 'StreamClosedError'
  readonly code = 'ERR_STREAM_CLOSED'
}

/**
 * A byte stream over a transport, for coroutines. One reader at a time. What is waiting for it carries the class,
 * priority and deadline of the task that waits.
 */
export class Stream implements TransportOwner {
  readonly loop: Loop
  readonly #transport: Transport
  readonly #closed: Future<void>
  #chunks: Uint8Array[] = []
  #unreadBytes = 0
  #paused = false
  #ended = false
  #error: Error | undefined
  #reader: Future<void> | undefined
  #drainers: Future<void>[] = []

  constructor(loop: Loop, transport: Transport) {
    this.loop = loop
    this.#transport = transport
    this.#closed = new Future<void>(loop)
    transport.owner = this
    transport.attributes = loop.currentAttributes
  }

  get localAddress(): Address {
    return this.#transport.localAddress
  }

  get remoteAddress(): Address {
    return this.#transport.remoteAddress
  }

  /** Bytes written and not yet given to the OS. */
  get bufferedBytes(): number {
    return this.#transport.bufferedBytes
  }

  /** Done when the connection is gone, in whatever way. */
  get closedFuture(): Future<void> {
    return this.#closed
  }

  /**
   * The next bytes, as many as there are up to `maxBytes`; `undefined` at the end of the stream. Fails with the
   * connection's error (`code` ECONNRESET, ...). Does not give way when there is something to read at once.
   */
  async read(maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    // Again, where somebody else took what it was woken for.
    while (this.#isSilent()) await this.#readable()
    if (this.#unreadBytes > 0) return this.#take(maxBytes)
    if (this.#ended) return undefined
    throw this.#error
  }

  /** Exactly `count` bytes; `undefined` when the stream ends before. */
  async readExactly(count: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(count)
    for (let got = 0; got < count; ) {
      const chunk = await this.read(count - got)
      if (chunk === undefined) return undefined
      bytes.set(chunk, got)
      got += chunk.length
    }
    return bytes
  }

  /** Buffers and sends as the peer takes it. The bytes must not be changed afterwards. */
  write(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#transport.write(bytes)
  }

  /** Done when less than the high-water mark (64 KiB) waits to be sent. Fails with the connection's error. */
  drain(): Future<void> {
    const future = new Future<void>(this.loop)
    if (this.#error !== undefined) future.setError(this.#error)
    else if (this.#transport.bufferedBytes <= HIGH_WATER_BYTES) future.setResult()
    else this.#drainers.push(future)
    return future
  }

  /** Half-close: no more is written; reading goes on. */
  end(): void {
    this.#transport.end()
  }

  /** Drops what is unsent and sends RST. */
  reset(): void {
    this.#transport.reset()
  }

  /** Sends what is buffered, then closes. */
  close(): void {
    this.#transport.close()
  }

  // ------------------------------------------------------------------ the transport's calls

  received(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#unreadBytes += chunk.length
    this.#wakeReader()
    if (!this.#paused && this.#unreadBytes > HIGH_WATER_BYTES) {
      this.#paused = true
      this.#transport.pauseReading()
    }
  }

  ended(): void {
    this.#ended = true
    this.#wakeReader()
  }

  drained(): void {
    const drainers = this.#drainers
    this.#drainers = []
    for (const future of drainers) if (!future.done) future.setResult()
  }

  closed(error: NetworkError | undefined): void {
    this.#error = error ?? new StreamClosedError('The connection is closed')
    if (error === undefined) this.#ended = true
    this.#wakeReader()
    const drainers = this.#drainers
    this.#drainers = []
    for (const future of drainers) if (!future.done) future.setError(this.#error)
    if (!this.#closed.done) this.#closed.setResult()
  }

  // ------------------------------------------------------------------ reading

  #isSilent(): boolean {
    return this.#unreadBytes === 0 && !this.#ended && this.#error === undefined
  }

  #readable(): Future<void> {
    if (this.#reader?.done === false) throw new TypeError('Another task is reading this stream')
    this.#transport.attributes = this.loop.currentAttributes
    this.#reader = new Future<void>(this.loop)
    return this.#reader
  }

  #wakeReader(): void {
    const reader = this.#reader
    this.#reader = undefined
    if (reader !== undefined && !reader.done) reader.setResult()
  }

  #take(maxBytes: number): Uint8Array {
    const first = this.#chunks[0]!
    let taken = first
    if (first.length <= maxBytes) this.#chunks.shift()
    else {
      taken = first.subarray(0, maxBytes)
      this.#chunks[0] = first.subarray(maxBytes)
    }
    this.#unreadBytes -= taken.length
    if (this.#paused && this.#unreadBytes <= HIGH_WATER_BYTES / 2) {
      this.#paused = false
      this.#transport.resumeReading()
    }
    return taken
  }
}

/** Serves each connection in a task of its own, named `NAME`, of the class given. */
export function listen(
  loop: Loop,
  address: Address,
  handler: StreamHandler,
  options: ListenOptions & SpawnOptions = {},
): Listener {
  const accepted = (transport: Transport) => {
    const stream = new Stream(loop, transport)
    const task = loop.spawn(() => serve(stream, handler), { name: handler.name || 'connection', ...options })
    task.addDoneCallback(() => reportFailure(task))
  }
  return loop.selector.network.listen(address, accepted, options)
}

async function serve(stream: Stream, handler: StreamHandler): Promise<void> {
  try {
    const serving = handler(stream)
    if (isCoroutine(serving)) await stream.loop.spawn(() => serving, { name: handler.name })
    else await serving
  } finally {
    stream.close()
  }
}

function reportFailure(task: Task<void>): void {
  if (task.cancelled) return
  const error = task.error()
  if (error === undefined) return
  task.loop.reportException({
    message: `Exception in ${task.name}: ${messageOf(error)}`,
    error,
    source: task as Task,
  })
}

/** Fails with a `NetworkError` (ECONNREFUSED, ...); cancelling it gives up. */
export function connect(loop: Loop, address: Address): Future<Stream> {
  const future = new Future<Stream>(loop)
  future.onCancel = loop.selector.network.connect(address, (result) => {
    if (result instanceof Error) {
      if (!future.done) future.setError(result)
    } else if (future.done) result.reset()
    else future.setResult(new Stream(loop, result))
  })
  return future
}
