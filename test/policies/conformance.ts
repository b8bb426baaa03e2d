/**
 * What every policy must do: plain functions that reject when it does not, so that the canaries can see them fail.
 * A check of the queue alone needs a ready queue; a check of the loop runs for unmanaged policies, too.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { z } from 'zod'
import type { LoopPolicy } from '../../harness/contracts.ts'
import { type PreparedPolicy, preparePolicy } from '../../harness/policy-parts.ts'
import { describeSettings } from '../../harness/settings.ts'
import { simulate } from '../world/simulate.ts'
import { HandleCount } from './handle-count.ts'
import { CLASSES, mixedProgram, WHOLE } from './mixed-program.ts'
import { anySteps, equalSteps, QueueBench, type Step } from './queue-bench.ts'
import { fifoWork, type Job, workOfWaits } from './single-server.ts'

export type PolicyCheck = (policy: PreparedPolicy) => void | Promise<void>

const RUNS = { numRuns: 60, seed: 1 }

function forAll(steps: fc.Arbitrary<Step[]>, check: (steps: Step[]) => void): void {
  fc.assert(fc.property(steps, check), RUNS)
}

/** Policies that are not made by the catalog: a canary's. */
export function prepared(policy: LoopPolicy, options: Record<string, unknown> = {}): PreparedPolicy {
  return { label: policy.name, policy, options, inner: new Map() }
}

// ------------------------------------------------------------------ the queue alone

export function everyHandleComesBackOnce(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy).run(steps).drain()
    assert.equal(new Set(bench.order).size, steps.filter((step) => step.kind === 'push').length)
  })
}

export function sizeIsWhatIsHeld(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy)
    bench.run(steps, () => assert.equal(bench.queue.size, bench.held.size))
  })
}

export function anEmptyQueueGivesNothing(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy).run(steps).drain()
    assert.equal(bench.queue.shift(), undefined)
    assert.equal(bench.queue.size, 0)
  })
}

/** Whatever time it is and whoever is held, somebody may run. */
export function nothingIsWithheld(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy).run(steps)
    for (let left = bench.held.size; left > 0; left--) {
      assert.notEqual(bench.shift(1000), undefined, `${left} handles are held and none comes`)
    }
  })
}

export function equalsKeepTheirOrder(policy: PreparedPolicy): void {
  forAll(equalSteps, (steps) => {
    const { order } = new QueueBench(policy).run(steps).drain()
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
  })
}

export function cancelledHandlesComeBack(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy).run(steps)
    const left = bench.held.size
    for (const handle of bench.held.values()) handle.cancelled = true
    const before = bench.order.length
    bench.drain()
    assert.equal(bench.order.length - before, left)
  })
}

export function theSameSeedGivesTheSameOrder(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const [first, second] = [7, 7].map((seed) => new QueueBench(policy, seed).run(steps).drain())
    assert.deepEqual(first!.order, second!.order)
  })
}

export function aTurnRunsAtLeastOne(policy: PreparedPolicy): void {
  forAll(anySteps, (steps) => {
    const bench = new QueueBench(policy)
    bench.run(steps, () => assert.ok((bench.queue.turnLimit?.() ?? 1) >= 1, 'turnLimit below 1'))
  })
}

/** For policies with the option `inner`: what they wrap decides alone. */
export async function theInnerOrderIsKept(policy: PreparedPolicy): Promise<void> {
  const { inner } = policy.options
  if (typeof inner !== 'string') return
  const wrapped = await preparePolicy(inner)
  forAll(anySteps, (steps) => {
    const outer = new QueueBench(policy).run(steps).drain()
    assert.deepEqual(outer.order, new QueueBench(wrapped).run(steps).drain().order)
  })
}

export function optionsAreDescribed({ policy }: PreparedPolicy): void {
  if (policy.options === undefined) return
  assert.ok(policy.options instanceof z.ZodObject, 'options must be a z.object or z.strictObject')
  assert.ok(policy.options.safeParse({}).success, 'every option needs a default')
  for (const { name, description, default: value } of describeSettings(policy.options)) {
    assert.ok(description.length > 0, `the option ${name} needs a description`)
    assert.notEqual(value, undefined, `the option ${name} needs a default`)
  }
}

// ------------------------------------------------------------------ under a loop

/** Tasks, timers, futures, sockets and threads: all is done, and nothing that became ready is lost. */
export async function aMixedProgramCompletes(policy: PreparedPolicy): Promise<void> {
  const handles = new HandleCount()
  const { value } = await simulate(policy, mixedProgram, { classes: CLASSES, observers: [handles] })
  assert.deepEqual(value, WHOLE)
  handles.assertNothingLost()
}

export async function runsRepeatExactly(policy: PreparedPolicy): Promise<void> {
  const runs = [1, 2].map(() => simulate(policy, mixedProgram, { classes: CLASSES, seed: 3 }))
  const [first, second] = await Promise.all(runs)
  assert.equal(first!.digest, second!.digest)
}

/**
 * Kleinrock's conservation law, on the path itself: the work that waits at any moment is the same under every
 * work-conserving policy, and so Σ service × wait over all jobs is exactly what it is first come first served.
 */
export async function waitingWorkIsConserved(policy: PreparedPolicy): Promise<void> {
  const jobs: Job[] = []
  await simulate(policy, (loop) => workOfWaits(loop, jobs), { classes: CLASSES })
  const work = jobs.reduce((sum, job) => sum + job.serviceNs * job.waitNs!, 0)
  assert.equal(work, fifoWork(jobs))
}

export const QUEUE_CHECKS = {
  'every handle pushed comes back exactly once': everyHandleComesBackOnce,
  'size is the number of handles held': sizeIsWhatIsHeld,
  'shift on empty is undefined': anEmptyQueueGivesNothing,
  'nothing is withheld: while handles are held, shift gives one': nothingIsWithheld,
  'cancelled handles still come back': cancelledHandlesComeBack,
  'the same seed gives the same order': theSameSeedGivesTheSameOrder,
  'a turn may run at least one handle': aTurnRunsAtLeastOne,
  'a wrapping policy keeps the inner order': theInnerOrderIsKept,
} satisfies Record<string, PolicyCheck>

/** Not for policies whose point is another order (last in first out, random). */
export const STABLE_CHECKS = {
  'equals leave in the order they became ready': equalsKeepTheirOrder,
} satisfies Record<string, PolicyCheck>

export const VIRTUAL_CHECKS = {
  'a mixed program completes and no handle is lost': aMixedProgramCompletes,
  'the same program gives the same digest': runsRepeatExactly,
  'the work that waits is conserved': waitingWorkIsConserved,
} satisfies Record<string, PolicyCheck>
