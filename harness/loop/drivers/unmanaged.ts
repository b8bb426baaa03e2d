import type { Attributes, IoEvent, Selector } from '../../contracts.ts'
import type { ArrivalStream } from '../arrivals.ts'
import type { AnyFuture } from '../future.ts'
import { CALLBACK, ReadyHandle } from '../handle.ts'
import { ioHandle } from '../kernel.ts'
import { Loop, type LoopOptions } from '../loop.ts'
import { checkTime, type TimerHandle } from '../timers.ts'
import { keepNodeAlive, LONGEST_MS } from './keep-alive.ts'

/** A Node timer in a loop timer's clothes. */
class NodeTimer implements TimerHandle {
  readonly whenNs: number
  cancelled = false
  readonly #timeout: NodeJS.Timeout

  constructor(whenNs: number, delayMs: number, fire: () => void) {
    this.whenNs = whenNs
    this.#timeout = setTimeout(fire, delayMs)
  }

  cancel(): void {
    this.cancelled = true
    clearTimeout(this.#timeout)
  }
}

/**
 * The loop's API with nothing under it but Node: a ready callback is an immediate, a timer is a Node timer, and I/O
 * runs when libuv delivers it. There is no ready queue and no turn: the control of an experiment.
 */
export class UnmanagedLoop extends Loop {
  /** @internal */
  override enqueue(handle: ReadyHandle): void {
    this.#stampNow(handle)
    setImmediate(this.#run, handle)
  }

  protected override addTimer<A>(
    whenNs: number,
    callback: (argument: A) => void,
    argument: A,
    attributes: Attributes,
  ): TimerHandle {
    checkTime(whenNs)
    const delayMs = Math.min(Math.ceil((whenNs - this.clock.nowNs()) / 1e6), LONGEST_MS)
    return new NodeTimer(whenNs, delayMs, () => {
      this.#runNow(new ReadyHandle(CALLBACK, attributes, undefined, callback, argument, undefined))
    })
  }

  /** A Node timer lets them come, as late as it is. */
  protected override addArrivals(stream: ArrivalStream): void {
    if (stream.nextNs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(Math.ceil((stream.nextNs - this.clock.nowNs()) / 1e6), LONGEST_MS)
    setTimeout(() => {
      const nowNs = this.clock.nowNs()
      while (stream.nextNs <= nowNs) stream.admit()
      this.addArrivals(stream)
    }, delayMs)
  }

  /** What the selector calls the moment libuv delivers an event, or a handle of ours makes it deliver one. */
  deliver(event: IoEvent): void {
    const handle = ioHandle(event)
    if (this.currentHandle === undefined) this.#runNow(handle)
    else {
      event.pending = true
      this.enqueue(handle)
    }
  }

  #runNow(handle: ReadyHandle): void {
    this.#stampNow(handle)
    this.#run(handle)
  }

  #stampNow(handle: ReadyHandle): void {
    if (this.currentHandle === undefined) this.clock.nowNs()
    this.stamp(handle)
  }

  readonly #run = (handle: ReadyHandle): void => {
    this.clock.nowNs()
    this.turns++
    this.runHandle(handle)
  }
}

/** Builds the loop around a selector that hands its events on at once. */
export function createUnmanagedLoop(
  options: Omit<LoopOptions, 'selector'>,
  makeSelector: (deliver: (event: IoEvent) => void) => Selector,
): UnmanagedLoop {
  let loop: UnmanagedLoop | undefined
  const selector = makeSelector((event) => loop!.deliver(event))
  loop = new UnmanagedLoop({ ...options, selector })
  return loop
}

/** Keeps the process alive until the future is done; Node does the rest. */
export function runUnmanaged(_loop: Loop, until: AnyFuture): Promise<void> {
  return new Promise((resolve) => {
    const letGo = keepNodeAlive()
    until.addDoneCallback(() => {
      letGo()
      resolve()
    })
  })
}
