/** Workers that are busy outside the loop, with one queue before them: what they do costs the loop nothing. */
import { type Loop, type Meter, Queue } from '../../harness/api.ts'
import type { Job } from './jobs.ts'
import { Population } from './population.ts'

export interface PoolOptions {
  readonly workers: number
  /** Who comes when that many are in the system, waiting or served, is lost; `Infinity`: nobody is. */
  readonly capacity: number
  /** Told of each job that comes, and whether it is lost. */
  readonly onArrival?: (job: Job, lost: boolean) => void
  readonly onDone: (job: Job, sojournNs: number) => void
}

/** Serves all jobs that are not lost, first come first served; done when the last one is. */
export async function servePool(
  loop: Loop,
  meter: Meter,
  jobs: Iterable<Job>,
  { workers, capacity, onArrival, onDone }: PoolOptions,
): Promise<Population> {
  const population = new Population(loop.nowNs())
  const queue = new Queue<Job | undefined>(loop)
  const worker = async () => {
    for (let job = await queue.get(); job !== undefined; job = await queue.get()) {
      await loop.sleep(job.serviceNs)
      const nowNs = loop.nowNs()
      const sojournNs = nowNs - job.atNs
      population.left(job.className, nowNs, sojournNs)
      meter.duration('sojourn', sojournNs)
      meter.operations()
      onDone(job, sojournNs)
    }
  }
  const pool = Array.from({ length: workers }, () => loop.spawn(worker, { name: 'worker' }))
  await loop.arrivals(jobs, (job) => {
    const lost = population.size >= capacity
    onArrival?.(job, lost)
    if (lost) return
    population.came(job.className, job.atNs)
    queue.putNowait(job)
  })
  // Nobody comes after them: each sends one worker home.
  for (let i = 0; i < workers; i++) queue.putNowait(undefined)
  await loop.gather(pool)
  population.report(meter)
  return population
}
