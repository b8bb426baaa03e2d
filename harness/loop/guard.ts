import type { ReadyQueue } from '../contracts.ts'
import { messageOf, PolicyFault } from '../errors.ts'
import { QUEUED, type ReadyHandle, TAKEN } from './handle.ts'

/**
 * The ready queue as the kernel sees it: the policy's, with its contract enforced. Every handle pushed must come
 * back from `shift` exactly once. The check costs a comparison and a counter a handle, so it is always on.
 */
export class GuardedQueue {
  readonly #queue: ReadyQueue
  #held = 0
  /** What `push` did wrong. Kept, not thrown: `push` is called from scenario code, which might catch it. */
  #fault: PolicyFault | undefined

  constructor(queue: ReadyQueue) {
    this.#queue = queue
  }

  /** Handles pushed and not yet shifted, by our own count. */
  get held(): number {
    return this.#held
  }

  push(handle: ReadyHandle): void {
    handle.state = QUEUED
    this.#held++
    try {
      this.#queue.push(handle)
    } catch (error) {
      this.#fault ??= new PolicyFault('policy-error', `push threw: ${messageOf(error)}`, error)
    }
  }

  shift(): ReadyHandle {
    if (this.#fault !== undefined) throw this.#fault
    let handle: ReadyHandle | undefined
    try {
      handle = this.#queue.shift() as ReadyHandle | undefined
    } catch (error) {
      throw new PolicyFault('policy-error', `shift threw: ${messageOf(error)}`, error)
    }
    if (handle?.state !== QUEUED) throw this.#wrongHandle(handle)
    handle.state = TAKEN
    this.#held--
    return handle
  }

  /** How many handles this turn may run. */
  turnLimit(): number {
    const queue = this.#queue
    if (queue.turnLimit === undefined) return this.#held
    let limit: number
    try {
      limit = queue.turnLimit()
    } catch (error) {
      throw new PolicyFault('policy-error', `turnLimit threw: ${messageOf(error)}`, error)
    }
    if (limit >= 1) return Math.min(limit, this.#held)
    throw new PolicyFault('policy-error', `turnLimit returned ${limit}, not a number from 1 on`)
  }

  ran(handle: ReadyHandle, runNs: number): void {
    try {
      this.#queue.ran!(handle, runNs)
    } catch (error) {
      throw new PolicyFault('policy-error', `ran threw: ${messageOf(error)}`, error)
    }
  }

  get wantsRunTimes(): boolean {
    return this.#queue.ran !== undefined
  }

  /** Compares the policy's own count with ours: asked once a turn, so a dropped handle is soon noticed. */
  verifySize(): void {
    if (this.#fault !== undefined) throw this.#fault
    const size = this.#size()
    if (size === this.#held) return
    const missing = this.#held - size
    if (missing > 0) throw new PolicyFault('lost', `lost ${missing} of ${this.#held} ready handles`)
    throw this.#surplus(size)
  }

  #size(): number {
    try {
      return this.#queue.size
    } catch (error) {
      throw new PolicyFault('policy-error', `size threw: ${messageOf(error)}`, error)
    }
  }

  /** More than it was given: looks whether it holds one that it has returned already. The cell is lost anyway. */
  #surplus(size: number): PolicyFault {
    try {
      for (let left = size; left > 0; left--) {
        const handle = this.#queue.shift() as ReadyHandle | undefined
        if (handle?.state === TAKEN) return this.#wrongHandle(handle)
      }
    } catch {
      // The surplus is what is wrong with it, not that it cannot be emptied.
    }
    return new PolicyFault('policy-error', `size is ${size}, but only ${this.#held} handles are in the queue`)
  }

  #wrongHandle(handle: ReadyHandle | undefined): PolicyFault {
    if (handle === undefined) {
      const size = this.#size()
      if (size === 0) return new PolicyFault('lost', `lost ${this.#held} of ${this.#held} ready handles`)
      return new PolicyFault('withheld', `shift returned undefined while holding ${size} ready handles`)
    }
    if (handle?.state === TAKEN) {
      const { sequence, name } = handle
      return new PolicyFault(
        'twice',
        `handle ${sequence} (${name}) is in the queue again after shift returned it`,
      )
    }
    return new PolicyFault('policy-error', 'shift returned something that is not a handle it was given')
  }
}
