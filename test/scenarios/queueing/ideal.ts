/** Servers of textbooks, without loops and slices: when jobs would be done if the processor could be divided at will. */
import type { Job } from '../../../scenarios/queueing/jobs.ts'

/** Processor sharing: all get the same. Returns the sojourns, ns, in order of the jobs. */
export function sharing(jobs: readonly Job[]): number[] {
  return ideal(jobs, (present) => present)
}

/** Those with the least key at any moment are served, and share the processor; the others wait. */
export function preemptive(jobs: readonly Job[], keyOf: (job: Job, leftNs: number) => number): number[] {
  return ideal(jobs, (present) => {
    const keys = present.map(({ job, leftNs }) => keyOf(job, leftNs))
    const least = Math.min(...keys)
    return present.filter((_, i) => keys[i] === least)
  })
}

interface Present {
  readonly job: Job
  readonly index: number
  leftNs: number
}

/** From one arrival or departure to the next, those who are served have equal shares. */
function ideal(jobs: readonly Job[], served: (present: readonly Present[]) => readonly Present[]): number[] {
  const sojourns = new Array<number>(jobs.length)
  let present: Present[] = []
  let nowNs = 0
  let next = 0
  while (next < jobs.length || present.length > 0) {
    const active = present.length > 0 ? served(present) : []
    const arrivalNs = jobs[next]?.atNs ?? Number.POSITIVE_INFINITY
    const shortestNs = Math.min(...active.map(({ leftNs }) => leftNs))
    const doneNs = active.length > 0 ? nowNs + shortestNs * active.length : Number.POSITIVE_INFINITY
    const untilNs = Math.min(arrivalNs, doneNs)
    for (const each of active)
      each.leftNs -= doneNs <= arrivalNs ? shortestNs : (untilNs - nowNs) / active.length
    nowNs = untilNs
    // What rounding leaves of a ns is nothing.
    for (const { index, job, leftNs } of present) if (leftNs < 1e-3) sojourns[index] = nowNs - job.atNs
    present = present.filter(({ leftNs }) => leftNs >= 1e-3)
    for (; jobs[next] !== undefined && jobs[next]!.atNs <= nowNs; next++) {
      present.push({ job: jobs[next]!, index: next, leftNs: jobs[next]!.serviceNs })
    }
  }
  return sojourns
}
