import { defineScenario, type ScenarioContext, z } from '../harness/api.ts'
import { compareShares, compareTimes, quantityMetrics, sojournMetrics } from './queueing/comparison.ts'
import { BatchMeans } from './queueing/confidence.ts'
import {
  alike,
  CUSTOMER,
  customersParam,
  declaredParam,
  loadParam,
  meanServiceParam,
  serveCustomers,
  sliceParam,
  wholeNs,
} from './queueing/customers.ts'
import { exponential, trafficOf } from './queueing/distributions.ts'
import {
  exponentialTail,
  fcfsWait,
  loadOf,
  sharedSojourn,
  srptSojourn,
  type Traffic,
} from './queueing/theory.ts'

const params = z.object({
  load: loadParam('the server'),
  customers: customersParam(),
  meanServiceUs: meanServiceParam(),
  slice: sliceParam(),
  declared: declaredParam(true),
  theory: z
    .enum(['fcfs', 'ps', 'srpt'])
    .default('fcfs')
    .describe(
      'Closed form to compare with. fcfs: the mean under every order blind to service times (fifo, lifo, priority), ' +
        'the tail under fifo with batch=1; ps: processor sharing, which fifo with batch=1 nears with short slices; ' +
        'srpt: shortest remaining first, which sjf nears with short slices',
    ),
})

type Params = z.output<typeof params>

/** The share of sojourns that is longer than theory's p99. */
const TAIL = 0.01

export default defineScenario({
  name: 'mm1',
  summary: 'One server, random arrivals, exponential service: look at theory.error beside sojourn.ci99',
  params,
  classes: { [CUSTOMER]: {} },
  time: ['virtual'],

  async main(loop, ctx) {
    const service = exponential(wholeNs(ctx.params.meanServiceUs))
    const traffic = trafficOf(service, ctx.params.load)
    const p99Ns = exponentialTail(traffic, TAIL)
    const sojourns = new BatchMeans()
    const tail = new BatchMeans()
    await serveCustomers(loop, ctx, traffic.rate, alike(service), (_job, sojournNs) => {
      sojourns.add(sojournNs)
      tail.add(sojournNs > p99Ns ? 1 : 0)
    })
    report(ctx, traffic, sojourns, tail)
  },
})

function report(
  { meter, params: { theory } }: ScenarioContext<Params>,
  traffic: Traffic,
  sojourns: BatchMeans,
  tail: BatchMeans,
): void {
  compareTimes(meter, [
    { what: 'sojourn', simulated: sojourns, theory: meanSojourn(theory, traffic), metrics: sojournMetrics() },
  ])
  const p99Ns = exponentialTail(traffic, TAIL)
  if (theory !== 'fcfs' || !Number.isFinite(p99Ns)) return
  meter.value('theory.sojournP99', p99Ns, 'ns', 'neither')
  const metrics = quantityMetrics('tail')
  meter.value('tail', tail.mean, 'ratio', 'lower')
  compareShares(meter, [{ what: "sojourns above theory's p99", simulated: tail, theory: TAIL, metrics }])
}

function meanSojourn(theory: Params['theory'], traffic: Traffic): number {
  if (theory === 'ps') return sharedSojourn(traffic.mean, loadOf([traffic]))
  if (theory === 'srpt') return srptSojourn(traffic)
  return traffic.mean + fcfsWait([traffic])
}
