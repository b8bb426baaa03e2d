/**
 * Closed forms of queueing theory. Poisson arrivals; rates are per ns and times are ns, or any one unit of time for
 * both. Where a queue has no steady state, its mean is `Infinity`.
 *
 * Sources: Kleinrock, Queueing Systems I (1975) and II (1976); Harchol-Balter, Performance Modeling and Design of
 * Computer Systems (2013).
 */

/** A stream of customers and the first two moments of their service times. */
export interface Traffic {
  readonly rate: number
  readonly mean: number
  /** E[S²]. */
  readonly second: number
}

/** ρ: the share of one server that they need. */
export function loadOf(traffic: readonly Traffic[]): number {
  return traffic.reduce((sum, { rate, mean }) => sum + rate * mean, 0)
}

/** R = λE[S²]/2: how long a customer who comes finds the server still busy with somebody, on average. */
export function residualOf(traffic: readonly Traffic[]): number {
  return traffic.reduce((sum, { rate, second }) => sum + (rate * second) / 2, 0)
}

/**
 * The mean wait of all, first come first served (Pollaczek–Khinchine). The same for each class, and for every order
 * that is blind to service times and never interrupts, on average over all.
 */
export function fcfsWait(traffic: readonly Traffic[]): number {
  return over(residualOf(traffic), 1 - loadOf(traffic))
}

/** M/M/1, first come first served: sojourns are exponential, so that the share `share` of them is longer than this. */
export function exponentialTail({ rate, mean }: Traffic, share: number): number {
  return over(-Math.log(share), 1 / mean - rate)
}

/** The mean sojourn under processor sharing of those who need `service`, whatever the others need. */
export function sharedSojourn(service: number, load: number): number {
  return over(service, 1 - load)
}

/** The mean wait of each class, the most urgent first, where nobody is interrupted (Cobham 1954). */
export function priorityWaits(traffic: readonly Traffic[]): number[] {
  const shares = servedShares(traffic)
  const residual = traffic.reduce((sum, { mean, second }, k) => sum + (shares[k]! * second) / (2 * mean), 0)
  return traffic.map((_, k) => {
    const above = loadOf(traffic.slice(0, k))
    return over(residual, (1 - above) * (1 - above - loadOf([traffic[k]!])), above)
  })
}

/** The share of the server that each class gets: with more than one server's work the least urgent go without. */
function servedShares(traffic: readonly Traffic[]): number[] {
  let left = 1
  return traffic.map(({ rate, mean }) => {
    const share = Math.min(rate * mean, left)
    left -= share
    return share
  })
}

/** The mean sojourn of each class, the most urgent first, where the more urgent interrupt and the others resume. */
export function preemptiveSojourns(traffic: readonly Traffic[]): number[] {
  return traffic.map(({ mean }, k) => {
    const above = loadOf(traffic.slice(0, k))
    const upTo = traffic.slice(0, k + 1)
    const wait = over(residualOf(upTo), (1 - above) * (1 - loadOf(upTo)), above)
    return over(mean, 1 - above) + wait
  })
}

/**
 * Σ ρ_k W_k, which no order changes that is blind to service times and never interrupts (Kleinrock's conservation
 * law). With exponential service it holds for interrupting orders too, W being sojourn less service.
 */
export function conservedWait(traffic: readonly Traffic[]): number {
  return loadOf(traffic) * fcfsWait(traffic)
}

/** M/M/1, shortest remaining processing time first: the mean sojourn of all (Schrage and Miller 1966). */
export function srptSojourn({ rate, mean }: Traffic): number {
  const load = rate * mean
  return load < 1
    ? mean * simpson((x) => srptDensity(x, load), SRPT_LONGEST, SRPT_STEPS)
    : Number.POSITIVE_INFINITY
}

/** In mean services; longer ones have a chance of e⁻⁶⁰. */
const SRPT_LONGEST = 60
const SRPT_STEPS = 6000

/** Density of the size × (wait + residence), the latter after its integrals were exchanged; mean service 1. */
function srptDensity(x: number, load: number): number {
  const longer = Math.exp(-x)
  const below = load * (1 - longer * (1 + x))
  const second = 2 - longer * (x * x + 2 * x + 2)
  const wait = (load * (second + x * x * longer)) / (2 * (1 - below) ** 2)
  return longer * (wait + 1 / (1 - below))
}

/** ∫ f from 0 to `end`; `steps` must be even. */
function simpson(f: (x: number) => number, end: number, steps: number): number {
  const width = end / steps
  let sum = f(0) + f(end)
  for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * f(i * width)
  return (sum * width) / 3
}

/** The share lost of an offered load (in servers) where nobody can wait. */
export function erlangB(servers: number, offered: number): number {
  let lost = 1
  for (let k = 1; k <= servers; k++) lost = (offered * lost) / (k + offered * lost)
  return lost
}

/** The share that has to wait where everybody can: 1 where the servers cannot carry the load. */
export function erlangC(servers: number, offered: number): number {
  if (offered >= servers) return 1
  const lost = erlangB(servers, offered)
  return lost / (1 - (offered / servers) * (1 - lost))
}

/** M/M/c: the mean wait of all. */
export function poolWait(servers: number, { rate, mean }: Traffic): number {
  const offered = rate * mean
  return over(mean * erlangC(servers, offered), servers - offered)
}

/** M/M/c/K: the share of customers lost, and the mean sojourn of the others. `capacity` counts those in service. */
export function boundedQueue(
  servers: number,
  capacity: number,
  { rate, mean }: Traffic,
): { lossRatio: number; sojourn: number } {
  const chances = chancesOfNumber(servers, capacity, rate * mean)
  const lossRatio = chances[capacity]!
  const inSystem = chances.reduce((sum, chance, n) => sum + n * chance, 0)
  return { lossRatio, sojourn: inSystem / (rate * (1 - lossRatio)) }
}

/** How likely it is that n are in the system, from 0 to `capacity`: a birth–death process, in logarithms. */
function chancesOfNumber(servers: number, capacity: number, offered: number): number[] {
  const logs = [0]
  for (let n = 1; n <= capacity; n++) logs.push(logs[n - 1]! + Math.log(offered / Math.min(n, servers)))
  const largest = logs.reduce((a, b) => Math.max(a, b))
  const weights = logs.map((log) => Math.exp(log - largest))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

/** A quotient that is infinite where there is no room left, also where more urgent classes took all of it. */
function over(dividend: number, room: number, above = 0): number {
  return room > 0 && above < 1 ? dividend / room : Number.POSITIVE_INFINITY
}
