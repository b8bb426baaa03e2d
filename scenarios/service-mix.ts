import { defineScenario, type ScenarioContext, z } from '../harness/api.ts'
import { compareTimes } from './queueing/comparison.ts'
import {
  customersParam,
  declaredParam,
  loadParam,
  serveCustomers,
  sliceParam,
  wholeNs,
} from './queueing/customers.ts'
import { Sojourns } from './queueing/sojourns.ts'
import { fcfsWait, loadOf, priorityWaits, sharedSojourn, type Traffic } from './queueing/theory.ts'

/** A kind of request: always the same service time. */
interface RequestType {
  readonly className: string
  readonly serviceUs: number
  readonly share: number
}

/** The workloads of Perséphone (Demoulin and others, SOSP 2021), the shortest first. */
const MIXES: Readonly<Record<'high-bimodal' | 'tpc-c', readonly RequestType[]>> = {
  'high-bimodal': [
    { className: 'short', serviceUs: 1, share: 0.5 },
    { className: 'long', serviceUs: 100, share: 0.5 },
  ],
  'tpc-c': [
    { className: 'payment', serviceUs: 5.7, share: 0.44 },
    { className: 'order-status', serviceUs: 6, share: 0.04 },
    { className: 'new-order', serviceUs: 20, share: 0.44 },
    { className: 'delivery', serviceUs: 88, share: 0.04 },
    { className: 'stock-level', serviceUs: 100, share: 0.04 },
  ],
}

const params = z.object({
  mix: z
    .enum(['high-bimodal', 'tpc-c'])
    .default('high-bimodal')
    .describe('Requests. high-bimodal: 1 µs and 100 µs, half each; tpc-c: five transactions, 5.7 to 100 µs'),
  load: loadParam('the server'),
  customers: customersParam(),
  slice: sliceParam(),
  declared: declaredParam(true),
  theory: z
    .enum(['fcfs', 'ps', 'short-first'])
    .default('fcfs')
    .describe(
      'Closed form to compare with. fcfs: fifo with batch=1; ps: processor sharing, which fifo with batch=1 nears ' +
        'with short slices; short-first: priority, and sjf where costs are declared, without slices',
    ),
})

type Params = z.output<typeof params>

export default defineScenario({
  name: 'service-mix',
  summary:
    'Requests of very different length: look at sojourn.short beside sojourn.long, and at theory.error',
  params,
  classes: ({ mix }) =>
    Object.fromEntries(MIXES[mix].map(({ className }, k) => [className, { priority: k }])),
  time: ['virtual'],

  async main(loop, ctx) {
    const types = MIXES[ctx.params.mix]
    const meanNs = types.reduce((sum, { share, serviceUs }) => sum + share * wholeNs(serviceUs), 0)
    const rate = ctx.params.load / meanNs
    const sojourns = new Sojourns(types.map(({ className }) => className))
    await serveCustomers(
      loop,
      ctx,
      rate,
      (random) => {
        const { className, serviceUs } = random.weighted(types, shareOf)
        return { className, serviceNs: wholeNs(serviceUs) }
      },
      ({ className }, sojournNs) => sojourns.add(className, sojournNs),
    )
    report(ctx, types, rate, sojourns)
  },
})

const shareOf = ({ share }: RequestType) => share

function report(
  { meter, params: { theory } }: ScenarioContext<Params>,
  types: readonly RequestType[],
  rate: number,
  sojourns: Sojourns,
): void {
  const traffic = types.map(({ share, serviceUs }) => {
    const mean = wholeNs(serviceUs)
    return { rate: rate * share, mean, second: mean ** 2 }
  })
  compareTimes(meter, sojourns.compare(traffic, meanSojourns(theory, traffic)))
}

function meanSojourns(theory: Params['theory'], traffic: readonly Traffic[]): number[] {
  if (theory === 'ps') return traffic.map(({ mean }) => sharedSojourn(mean, loadOf(traffic)))
  const waits = theory === 'short-first' ? priorityWaits(traffic) : traffic.map(() => fcfsWait(traffic))
  return waits.map((wait, k) => wait + traffic[k]!.mean)
}
