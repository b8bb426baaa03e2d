/** What became of each request, and the figures that come of it. */
import type { Meter, ScenarioContext } from '../../harness/api.ts'
import { Population } from '../queueing/population.ts'
import type { Phase, Request } from './requests.ts'

/** A service has recovered when so many requests in a row were answered in time. */
const IN_A_ROW = 50
const STEPS = 96

type Outcome = 'in time' | 'late' | 'dropped'
type Check = ScenarioContext['check']

interface Entry {
  readonly request: Request
  started: boolean
  outcome: Outcome | undefined
}

/** Counts something over time, in steps. */
class Rate {
  readonly #startNs: number
  readonly #stepNs: number
  readonly counts: number[] = []

  constructor(startNs: number, stepNs: number) {
    this.#startNs = startNs
    this.#stepNs = stepNs
  }

  add(atNs: number): void {
    const step = Math.max(0, Math.floor((atNs - this.#startNs) / this.#stepNs))
    while (this.counts.length <= step) this.counts.push(0)
    this.counts[step]!++
  }

  perSecond(steps: number): number[] {
    return Array.from({ length: steps }, (_, i) => ((this.counts[i] ?? 0) * 1e9) / this.#stepNs)
  }
}

export class Ledger {
  readonly #phases: readonly Phase[]
  readonly #check: Check
  /** In order of arrival. */
  readonly #entries: Entry[] = []
  readonly #population: Population
  readonly #stepNs: number
  readonly #rates: Record<'offered' | Outcome, Rate>
  #waiting = 0
  #mostWaiting = 0
  #workNs = 0
  #lateWorkNs = 0
  #ended = 0

  constructor(phases: readonly Phase[], check: Check) {
    const startNs = phases[0]!.fromNs
    this.#phases = phases
    this.#check = check
    this.#population = new Population(startNs)
    this.#stepNs = (phases.at(-1)!.untilNs - startNs) / STEPS
    const rate = () => new Rate(startNs, this.#stepNs)
    this.#rates = { offered: rate(), 'in time': rate(), late: rate(), dropped: rate() }
  }

  came(request: Request): void {
    this.#entries[request.id] = { request, started: false, outcome: undefined }
    this.#population.came(request.className, request.atNs)
    this.#rates.offered.add(request.atNs)
    this.#waiting++
  }

  /** Whoever was to be dropped for the newcomer has been. */
  admitted(): void {
    this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting)
  }

  started({ id }: Request): void {
    this.#waiting--
    this.#entries[id]!.started = true
  }

  answered(request: Request, nowNs: number): void {
    const inTime = nowNs <= request.deadlineNs
    this.#workNs += request.serviceNs
    if (!inTime) this.#lateWorkNs += request.serviceNs
    this.#end(request, inTime ? 'in time' : 'late', nowNs)
  }

  dropped(request: Request, nowNs: number): void {
    if (!this.#entries[request.id]!.started) this.#waiting--
    this.#end(request, 'dropped', nowNs)
  }

  #end(request: Request, outcome: Outcome, nowNs: number): void {
    const { id, className, atNs } = request
    const entry = this.#entries[id]!
    this.#check(
      entry.outcome === undefined,
      `Request ${id} had ended (${entry.outcome}) and ended again (${outcome})`,
    )
    if (entry.outcome !== undefined) return
    entry.outcome = outcome
    this.#ended++
    this.#rates[outcome].add(nowNs)
    this.#population.left(className, nowNs, nowNs - atNs)
  }

  /** What must be true when all is over, under any policy. */
  verify(bound: number): void {
    const came = this.#entries.length
    this.#check(this.#ended === came, `${came} requests came and ${this.#ended} were answered or dropped`)
    this.#check(
      this.#mostWaiting <= bound,
      `${this.#mostWaiting} requests waited at once in a queue bounded to ${bound}`,
    )
    const error = this.#population.littleError()
    this.#check(
      this.#ended < came || error < 1e-9,
      `Little's law is broken by ${error}: requests were miscounted`,
    )
  }

  report(meter: Meter): void {
    const all = this.#entries
    const spanNs = this.#phases.at(-1)!.untilNs - this.#phases[0]!.fromNs
    meter.value('goodput', perSecond(countOf(all, 'in time'), spanNs), 'ops/s', 'higher')
    const overload = this.#phases.find(({ name }) => name === 'overload')!
    const came = this.#cameIn(overload)
    const inTime = perSecond(countOf(came, 'in time'), overload.untilNs - overload.fromNs)
    meter.value('goodput.overload', inTime, 'ops/s', 'higher')
    this.#reportShares(meter)
    this.#reportRecovery(meter, overload.untilNs)
    if (this.#workNs > 0) meter.value('work.wasted', this.#lateWorkNs / this.#workNs, 'ratio', 'lower')
    meter.count('requests', all.length)
    for (const outcome of ['late', 'dropped'] as const) meter.count(outcome, countOf(all, outcome))
    this.#population.report(meter)
    this.#reportRates(meter)
    this.#reportPhases(meter)
  }

  #reportShares(meter: Meter): void {
    for (const className of ['urgent', 'normal'] as const) {
      const own = this.#entries.filter(({ request }) => request.className === className)
      if (own.length > 0)
        meter.value(`inTime.${className}`, countOf(own, 'in time') / own.length, 'ratio', 'higher')
    }
  }

  /** From the end of the overload to the first request after it from which on all goes well. Left out where none does. */
  #reportRecovery(meter: Meter, overNs: number): void {
    const first = firstOfRow(this.#entries, overNs)
    if (first !== undefined) meter.value('recovery', first.request.atNs - overNs, 'ns', 'lower')
    meter.count('recovered', first === undefined ? 0 : 1)
  }

  #reportRates(meter: Meter): void {
    const rates = Object.entries(this.#rates)
    const steps = Math.max(...rates.map(([, { counts }]) => counts.length))
    meter.timeSeries({
      title: 'Requests per second',
      unit: 'ops/s',
      stepNs: this.#stepNs,
      lines: Object.fromEntries(rates.map(([name, rate]) => [name, rate.perSecond(steps)])),
    })
  }

  #reportPhases(meter: Meter): void {
    meter.table({
      title: 'What became of the requests, by when they came',
      columns: [
        { name: 'phase' },
        { name: 'offered', unit: 'ops/s' },
        { name: 'goodput', unit: 'ops/s' },
        { name: 'in time', unit: 'count' },
        { name: 'late', unit: 'count' },
        { name: 'dropped', unit: 'count' },
      ],
      rows: this.#phases.map((phase) => {
        const came = this.#cameIn(phase)
        const inTime = countOf(came, 'in time')
        const lengthNs = phase.untilNs - phase.fromNs
        const rates = [perSecond(came.length, lengthNs), perSecond(inTime, lengthNs)]
        return [phase.name, ...rates, inTime, countOf(came, 'late'), countOf(came, 'dropped')]
      }),
    })
  }

  #cameIn({ fromNs, untilNs }: Phase): Entry[] {
    return this.#entries.filter(({ request: { atNs } }) => atNs >= fromNs && atNs < untilNs)
  }
}

function countOf(entries: readonly Entry[], outcome: Outcome): number {
  return entries.reduce((sum, entry) => (entry.outcome === outcome ? sum + 1 : sum), 0)
}

function perSecond(count: number, spanNs: number): number {
  return (count * 1e9) / spanNs
}

function firstOfRow(entries: readonly Entry[], fromNs: number): Entry | undefined {
  let first: Entry | undefined
  let length = 0
  for (const entry of entries) {
    if (entry.request.atNs < fromNs) continue
    if (length === 0) first = entry
    length = entry.outcome === 'in time' ? length + 1 : 0
    if (length === IN_A_ROW) return first
  }
  return undefined
}
