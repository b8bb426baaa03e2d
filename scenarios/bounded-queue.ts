import { defineScenario, type Meter, z } from '../harness/api.ts'
import { compareShares, compareTimes, quantityMetrics, sojournMetrics } from './queueing/comparison.ts'
import { BatchMeans } from './queueing/confidence.ts'
import {
  alike,
  CUSTOMER,
  checkLittle,
  customersParam,
  meanServiceParam,
  poissonCustomers,
  wholeNs,
} from './queueing/customers.ts'
import { exponential, trafficOf } from './queueing/distributions.ts'
import { servePool } from './queueing/pool.ts'
import { boundedQueue } from './queueing/theory.ts'

const params = z
  .object({
    servers: z.number().int().min(1).max(1000).default(1).describe('Servers, outside the loop'),
    capacity: z
      .number()
      .int()
      .min(1)
      .max(1e5)
      .default(10)
      .describe('Customers who may be there, waiting or served; as many as servers: nobody waits (Erlang B)'),
    load: z
      .number()
      .min(0.01)
      .max(10)
      .default(0.9)
      .describe('Offered load of each server; above 1: overload'),
    customers: customersParam(),
    meanServiceUs: meanServiceParam(),
  })
  .refine(({ servers, capacity }) => servers <= capacity, {
    path: ['capacity'],
    message: 'must be as large as servers, or larger',
  })

export default defineScenario({
  name: 'bounded-queue',
  summary:
    'A queue with room for a few (M/M/c/K), the others are lost: look at lossRatio beside theory.lossRatio',
  params,
  classes: { [CUSTOMER]: {} },
  time: ['virtual'],

  async main(loop, ctx) {
    const { servers, capacity, load, customers, meanServiceUs } = ctx.params
    const service = exponential(wholeNs(meanServiceUs))
    const traffic = trafficOf(service, load * servers)
    const sojourns = new BatchMeans()
    const losses = new BatchMeans()
    let lostCustomers = 0
    const jobs = poissonCustomers(loop, ctx.random, { customers, rate: traffic.rate, draw: alike(service) })
    const population = await servePool(loop, ctx.meter, jobs, {
      workers: servers,
      capacity,
      onArrival: (_job, lost) => {
        losses.add(lost ? 1 : 0)
        if (lost) lostCustomers++
      },
      onDone: (_job, sojournNs) => sojourns.add(sojournNs),
    })
    ctx.check(
      sojourns.count + lostCustomers === customers,
      `Of ${customers} customers ${sojourns.count} were served and ${lostCustomers} lost`,
    )
    checkLittle(ctx.check, population.littleError())
    ctx.meter.count('lost', lostCustomers)
    report(ctx.meter, boundedQueue(servers, capacity, traffic), sojourns, losses)
  },
})

function report(
  meter: Meter,
  theory: ReturnType<typeof boundedQueue>,
  sojourns: BatchMeans,
  losses: BatchMeans,
): void {
  meter.value('lossRatio', losses.mean, 'ratio', 'lower')
  compareShares(meter, [
    {
      what: 'customers lost',
      simulated: losses,
      theory: theory.lossRatio,
      metrics: quantityMetrics('lossRatio'),
    },
  ])
  compareTimes(meter, [
    { what: 'sojourn', simulated: sojourns, theory: theory.sojourn, metrics: sojournMetrics() },
  ])
}
