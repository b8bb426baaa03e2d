/** One server with a queue before it, in virtual time: Poisson arrivals, exponential service, two classes. */
import type { Loop } from '../../harness/loop/loop.ts'
import { createRandom } from '../../harness/random.ts'

/** Whole numbers, so that sums of products are exact. */
export interface Job {
  readonly arrivalNs: number
  readonly serviceNs: number
  readonly className: string
  waitNs?: number
}

const JOBS = 1500
const MEAN_SERVICE_NS = 800
const MEAN_GAP_NS = 1000

function makeJobs(): Job[] {
  const random = createRandom(11)
  let arrivalNs = 0
  return Array.from({ length: JOBS }, () => {
    arrivalNs += 1 + Math.round(random.exponential(MEAN_GAP_NS))
    const serviceNs = 1 + Math.round(random.exponential(MEAN_SERVICE_NS))
    return { arrivalNs, serviceNs, className: random.uniform() < 0.5 ? 'interactive' : 'batch' }
  })
}

/** Serves them all under the loop's policy and notes how long each waited. */
export async function workOfWaits(loop: Loop, jobs: Job[]): Promise<void> {
  jobs.push(...makeJobs())
  for (const job of jobs) loop.callAt(job.arrivalNs, () => serve(loop, job), { className: job.className })
  const allNs = jobs.reduce((sum, job) => sum + job.serviceNs, jobs.at(-1)!.arrivalNs)
  await loop.sleep(allNs + 1)
}

function serve(loop: Loop, job: Job): void {
  job.waitNs = loop.nowNs() - job.arrivalNs
  loop.work(job.serviceNs)
}

/** Lindley's recursion: Σ service × wait, first come first served. */
export function fifoWork(jobs: readonly Job[]): number {
  let freeNs = 0
  let work = 0
  for (const { arrivalNs, serviceNs } of jobs) {
    const startNs = Math.max(arrivalNs, freeNs)
    work += serviceNs * (startNs - arrivalNs)
    freeNs = startNs + serviceNs
  }
  return work
}
