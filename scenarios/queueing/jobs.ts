/** One server, the loop itself, and jobs that come to it: what all queueing scenarios and `replay` are made of. */
import type { Arrival, Loop, Meter } from '../../harness/api.ts'
import { Population } from './population.ts'

export interface Job extends Arrival {
  readonly className: string
  /** The work that it is, ns. */
  readonly serviceNs: number
  /** Absolute, ns; absent: none. */
  readonly deadlineNs?: number
}

export interface ServerOptions {
  /** A job that takes longer gives way each time it has had this much, ns; `Infinity`: never. */
  readonly sliceNs: number
  /** Whether policies are told how long jobs take (`expectedNs`, what remains). */
  readonly declared: boolean
  /** Told of each job that is done. */
  readonly onDone?: (job: Job, sojournNs: number) => void
}

/** Serves all jobs; done when the last one is. Measures sojourn (arrival to done), deadlines and queue lengths. */
export async function serveJobs(
  loop: Loop,
  meter: Meter,
  jobs: Iterable<Job>,
  { sliceNs, declared, onDone }: ServerOptions,
): Promise<Population> {
  const population = new Population(loop.nowNs())
  const deadlines = new Deadlines()
  const sojourns = new Map<string, string>()
  const idle = loop.createFuture()
  let allCame = false
  const finish = (job: Job) => {
    const nowNs = loop.nowNs()
    const sojournNs = nowNs - job.atNs
    population.left(job.className, nowNs, sojournNs)
    deadlines.met(job, nowNs)
    meter.duration('sojourn', sojournNs)
    meter.duration(quantityOf(job.className, sojourns), sojournNs)
    meter.operations()
    onDone?.(job, sojournNs)
    if (allCame && population.size === 0) idle.setResult()
  }
  await loop.arrivals(jobs, (job) => {
    population.came(job.className, job.atNs)
    const body = () => serve(loop, job, sliceNs, declared, finish)
    loop.spawn(body, {
      name: 'job',
      className: job.className,
      deadlineNs: job.deadlineNs,
      expectedNs: declared ? job.serviceNs : undefined,
    })
  })
  allCame = true
  if (population.size > 0) await idle
  population.report(meter)
  deadlines.report(meter)
  return population
}

/** The name made once a class: a fresh string would be hashed with every job. */
function quantityOf(className: string, names: Map<string, string>): string {
  let name = names.get(className)
  if (name === undefined) {
    name = `sojourn.${className}`
    names.set(className, name)
  }
  return name
}

async function serve(
  loop: Loop,
  job: Job,
  sliceNs: number,
  declared: boolean,
  finish: (job: Job) => void,
): Promise<void> {
  let leftNs = job.serviceNs
  for (; leftNs > sliceNs; leftNs -= sliceNs) {
    loop.work(sliceNs)
    if (declared) loop.currentTask!.setAttributes({ expectedNs: leftNs - sliceNs })
    await loop.yieldNow()
  }
  loop.work(leftNs)
  finish(job)
}

/** How many jobs of each class were done too late, of those that had a deadline. */
class Deadlines {
  readonly #byClass = new Map<string, { jobs: number; late: number }>()

  met({ className, deadlineNs }: Job, doneNs: number): void {
    if (deadlineNs === undefined) return
    let tally = this.#byClass.get(className)
    if (tally === undefined) {
      tally = { jobs: 0, late: 0 }
      this.#byClass.set(className, tally)
    }
    tally.jobs++
    if (doneNs > deadlineNs) tally.late++
  }

  report(meter: Meter): void {
    let jobs = 0
    let late = 0
    for (const [className, tally] of this.#byClass) {
      meter.value(`deadlineMisses.${className}`, tally.late / tally.jobs, 'ratio', 'lower')
      jobs += tally.jobs
      late += tally.late
    }
    if (jobs > 0) meter.value('deadlineMisses', late / jobs, 'ratio', 'lower')
  }
}
