import type { Handle, PolicyParts, ReadyQueue, Selector } from '../../harness/contracts.ts'
import type { ClassTable } from '../../harness/loop/attributes.ts'
import { RealClock, VirtualClock } from '../../harness/loop/clock.ts'
import { Deque } from '../../harness/loop/deque.ts'
import { Loop } from '../../harness/loop/loop.ts'
import type { Services } from '../../harness/loop/services.ts'
import { epoll } from '../../harness/selectors/epoll.ts'

class Fifo implements ReadyQueue {
  readonly #handles = new Deque<Handle>()

  get size(): number {
    return this.#handles.size
  }

  push(handle: Handle): void {
    this.#handles.push(handle)
  }

  shift(): Handle | undefined {
    return this.#handles.shift()
  }
}

const NO_SERVICES = { close() {} } as unknown as Services

/** A loop over real sockets, first come first served. */
export function realLoop(classes: ClassTable): Loop {
  const clock = new RealClock()
  return new Loop({ policy: fifo(), selector: epoll(clock), clock, services: NO_SERVICES, classes })
}

/** A loop on its own in virtual time: nothing to wait for but timers, and waiting takes no time. */
export function virtualLoop(classes: ClassTable): Loop {
  const clock = new VirtualClock()
  const selector = { name: 'timers only', blocking: true, select: skipTo(clock), wake() {}, close() {} }
  return new Loop({
    policy: fifo(),
    selector: selector as unknown as Selector,
    clock,
    services: NO_SERVICES,
    classes,
  })
}

function fifo(): PolicyParts {
  return { queue: new Fifo(), observers: [] }
}

function skipTo(clock: VirtualClock): (timeoutNs: number) => number {
  return (timeoutNs) => {
    if (timeoutNs === Number.POSITIVE_INFINITY)
      throw new Error('The loop waits for something that never comes')
    clock.advanceTo(clock.nowNs() + timeoutNs)
    return 0
  }
}

/** Runs the loop until the body and everything it left behind are done. */
export function run<T>(loop: Loop, body: () => PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // From a macrotask: inside a microtask V8 would not drain the loop's own.
    setImmediate(() => {
      try {
        const task = loop.spawn(body)
        while (!task.done || loop.taskCount > 0) loop.turn()
        resolve(task.result())
      } catch (error) {
        reject(error)
      }
    })
  })
}
