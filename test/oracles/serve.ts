/** Jobs on one server under a policy: when each is done. */

import { RoundMeter } from '../../harness/measure/meter.ts'
import type { PreparedPolicy } from '../../harness/policy-parts.ts'
import { serveJobs } from '../../scenarios/queueing/jobs.ts'
import { simulate } from '../world/simulate.ts'

/** Name, arrival and service time, in units of the vector. */
export type JobSpec = readonly [name: string, arrival: number, service: number]

const UNIT_NS = 1e6

/** When each job is done, in units. Without a slice nothing gives way. */
export async function finishTimes(
  policy: string | PreparedPolicy,
  jobs: readonly JobSpec[],
  slice = Number.POSITIVE_INFINITY,
): Promise<Record<string, number>> {
  const finish: Record<string, number> = {}
  await simulate(policy, async (loop) => {
    const source = jobs.map(([, arrival, service], index) => ({
      atNs: arrival * UNIT_NS,
      serviceNs: service * UNIT_NS,
      className: 'default',
      index,
    }))
    await serveJobs(loop, new RoundMeter(loop), source, {
      sliceNs: slice * UNIT_NS,
      declared: true,
      onDone: (job) => {
        finish[jobs[(job as (typeof source)[number]).index]![0]] = loop.nowNs() / UNIT_NS
      },
    })
  })
  return finish
}
