import { defineScenario, type ScenarioContext, z } from '../harness/api.ts'
import { compareTimes, quantityMetrics } from './queueing/comparison.ts'
import { BatchMeans } from './queueing/confidence.ts'
import { customersParam, declaredParam, serveCustomers, sliceParam, wholeNs } from './queueing/customers.ts'
import { exponential, type ServiceTime, trafficOf } from './queueing/distributions.ts'
import { Sojourns } from './queueing/sojourns.ts'
import {
  conservedWait,
  fcfsWait,
  preemptiveSojourns,
  priorityWaits,
  type Traffic,
} from './queueing/theory.ts'

/** The most urgent first. */
const NAMES = ['first', 'second', 'third', 'fourth', 'fifth'] as const

const numbers = (fallback: string, most: number, description: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const values = text.split(',').map(Number)
      if (values.length <= NAMES.length && values.every((value) => value > 0 && value <= most)) return values
      context.addIssue({
        code: 'custom',
        message: `expected up to ${NAMES.length} numbers above 0, at most ${most}, joined by commas`,
      })
      return z.NEVER
    })
    .describe(description)

const params = z
  .object({
    loads: numbers('0.4,0.4', 2, 'Load of each class, the most urgent first: 0.4,0.4 (1 to 5 classes)'),
    meansUs: numbers('1000', 1e6, 'Mean service time of each class, µs; one number: of all'),
    customers: customersParam(),
    slice: sliceParam(),
    declared: declaredParam(false),
    theory: z
      .enum(['cobham', 'preemptive', 'fcfs'])
      .default('cobham')
      .describe(
        'Closed form to compare with. cobham: priority without slices; preemptive: the urgent interrupt, which ' +
          'priority nears with short slices; fcfs: fifo with batch=1',
      ),
  })
  .refine(({ loads, meansUs }) => meansUs.length === 1 || meansUs.length === loads.length, {
    path: ['meansUs'],
    message: 'takes one number, or as many as loads has',
  })

type Params = z.output<typeof params>

/** A class as it is drawn and as theory sees it. */
interface Stream {
  readonly className: string
  readonly service: ServiceTime
  readonly traffic: Traffic
}

export default defineScenario({
  name: 'priority-queue',
  summary:
    'Urgent and other customers, exponential service: look at sojourn.first beside sojourn.second, and at ' +
    'conservation.error: what one class gains the others lose',
  params,
  classes: ({ loads }) => Object.fromEntries(loads.map((_, k) => [NAMES[k]!, { priority: k }])),
  time: ['virtual'],

  async main(loop, ctx) {
    const streams = streamsOf(ctx.params)
    const rate = streams.reduce((sum, { traffic }) => sum + traffic.rate, 0)
    const sojourns = new Sojourns(streams.map(({ className }) => className))
    const conserved = new BatchMeans()
    const weights = new Map(streams.map(({ className, traffic }) => [className, rate * traffic.mean]))
    await serveCustomers(
      loop,
      ctx,
      rate,
      (random) => {
        const { className, service } = random.weighted(streams, rateOf)
        return { className, serviceNs: service.draw(random) }
      },
      ({ className, serviceNs }, sojournNs) => {
        sojourns.add(className, sojournNs)
        // Its mean over all customers is Σ ρ_k W_k.
        conserved.add(weights.get(className)! * (sojournNs - serviceNs))
      },
    )
    report(ctx, streams, sojourns, conserved)
  },
})

const rateOf = ({ traffic }: Stream) => traffic.rate

function streamsOf({ loads, meansUs }: Params): Stream[] {
  return loads.map((load, k) => {
    const service = exponential(wholeNs(meansUs[k] ?? meansUs[0]!))
    return { className: NAMES[k]!, service, traffic: trafficOf(service, load) }
  })
}

function report(
  { meter, params: { theory } }: ScenarioContext<Params>,
  streams: readonly Stream[],
  sojourns: Sojourns,
  conserved: BatchMeans,
): void {
  const traffic = streams.map((stream) => stream.traffic)
  compareTimes(meter, [
    ...sojourns.compare(traffic, meanSojourns(theory, traffic)),
    {
      what: 'Σ load × wait',
      simulated: conserved,
      theory: conservedWait(traffic),
      metrics: { ...quantityMetrics('conservation'), error: 'conservation.error' },
    },
  ])
}

function meanSojourns(theory: Params['theory'], traffic: readonly Traffic[]): number[] {
  if (theory === 'preemptive') return preemptiveSojourns(traffic)
  const waits = theory === 'cobham' ? priorityWaits(traffic) : traffic.map(() => fcfsWait(traffic))
  return waits.map((wait, k) => wait + traffic[k]!.mean)
}
