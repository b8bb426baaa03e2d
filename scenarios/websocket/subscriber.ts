import type { Loop, Task } from '../../harness/api.ts'
import { isNetworkError, type WebSocket } from './connection.ts'
import { CLOSE } from './frames.ts'
import type { Outbox } from './outbox.ts'
import type { Left } from './protocol.ts'

/** Bytes that may wait in the stream before messages wait in the outbox: where the stream's own `drain` waits. */
const SEND_AHEAD_BYTES = 64 * 1024

/**
 * The sending half of one subscriber: writes at once while the peer keeps up, and fills its outbox while it does not.
 * Only who is behind costs a task.
 */
export class Subscriber {
  readonly #loop: Loop
  readonly #socket: WebSocket
  readonly #outbox: Outbox
  readonly #heldChanged: (by: number) => void
  #pump: Task<void> | undefined
  #leaving = false
  /** Messages to its rooms. */
  offered = 0
  written = 0
  mostHeld = 0
  /** Held when the connection ended. */
  discarded = 0

  /** `heldChanged` is told by how much what is kept for all subscribers has changed. */
  constructor(loop: Loop, socket: WebSocket, outbox: Outbox, heldChanged: (by: number) => void) {
    this.#loop = loop
    this.#socket = socket
    this.#outbox = outbox
    this.#heldChanged = heldChanged
  }

  get dropped(): number {
    return this.#outbox.dropped
  }

  /** False: there was no room and it has to go. */
  deliver(frame: Uint8Array): boolean {
    const { held } = this.#outbox
    this.offered++
    const kept = this.#outbox.offer(frame)
    this.#writeSome()
    this.mostHeld = Math.max(this.mostHeld, this.#outbox.held)
    this.#heldChanged(this.#outbox.held - held)
    if (this.#outbox.held > 0) this.#pump ??= this.#startPump()
    return kept
  }

  /** Says `left` when nothing is kept any more. */
  leave(): void {
    this.#leaving = true
    if (this.#pump === undefined) this.#sayLeft()
  }

  /** The connection is over. */
  end(): void {
    this.#heldChanged(-this.#outbox.held)
    while (this.#outbox.take() !== undefined) this.discarded++
  }

  #startPump(): Task<void> {
    const pump = this.#loop.spawn(() => this.#drain(), { className: 'chat', name: 'pump' })
    pump.addDoneCallback(() => {
      this.#pump = undefined
      if (this.#leaving) this.#sayLeft()
    })
    return pump
  }

  async #drain(): Promise<void> {
    try {
      while (this.#outbox.held > 0) {
        await this.#socket.drain()
        const { held } = this.#outbox
        this.#writeSome()
        this.#heldChanged(this.#outbox.held - held)
      }
    } catch (error) {
      if (!isNetworkError(error)) throw error
      // Whoever reads from this connection hears of it as well, and ends it.
    }
  }

  #writeSome(): void {
    while (this.#outbox.held > 0 && this.#socket.bufferedBytes <= SEND_AHEAD_BYTES) {
      this.#socket.sendEncoded(this.#outbox.take()!)
      this.written++
    }
  }

  #sayLeft(): void {
    this.#leaving = false
    const { offered, dropped, mostHeld } = this
    const left: Left = { type: 'left', offered, dropped, mostHeld }
    this.#socket.sendText(JSON.stringify(left))
  }

  /** Tells one that is too slow why it has to go. */
  disconnect(): void {
    this.#socket.sendClose(CLOSE.policyViolation, `Too slow: more than ${this.mostHeld} messages behind`)
  }
}
