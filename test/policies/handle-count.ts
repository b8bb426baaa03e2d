import assert from 'node:assert/strict'
import type { Handle, LoopObserver } from '../../harness/contracts.ts'

/** Books every handle in and out. */
export class HandleCount implements LoopObserver {
  readonly name = 'handle-count'
  pushes = 0
  readonly #ready = new Set<Handle>()

  handlePushed(handle: Handle): void {
    this.pushes++
    this.#ready.add(handle)
  }

  handleFinished(handle: Handle): void {
    assert.ok(this.#ready.delete(handle), `${handle.name} ran although it was not ready`)
  }

  /** For programs that end when all else has. */
  assertNothingLost(): void {
    const lost = [...this.#ready].filter((handle) => !handle.cancelled)
    assert.deepEqual(
      lost.map((handle) => handle.name),
      [],
    )
    assert.ok(this.pushes > 100, 'the program was too small to show anything')
  }
}
