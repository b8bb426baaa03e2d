/** A ready queue on the bench: random interleavings of everything a loop does with it, and a model beside it. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Attributes, Handle, ReadyQueue } from '../../harness/contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import { makeParts, type PreparedPolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'

/** What a policy sees of a handle, and no more. */
export interface BenchHandle extends Handle {
  cancelled: boolean
}

/** What may happen to a queue. */
export type Step =
  | { readonly kind: 'push'; readonly attributes: Attributes }
  | { readonly kind: 'shift'; readonly runNs: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'wait'; readonly ns: number }

const attributes: fc.Arbitrary<Attributes> = fc.record({
  className: fc.constantFrom('default', 'interactive', 'batch'),
  priority: fc.integer({ min: -20, max: 20 }),
  deadlineNs: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 1e9 })),
  weight: fc.constantFrom(1, 2, 10),
  expectedNs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 1e6 })),
})

const push = attributes.map((each): Step => ({ kind: 'push', attributes: each }))
const shift = fc.integer({ min: 0, max: 1e6 }).map((runNs): Step => ({ kind: 'shift', runNs }))
const cancel = fc.nat(50).map((which): Step => ({ kind: 'cancel', which }))
const wait = fc.integer({ min: 0, max: 1e6 }).map((ns): Step => ({ kind: 'wait', ns }))

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: push, weight: 6 },
    { arbitrary: shift, weight: 4 },
    { arbitrary: cancel, weight: 1 },
    { arbitrary: wait, weight: 1 },
  ),
  // Without `size`, fast-check makes ten steps at most.
  { maxLength: 80, size: 'max' },
)

/** Pushes of one kind only, at one time, with shifts between. */
export const equalSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: fc.constant<Step>({ kind: 'push', attributes: DEFAULT_ATTRIBUTES }), weight: 3 },
    { arbitrary: fc.constant<Step>({ kind: 'shift', runNs: 0 }), weight: 1 },
  ),
  { maxLength: 60, size: 'max' },
)

/** One queue of the policy, with what went in and what came out. */
export class QueueBench {
  readonly queue: ReadyQueue
  readonly held = new Map<number, BenchHandle>()
  /** Sequence numbers in the order in which they came back. */
  readonly order: number[] = []
  readonly #clock = new VirtualClock()
  #sequence = 0

  constructor(policy: PreparedPolicy, seed = 1) {
    const env = { clock: this.#clock, random: createRandom(seed), selector: 'simulated' as const }
    this.queue = makeParts(policy, env).queue
  }

  run(steps: readonly Step[], look: () => void = () => {}): this {
    for (const step of steps) {
      this.#take(step)
      look()
    }
    return this
  }

  /** Shifts until the model says that nothing is left. */
  drain(): this {
    while (this.held.size > 0) this.shift(0)
    return this
  }

  push(given: Attributes): BenchHandle {
    const sequence = this.#sequence++
    const readyAtNs = this.#clock.lastNs
    const handle = {
      ...given,
      sequence,
      readyAtNs,
      task: undefined,
      name: `handle ${sequence}`,
      cancelled: false,
    }
    this.held.set(sequence, handle)
    this.queue.push(handle)
    return handle
  }

  shift(runNs: number): Handle | undefined {
    const handle = this.queue.shift()
    if (handle === undefined) {
      assert.equal(this.held.size, 0, 'shift gave nothing although handles are held')
      return undefined
    }
    assert.ok(this.held.delete(handle.sequence), `handle ${handle.sequence} is not one of those held`)
    this.order.push(handle.sequence)
    this.#clock.work(runNs)
    this.queue.ran?.(handle, runNs)
    return handle
  }

  #take(step: Step): void {
    if (step.kind === 'push') this.push(step.attributes)
    else if (step.kind === 'shift') this.shift(step.runNs)
    else if (step.kind === 'wait') this.#clock.work(step.ns)
    else this.#cancel(step.which)
  }

  #cancel(which: number): void {
    const handle = [...this.held.values()].at(which % Math.max(1, this.held.size))
    if (handle !== undefined) handle.cancelled = true
  }
}
