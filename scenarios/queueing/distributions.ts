/** Service times: how they are drawn, and the moments that theory needs, exact for what is drawn. */
import type { Random } from '../../harness/api.ts'
import type { Traffic } from './theory.ts'

export interface ServiceTime {
  readonly meanNs: number
  /** E[S²], ns². */
  readonly secondNs2: number
  /** ns, not rounded. */
  readonly draw: (random: Random) => number
}

/** Customers who bring this load, in servers. */
export function trafficOf({ meanNs, secondNs2 }: ServiceTime, load: number): Traffic {
  return { rate: load / meanNs, mean: meanNs, second: secondNs2 }
}

export function exponential(meanNs: number): ServiceTime {
  return { meanNs, secondNs2: 2 * meanNs ** 2, draw: (random) => random.exponential(meanNs) }
}

export function deterministic(meanNs: number): ServiceTime {
  return { meanNs, secondNs2: meanNs ** 2, draw: () => meanNs }
}

/** From 0 to twice the mean. */
export function uniform(meanNs: number): ServiceTime {
  return { meanNs, secondNs2: (4 / 3) * meanNs ** 2, draw: (random) => 2 * meanNs * random.uniform() }
}

/** The sum of `phases` exponential times: the more, the more regular. */
export function erlang(meanNs: number, phases: number): ServiceTime {
  const draw = (random: Random) => {
    let sum = 0
    for (let i = 0; i < phases; i++) sum += random.exponential(meanNs / phases)
    return sum
  }
  return { meanNs, secondNs2: meanNs ** 2 * (1 + 1 / phases), draw }
}

/** One of two exponential times, both with half of the load: `scv` = Var[S]/E[S]² of 1 or more. */
export function hyperexponential(meanNs: number, scv: number): ServiceTime {
  const short = (1 + Math.sqrt((scv - 1) / (scv + 1))) / 2
  const shortNs = meanNs / (2 * short)
  const longNs = meanNs / (2 * (1 - short))
  return {
    meanNs,
    secondNs2: meanNs ** 2 * (1 + scv),
    draw: (random) => random.exponential(random.uniform() < short ? shortNs : longNs),
  }
}

/** Pareto between a shortest time and one `spread` times as long: heavy-tailed, with all its moments finite. */
export function boundedPareto(meanNs: number, shape: number, spread: number): ServiceTime {
  const shortestNs = meanNs / paretoMoment(1, shape, spread)
  const cut = 1 - spread ** -shape
  return {
    meanNs,
    secondNs2: shortestNs ** 2 * paretoMoment(2, shape, spread),
    draw: (random) => shortestNs * (1 - random.uniform() * cut) ** (-1 / shape),
  }
}

/** E[Sⁿ] where the shortest time is 1. */
function paretoMoment(n: number, shape: number, spread: number): number {
  const cut = 1 - spread ** -shape
  if (n === shape) return (shape * Math.log(spread)) / cut
  return ((shape / (n - shape)) * (spread ** (n - shape) - 1)) / cut
}
