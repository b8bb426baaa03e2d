/** Small examples whose outcome is known to the unit, from textbooks and other simulators. */
import { describe, expect, test } from 'vitest'
import { finishTimes, type JobSpec } from './serve.ts'
import { FAIR_SOJOURN, FEEDBACK } from './textbook-policies.ts'

/** The nearest we come to infinitely small slices. */
const TINY = 1 / 512

/**
 * Stallings, Operating Systems, tables 9.4 and 9.5; outputs as in yousefkotp/CPU-Scheduling-Algorithms
 * (testcases/*b-output.txt @589f775f). An arrival at t is queued before the job preempted at t.
 */
const STALLINGS: readonly JobSpec[] = [
  ['A', 0, 3],
  ['B', 2, 6],
  ['C', 4, 4],
  ['D', 6, 5],
  ['E', 8, 2],
]

test.each([
  ['FCFS', 'fifo:batch=1', undefined, [3, 9, 13, 18, 20]],
  ['round robin, q=1', 'fifo:batch=1', 1, [4, 18, 17, 20, 15]],
  ['round robin, q=4', 'fifo:batch=1', 4, [3, 17, 11, 20, 19]],
  ['shortest process next', 'sjf', undefined, [3, 9, 15, 20, 11]],
  ['shortest remaining time', 'sjf', 1, [3, 15, 8, 20, 10]],
  ['highest response ratio next', 'hrrn', undefined, [3, 9, 13, 20, 15]],
  ['feedback, q=1', FEEDBACK, 1, [4, 20, 16, 19, 11]],
] as const)("Stallings' five jobs, %s", async (_, policy, slice, ends) => {
  const [A, B, C, D, E] = ends
  expect(await finishTimes(policy, STALLINGS, slice)).toEqual({ A, B, C, D, E })
})

test('GATE CS 2014 set 3 question 32: shortest remaining time first, four jobs', async () => {
  const jobs: readonly JobSpec[] = [
    ['P1', 0, 12],
    ['P2', 2, 4],
    ['P3', 3, 6],
    ['P4', 8, 5],
  ]
  const finish = await finishTimes('sjf', jobs, 1)
  expect(finish).toEqual({ P1: 27, P2: 6, P3: 12, P4: 17 })
  const waits = jobs.map(([name, arrival, service]) => finish[name]! - arrival - service)
  expect(waits.reduce((sum, wait) => sum + wait) / jobs.length).toBe(5.5)
})

/** bigfootproject/schedsim, test.py @fbec877c. Its processor sharing and LAS are ideal: slices come near to them. */
describe("schedsim's vectors", () => {
  const EARLY: readonly JobSpec[] = [
    ['job1', 0, 10],
    ['job2', 5, 10],
  ]
  const EQUAL: readonly JobSpec[] = [
    ['job1', 0, 10],
    ['job2', 0, 10],
  ]
  const LONG_SHORT: readonly JobSpec[] = [
    ['job1', 0, 20],
    ['job2', 0, 10],
  ]
  const SHORT_LATER: readonly JobSpec[] = [
    ['job1', 0, 20],
    ['job2', 5, 10],
  ]
  const FOUR: readonly JobSpec[] = [
    ['job1', 0, 15],
    ['job2', 0, 10],
    ['job3', 10, 10],
    ['job4', 20, 10],
  ]
  const VERY_LONG: readonly JobSpec[] = [
    ['job1', 0, 100],
    ['job2', 20, 10],
  ]

  test.each([
    ['FIFO', 'fifo:batch=1', undefined, EARLY, { job1: 10, job2: 20 }],
    ['FIFO', 'fifo:batch=1', undefined, EQUAL, { job1: 10, job2: 20 }],
    ['SRPT', 'sjf', 1, LONG_SHORT, { job2: 10, job1: 30 }],
    ['SRPT', 'sjf', 1, SHORT_LATER, { job2: 15, job1: 30 }],
    ['SRPT', 'sjf', 1, FOUR, { job2: 10, job3: 20, job4: 30, job1: 45 }],
    ['FSP', FAIR_SOJOURN, 1, LONG_SHORT, { job2: 10, job1: 30 }],
    ['FSP', FAIR_SOJOURN, 1, SHORT_LATER, { job2: 15, job1: 30 }],
    ['FSP', FAIR_SOJOURN, 1, FOUR, { job2: 10, job1: 25, job3: 35, job4: 45 }],
  ] as const)('%s, exactly (%#)', async (_, policy, slice, jobs, finish) => {
    expect(await finishTimes(policy, jobs, slice)).toEqual(finish)
  })

  test.each([
    ['processor sharing', 'fifo:batch=1', EARLY, { job1: 15, job2: 20 }],
    ['processor sharing', 'fifo:batch=1', EQUAL, { job1: 20, job2: 20 }],
    ['LAS', 'las', LONG_SHORT, { job2: 20, job1: 30 }],
    ['LAS', 'las', SHORT_LATER, { job2: 20, job1: 30 }],
    ['LAS', 'las', FOUR, { job2: 40, job3: 40, job4: 40, job1: 45 }],
    ['LAS', 'las', VERY_LONG, { job2: 30, job1: 110 }],
  ] as const)('%s, up to a slice for each job there is (%#)', async (_, policy, jobs, finish) => {
    const ends = await finishTimes(policy, jobs, TINY)
    for (const [name, end] of Object.entries(finish)) {
      expect(Math.abs(ends[name]! - end), name).toBeLessThanOrEqual(TINY * jobs.length)
    }
  })
})
