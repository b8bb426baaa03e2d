import { defineScenario, type Meter, z } from '../harness/api.ts'
import { compareShares, compareTimes, quantityMetrics, sojournMetrics } from './queueing/comparison.ts'
import { BatchMeans } from './queueing/confidence.ts'
import {
  alike,
  CUSTOMER,
  checkLittle,
  customersParam,
  loadParam,
  meanServiceParam,
  poissonCustomers,
  wholeNs,
} from './queueing/customers.ts'
import { exponential, trafficOf } from './queueing/distributions.ts'
import { servePool } from './queueing/pool.ts'
import { erlangC, poolWait, type Traffic } from './queueing/theory.ts'

const params = z.object({
  workers: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .describe('Workers, each busy with one customer at a time'),
  load: loadParam('each worker'),
  customers: customersParam(),
  meanServiceUs: meanServiceParam(),
})

export default defineScenario({
  name: 'worker-pool',
  summary:
    'Workers outside the loop behind one queue (M/M/c): look at wait beside theory.wait; no policy changes it',
  params,
  classes: { [CUSTOMER]: {} },
  time: ['virtual'],

  async main(loop, ctx) {
    const { workers, load, customers, meanServiceUs } = ctx.params
    const service = exponential(wholeNs(meanServiceUs))
    const traffic = trafficOf(service, load * workers)
    const all: Simulated = { sojourn: new BatchMeans(), wait: new BatchMeans(), waited: new BatchMeans() }
    const jobs = poissonCustomers(loop, ctx.random, { customers, rate: traffic.rate, draw: alike(service) })
    const population = await servePool(loop, ctx.meter, jobs, {
      workers,
      capacity: Number.POSITIVE_INFINITY,
      onDone: ({ serviceNs }, sojournNs) => {
        const waitNs = sojournNs - serviceNs
        all.sojourn.add(sojournNs)
        all.wait.add(waitNs)
        all.waited.add(waitNs > 0 ? 1 : 0)
        ctx.meter.duration('wait', waitNs)
      },
    })
    ctx.check(all.sojourn.count === customers, `${all.sojourn.count} of ${customers} customers were served`)
    checkLittle(ctx.check, population.littleError())
    report(ctx.meter, workers, traffic, all)
  },
})

interface Simulated {
  readonly sojourn: BatchMeans
  readonly wait: BatchMeans
  /** 1 for who had to wait, else 0. */
  readonly waited: BatchMeans
}

function report(meter: Meter, workers: number, traffic: Traffic, { sojourn, wait, waited }: Simulated): void {
  const waitNs = poolWait(workers, traffic)
  compareTimes(meter, [
    { what: 'sojourn', simulated: sojourn, theory: traffic.mean + waitNs, metrics: sojournMetrics() },
    { what: 'wait', simulated: wait, theory: waitNs, metrics: quantityMetrics('wait') },
  ])
  const theory = erlangC(workers, traffic.rate * traffic.mean)
  meter.value('waited', waited.mean, 'ratio', 'lower')
  compareShares(meter, [
    { what: 'customers who waited', simulated: waited, theory, metrics: quantityMetrics('waited') },
  ])
}
