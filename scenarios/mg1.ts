import { defineScenario, z } from '../harness/api.ts'
import { compareTimes, sojournMetrics } from './queueing/comparison.ts'
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
import {
  boundedPareto,
  deterministic,
  erlang,
  exponential,
  hyperexponential,
  type ServiceTime,
  trafficOf,
  uniform,
} from './queueing/distributions.ts'
import { fcfsWait, sharedSojourn } from './queueing/theory.ts'

const params = z.object({
  distribution: z
    .enum(['exponential', 'deterministic', 'uniform', 'erlang', 'hyperexponential', 'pareto'])
    .default('hyperexponential')
    .describe(
      'Service times: exponential, deterministic, uniform (0 to twice the mean), erlang, hyperexponential, pareto ' +
        '(bounded: heavy-tailed)',
    ),
  load: loadParam('the server'),
  customers: customersParam(),
  meanServiceUs: meanServiceParam(),
  phases: z.number().int().min(1).max(100).default(4).describe('erlang: exponential phases of a service'),
  scv: z
    .number()
    .min(1)
    .max(100)
    .default(4)
    .describe('hyperexponential: squared coefficient of variation, Var[S]/E[S]²'),
  shape: z.number().min(0.5).max(5).default(1.5).describe('pareto: α; the smaller, the heavier the tail'),
  spread: z.number().min(2).max(1e6).default(1000).describe('pareto: longest service by shortest'),
  slice: sliceParam(),
  declared: declaredParam(true),
  theory: z
    .enum(['fcfs', 'ps'])
    .default('fcfs')
    .describe(
      'Closed form to compare with. fcfs (Pollaczek–Khinchine): every order blind to service times that does not ' +
        'interrupt; ps: processor sharing, which fifo with batch=1 nears with short slices',
    ),
})

type Params = z.output<typeof params>

export default defineScenario({
  name: 'mg1',
  summary: 'One server, services of any distribution: look at theory.error beside sojourn.ci99',
  params,
  classes: { [CUSTOMER]: {} },
  time: ['virtual'],

  async main(loop, ctx) {
    const { load, theory: closedForm } = ctx.params
    const service = serviceTime(ctx.params)
    const traffic = trafficOf(service, load)
    const sojourns = new BatchMeans()
    await serveCustomers(loop, ctx, traffic.rate, alike(service), (_job, sojournNs) =>
      sojourns.add(sojournNs),
    )
    const { mean } = traffic
    const theory = closedForm === 'ps' ? sharedSojourn(mean, load) : mean + fcfsWait([traffic])
    compareTimes(ctx.meter, [{ what: 'sojourn', simulated: sojourns, theory, metrics: sojournMetrics() }])
  },
})

function serviceTime({ distribution, meanServiceUs, phases, scv, shape, spread }: Params): ServiceTime {
  const meanNs = wholeNs(meanServiceUs)
  switch (distribution) {
    case 'exponential':
      return exponential(meanNs)
    case 'deterministic':
      return deterministic(meanNs)
    case 'uniform':
      return uniform(meanNs)
    case 'erlang':
      return erlang(meanNs, phases)
    case 'hyperexponential':
      return hyperexponential(meanNs, scv)
    case 'pareto':
      return boundedPareto(meanNs, shape, spread)
  }
}
