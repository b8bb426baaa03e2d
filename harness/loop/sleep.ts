import { Future } from './future.ts'
import type { Loop } from './loop.ts'
import type { TimerHandle } from './timers.ts'

/** Done after a delay. Cancelling it cancels its timer. */
export class Sleep extends Future<void> {
  readonly #timer: TimerHandle

  constructor(loop: Loop, delayNs: number) {
    super(loop)
    this.#timer = loop.callLater(delayNs, () => {
      if (!this.done) this.setResult()
    })
  }

  override cancel(message?: string): boolean {
    this.#timer.cancel()
    return super.cancel(message)
  }
}
