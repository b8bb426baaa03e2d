/** Customers who come at random (Poisson), and what scenarios with them have in common. */
import { durationOption, type Loop, type Random, type ScenarioContext, us, z } from '../../harness/api.ts'
import type { ServiceTime } from './distributions.ts'
import { type Job, serveJobs } from './jobs.ts'

export const customersParam = () =>
  z
    .number()
    .int()
    .min(1000)
    .max(1e7)
    .default(200_000)
    .describe('Customers in all: the more, the narrower ± 99 %')

export const loadParam = (of: string) =>
  z
    .number()
    .min(0.01)
    .max(2)
    .default(0.8)
    .describe(`Load of ${of}, ρ; from 1 on the queue grows as long as customers come, and theory has no mean`)

const SHORTEST_SLICE_NS = 100

export const sliceParam = () =>
  durationOption('0', 'A customer gives way each time it has had this much service; 0: never').refine(
    (ns) => ns === 0 || ns >= SHORTEST_SLICE_NS,
    `expected 0, or ${SHORTEST_SLICE_NS}ns or more`,
  )

export const declaredParam = (fallback: boolean) =>
  z.boolean().default(fallback).describe('Whether policies are told how long each customer takes')

export const meanServiceParam = () =>
  z.number().min(1).max(1e6).default(1000).describe('Mean service time, µs')

/** Times are whole nanoseconds. */
export function wholeNs(microseconds: number): number {
  return Math.round(us(microseconds))
}

export interface Customers {
  readonly customers: number
  /** Arrivals per ns, of all classes together. */
  readonly rate: number
  /** Class and service time (ns, rounded later) of the next one. */
  readonly draw: (random: Random) => { readonly className: string; readonly serviceNs: number }
}

/** The class of scenarios that have only one. */
export const CUSTOMER = 'customer'

/** Customers of one class. */
export function alike({ draw }: ServiceTime): Customers['draw'] {
  return (random) => ({ className: CUSTOMER, serviceNs: draw(random) })
}

/** Arrivals and what they want come from sources of their own: every policy sees the same customers. */
export function* poissonCustomers(
  loop: Loop,
  random: Random,
  { customers, rate, draw }: Customers,
): Generator<Job, void, undefined> {
  const gaps = random.fork('arrivals')
  const wants = random.fork('services')
  let atNs = loop.nowNs()
  for (let i = 0; i < customers; i++) {
    atNs += gaps.exponential(1 / rate)
    const { className, serviceNs } = draw(wants)
    yield { atNs: Math.round(atNs), className, serviceNs: Math.round(serviceNs) }
  }
}

interface ServiceParams {
  readonly customers: number
  readonly slice: number
  readonly declared: boolean
}

/** Serves them all on the loop, and checks that nobody was lost and that Little's law holds. */
export async function serveCustomers(
  loop: Loop,
  { params, random, meter, check }: ScenarioContext<ServiceParams>,
  rate: number,
  draw: Customers['draw'],
  onDone: (job: Job, sojournNs: number) => void,
): Promise<void> {
  const { customers, slice, declared } = params
  let served = 0
  const population = await serveJobs(loop, meter, poissonCustomers(loop, random, { customers, rate, draw }), {
    sliceNs: slice === 0 ? Number.POSITIVE_INFINITY : slice,
    declared,
    onDone: (job, sojournNs) => {
      served++
      onDone(job, sojournNs)
    },
  })
  check(served === customers, `${served} of ${customers} customers were served`)
  checkLittle(check, population.littleError())
}

export function checkLittle(check: ScenarioContext['check'], error: number): void {
  check(error < 1e-9, `Little's law (L = λT) is broken by ${error}: customers were miscounted`)
}
