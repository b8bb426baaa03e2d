/** Who comes when: random arrivals (Poisson) at a rate that jumps up and down again. */
import { type Loop, ms, type Random, us } from '../../harness/api.ts'
import type { Job } from '../queueing/jobs.ts'
import type { OverloadParams } from './params.ts'

export interface Request extends Job {
  /** From 0 on, in order of arrival. */
  readonly id: number
  readonly className: 'urgent' | 'normal'
  readonly deadlineNs: number
}

/** A stretch of the run with one rate. */
export interface Phase {
  readonly name: 'before' | 'overload' | 'after'
  readonly fromNs: number
  readonly untilNs: number
  /** Requests per ns. */
  readonly rate: number
}

export function phasesOf(params: OverloadParams, startNs: number): Phase[] {
  const capacity = 1 / us(params.serviceUs)
  const overloadNs = startNs + ms(params.beforeMs)
  const afterNs = overloadNs + ms(params.overloadMs)
  const usual = capacity * params.load
  return [
    { name: 'before', fromNs: startNs, untilNs: overloadNs, rate: usual },
    { name: 'overload', fromNs: overloadNs, untilNs: afterNs, rate: capacity * params.overload },
    { name: 'after', fromNs: afterNs, untilNs: afterNs + ms(params.afterMs), rate: usual },
  ]
}

/** Times, kinds and costs come from sources of their own: every policy sees the same requests. */
export function* requestsIn(
  phases: readonly Phase[],
  params: OverloadParams,
  random: Random,
): Generator<Request, void, undefined> {
  const gaps = random.fork('arrivals')
  const kinds = random.fork('kinds')
  const services = random.fork('services')
  let id = 0
  for (const { fromNs, untilNs, rate } of phases) {
    // Random arrivals have no memory: each phase may start anew.
    for (let at = fromNs + gaps.exponential(1 / rate); at < untilNs; at += gaps.exponential(1 / rate)) {
      const className = kinds.uniform() < params.urgentShare ? 'urgent' : 'normal'
      const atNs = Math.floor(at) // still within the phase
      const serviceNs = Math.round(services.exponential(us(params.serviceUs)))
      yield { id: id++, atNs, className, serviceNs, deadlineNs: atNs + ms(params[`${className}DeadlineMs`]) }
    }
  }
}

/** What a waiting room is made for. */
export interface Service {
  readonly loop: Loop
  /** Who may wait; `Infinity`: all. */
  readonly bound: number
  readonly drop: OverloadParams['drop']
  /** Does the work and answers. */
  serve(request: Request): void
  /** Tells who asked that there will be no answer. */
  refuse(request: Request): void
}
