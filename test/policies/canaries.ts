/** Policies that are broken in one way each: what the conformance suite is there to find. */
import { Deque, definePolicy, type Handle, Heap, type ReadyQueue } from '../../harness/api.ts'
import type { LoopPolicy } from '../../harness/contracts.ts'
import { prepared } from './conformance.ts'

class Fifo implements ReadyQueue {
  readonly ready = new Deque<Handle>()
  get size(): number {
    return this.ready.size
  }
  push(handle: Handle): void {
    this.ready.push(handle)
  }
  shift(): Handle | undefined {
    return this.ready.shift()
  }
}

class LosesEveryFifth extends Fifo {
  #pushed = 0
  override push(handle: Handle): void {
    if (++this.#pushed % 5 !== 0) super.push(handle)
  }
}

class ReturnsTwice extends Fifo {
  #given = 0
  override shift(): Handle | undefined {
    return ++this.#given % 3 === 0 ? this.ready.peek() : super.shift()
  }
}

class LastOfEquals implements ReadyQueue {
  readonly #heap = new Heap<Handle>(
    (a, b) => a.priority < b.priority || (a.priority === b.priority && a.sequence > b.sequence),
  )
  get size(): number {
    return this.#heap.size
  }
  push(handle: Handle): void {
    this.#heap.push(handle)
  }
  shift(): Handle | undefined {
    return this.#heap.pop()
  }
}

class SizeOffByOne extends Fifo {
  override get size(): number {
    return Math.max(0, this.ready.size - 1)
  }
}

class Withholds extends Fifo {
  override shift(): Handle | undefined {
    return this.ready.size === 1 && this.ready.peek()!.sequence > 3 ? undefined : super.shift()
  }
}

/** As if it saved the processor for somebody better: the work that waits grows. */
class Idles extends Fifo {
  readonly #work: (ns: number) => void
  constructor(work: (ns: number) => void) {
    super()
    this.#work = work
  }
  override shift(): Handle | undefined {
    this.#work(1)
    return super.shift()
  }
}

class Throws extends Fifo {
  override push(handle: Handle): void {
    if (handle.sequence === 9) throw new Error('too much')
    super.push(handle)
  }
}

class DropsCancelled extends Fifo {
  override shift(): Handle | undefined {
    while (this.ready.peek()?.cancelled) this.ready.shift()
    return super.shift()
  }
}

class NeverATurn extends Fifo {
  turnLimit(): number {
    return this.ready.size === 0 ? 0 : 1
  }
}

class GivesTheLastAgain extends Fifo {
  #last: Handle | undefined
  override shift(): Handle | undefined {
    this.#last = super.shift() ?? this.#last
    return this.#last
  }
}

let ambient = 0

/** Its order depends on what ran before in this process, as with Math.random or Date.now. */
class NotDeterministic extends Fifo {
  override shift(): Handle | undefined {
    return ++ambient % 3 === 0 ? this.ready.pop() : super.shift()
  }
}

function canary(name: string, createQueue: LoopPolicy['createQueue']) {
  return prepared(definePolicy({ name, summary: 'broken on purpose, for the tests', createQueue }))
}

export const CANARIES = {
  honest: canary('honest', () => new Fifo()),
  losesEveryFifth: canary('loses-every-fifth', () => new LosesEveryFifth()),
  returnsTwice: canary('returns-twice', () => new ReturnsTwice()),
  lastOfEquals: canary('last-of-equals', () => new LastOfEquals()),
  sizeOffByOne: canary('size-off-by-one', () => new SizeOffByOne()),
  withholds: canary('withholds', () => new Withholds()),
  idles: canary('idles', ({ clock }) => new Idles((ns) => clock.work(ns))),
  throws: canary('throws', () => new Throws()),
  dropsCancelled: canary('drops-cancelled', () => new DropsCancelled()),
  neverATurn: canary('never-a-turn', () => new NeverATurn()),
  givesTheLastAgain: canary('gives-the-last-again', () => new GivesTheLastAgain()),
  notDeterministic: canary('not-deterministic', () => new NotDeterministic()),
}
