/** With ever shorter slices, policies come near to the ideal disciplines: the same customers, one by one. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../harness/random.ts'
import { hyperexponential } from '../../../scenarios/queueing/distributions.ts'
import { type Job, serveJobs } from '../../../scenarios/queueing/jobs.ts'
import { simulate } from '../../world/simulate.ts'
import { preemptive, sharing } from './ideal.ts'
import { NO_METER, sum } from './simulated.ts'

const MEAN_NS = 1e6
const CLASSES = { urgent: { priority: 0 }, other: { priority: 1 } }
const SLICES_NS = [1e6, 2.5e5, 62_500, 15_625]

/** Some much longer than others, at ρ = .8. */
function makeJobs(count: number): Job[] {
  const random = createRandom(9)
  const { draw } = hyperexponential(MEAN_NS, 4)
  let atNs = 0
  return Array.from({ length: count }, () => {
    atNs += Math.round(random.exponential(MEAN_NS / 0.8))
    const className = random.uniform() < 0.5 ? 'urgent' : 'other'
    return { atNs, className, serviceNs: 1 + Math.round(draw(random)) }
  })
}

async function sojournsUnder(policy: string, jobs: readonly Job[], sliceNs: number): Promise<number[]> {
  const sojourns = new Map<Job, number>()
  const onDone = (job: Job, sojournNs: number) => sojourns.set(job, sojournNs)
  const options = { sliceNs, declared: true, onDone }
  await simulate(policy, (loop) => serveJobs(loop, NO_METER, jobs, options), { classes: CLASSES })
  return jobs.map((job) => sojourns.get(job)!)
}

/** How far a customer is from the ideal on average, in mean services. */
function distance(sojourns: readonly number[], ideal: readonly number[]): number {
  return sum(sojourns.map((ns, i) => Math.abs(ns - ideal[i]!))) / sojourns.length / MEAN_NS
}

describe('shorter slices', () => {
  const jobs = makeJobs(2000)

  test.each([
    ['fifo:batch=1', 'processor sharing', sharing(jobs)],
    [
      'priority',
      'preemptive priority, equals sharing the processor',
      preemptive(jobs, ({ className }) => (className === 'urgent' ? 0 : 1)),
    ],
    ['sjf', 'shortest remaining processing time first', preemptive(jobs, (_job, leftNs) => leftNs)],
  ])('bring %s near to %s', async (policy, _, ideal) => {
    const distances: number[] = []
    for (const sliceNs of SLICES_NS)
      distances.push(distance(await sojournsUnder(policy, jobs, sliceNs), ideal))
    for (const [i, each] of distances.slice(1).entries()) {
      expect(each, `${distances}`).toBeLessThan(distances[i]! / 2)
    }
  })

  test('do not bring fifo near to shortest remaining first (canary)', async () => {
    const ideal = preemptive(jobs, (_job, leftNs) => leftNs)
    expect(distance(await sojournsUnder('fifo:batch=1', jobs, SLICES_NS.at(-1)!), ideal)).toBeGreaterThan(1)
  })
})

describe('the ideal servers', () => {
  const job = (atNs: number, serviceNs: number): Job => ({ atNs, serviceNs, className: 'other' })

  test('share: the first is alone, then not, then again', () => {
    // Alone until 2, two until 6, when the second is done and the first has had 4.
    expect(sharing([job(0, 6), job(2, 2)])).toEqual([8, 4])
    expect(sharing([job(0, 3), job(0, 3), job(0, 3)])).toEqual([9, 9, 9])
  })

  test('interrupt: the short one goes first and the long one resumes', () => {
    expect(preemptive([job(0, 10), job(3, 2)], (_job, leftNs) => leftNs)).toEqual([12, 2])
    expect(preemptive([job(0, 10), job(9, 2)], (_job, leftNs) => leftNs)).toEqual([10, 3])
  })
})
