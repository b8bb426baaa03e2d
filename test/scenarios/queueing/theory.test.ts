import { describe, expect, test } from 'vitest'
import {
  boundedQueue,
  conservedWait,
  erlangB,
  erlangC,
  exponentialTail,
  fcfsWait,
  poolWait,
  preemptiveSojourns,
  priorityWaits,
  sharedSojourn,
  srptSojourn,
  type Traffic,
} from '../../../scenarios/queueing/theory.ts'

/** Poisson arrivals, exponential service. */
const markov = (rate: number, mean = 1): Traffic => ({ rate, mean, second: 2 * mean ** 2 })
const fixed = (rate: number, mean = 1): Traffic => ({ rate, mean, second: mean ** 2 })
const TWO = [markov(0.4), markov(0.4)]
/** Loads .2, .3 and .3; mean services 1, 2 and .5. */
const THREE = [markov(0.2), markov(0.15, 2), markov(0.6, 0.5)]

describe('first come first served (Pollaczek–Khinchine)', () => {
  test('M/M/1 at ρ=.8: sojourn 5, of which wait 4; one sojourn in a hundred above ln(100)/(μ−λ)', () => {
    expect(1 + fcfsWait([markov(0.8)])).toBeCloseTo(5, 10)
    expect(exponentialTail(markov(0.8), 0.01)).toBeCloseTo(23.02585, 5)
  })

  test('M/D/1 at ρ=.8: wait 2', () => {
    expect(fcfsWait([fixed(0.8)])).toBeCloseTo(2, 10)
  })
})

describe('priorities', () => {
  test('without interruption (Cobham): waits 1.3333 and 6.6667 at .4 and .4', () => {
    const [first, second] = priorityWaits(TWO)
    expect(first).toBeCloseTo(4 / 3, 10)
    expect(second).toBeCloseTo(20 / 3, 10)
  })

  test('with interruption: sojourns 1.6667 and 8.3333', () => {
    const [first, second] = preemptiveSojourns(TWO)
    expect(first).toBeCloseTo(5 / 3, 10)
    expect(second).toBeCloseTo(25 / 3, 10)
  })

  test('three classes with services of their own', () => {
    for (const [k, wait] of [1.1875, 2.375, 9.5].entries())
      expect(priorityWaits(THREE)[k]).toBeCloseTo(wait, 10)
    for (const [k, sojourn] of [1.25, 4.5, 10.5].entries())
      expect(preemptiveSojourns(THREE)[k]).toBeCloseTo(sojourn, 10)
  })

  test('one class waits as if it came first, first served', () => {
    expect(priorityWaits([markov(0.8)])).toEqual([fcfsWait([markov(0.8)])])
  })

  test.each([
    ['two classes', TWO, 3.2],
    ['three classes', THREE, 3.8],
  ])('conserve Σ load × wait: %s', (_, traffic, sum) => {
    const waits = priorityWaits(traffic)
    expect(conservedWait(traffic)).toBeCloseTo(sum, 10)
    expect(traffic.reduce((all, { rate, mean }, k) => all + rate * mean * waits[k]!, 0)).toBeCloseTo(sum, 10)
    // Interrupting orders too, as service is exponential.
    const sojourns = preemptiveSojourns(traffic)
    const interrupted = traffic.reduce(
      (all, { rate, mean }, k) => all + rate * mean * (sojourns[k]! - mean),
      0,
    )
    expect(interrupted).toBeCloseTo(sum, 10)
  })

  test('under overload the urgent wait for the rest of one service and for one another, the others for ever', () => {
    const traffic = [markov(0.4), markov(0.9)]
    // The server is always busy, .6 of the time with the others: R = .4 + .6.
    expect(priorityWaits(traffic)).toEqual([expect.closeTo(1 / 0.6, 10), Number.POSITIVE_INFINITY])
    expect(preemptiveSojourns(traffic)).toEqual([expect.closeTo(1 / 0.6, 10), Number.POSITIVE_INFINITY])
  })

  test('a class below one that takes all of the server waits for ever', () => {
    const traffic = [markov(1.2), markov(0.1)]
    expect(priorityWaits(traffic)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
    expect(preemptiveSojourns(traffic)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })
})

describe('sharing and shortest remaining first', () => {
  test('processor sharing stretches every service by 1/(1−ρ)', () => {
    expect(sharedSojourn(100, 0.8)).toBeCloseTo(500, 8)
  })

  test.each([
    [0.5, 1.4254],
    [0.7, 1.8746],
    [0.8, 2.3528],
    [0.9, 3.5521],
  ])('SRPT (Schrage–Miller) at ρ=%d: sojourn %d', (load, sojourn) => {
    expect(srptSojourn(markov(load))).toBeCloseTo(sojourn, 4)
    expect(srptSojourn(markov(load / 1e6, 1e6))).toBeCloseTo(sojourn * 1e6, -2)
  })

  test('is one service where nobody else is there', () => {
    expect(srptSojourn(markov(1e-9))).toBeCloseTo(1, 6)
  })
})

describe('several servers and bounded queues', () => {
  test('Erlang C with 4 servers and 3.2 offered: .59643 wait, .74554 on average', () => {
    expect(erlangC(4, 3.2)).toBeCloseTo(0.59643, 5)
    expect(poolWait(4, markov(3.2))).toBeCloseTo(0.74554, 5)
  })

  test('one server of Erlang C is M/M/1', () => {
    expect(erlangC(1, 0.8)).toBeCloseTo(0.8, 10)
    expect(poolWait(1, markov(0.8))).toBeCloseTo(4, 10)
  })

  test('Erlang B with 10 servers and 8 offered: .12166 are lost', () => {
    expect(erlangB(10, 8)).toBeCloseTo(0.12166, 5)
    expect(boundedQueue(10, 10, markov(8)).lossRatio).toBeCloseTo(0.12166, 5)
    expect(boundedQueue(10, 10, markov(8)).sojourn).toBeCloseTo(1, 10)
  })

  test('M/M/1/10 at ρ=.9: .05081 are lost', () => {
    expect(boundedQueue(1, 10, markov(0.9)).lossRatio).toBeCloseTo(0.05081, 5)
    expect(boundedQueue(1, 10, markov(0.9)).lossRatio).toBeCloseTo((0.1 * 0.9 ** 10) / (1 - 0.9 ** 11), 12)
  })

  test('a queue with much room is one without a bound', () => {
    expect(boundedQueue(1, 2000, markov(0.8)).sojourn).toBeCloseTo(5, 8)
    expect(boundedQueue(4, 2000, markov(3.2)).sojourn).toBeCloseTo(1.74554, 5)
  })

  test('large pools do not overflow', () => {
    expect(boundedQueue(1000, 1000, markov(2000)).lossRatio).toBeCloseTo(erlangB(1000, 2000), 10)
  })
})

test('at a load of 1 and above there is no steady state', () => {
  const figures = [
    fcfsWait([markov(1)]),
    sharedSojourn(1, 1.1),
    srptSojourn(markov(1)),
    poolWait(4, markov(4)),
    conservedWait([markov(0.5), markov(0.6)]),
    exponentialTail(markov(1), 0.01),
  ]
  expect(figures).toEqual(figures.map(() => Number.POSITIVE_INFINITY))
  expect(erlangC(4, 5)).toBe(1)
})

describe('service mixes at ρ=.8', () => {
  const mix = (types: [us: number, share: number][]) => {
    const mean = types.reduce((sum, [us, share]) => sum + us * share, 0)
    return types.map(([us, share]) => fixed((0.8 / mean) * share, us))
  }

  test('high bimodal: 248.54 first come first served; 40.924 and 299.62 short first', () => {
    const traffic = mix([
      [1, 0.5],
      [100, 0.5],
    ])
    expect(50.5 + fcfsWait(traffic)).toBeCloseTo(248.54, 2)
    expect(sharedSojourn(50.5, 0.8)).toBeCloseTo(252.5, 8)
    const [short, long] = priorityWaits(traffic)
    expect(short! + 1).toBeCloseTo(40.924, 3)
    expect(long! + 100).toBeCloseTo(299.62, 2)
  })

  test('TPC-C: 113.62 first come first served; short first from 26.835 to 357.071', () => {
    const services: [number, number][] = [
      [5.7, 0.44],
      [6, 0.04],
      [20, 0.44],
      [88, 0.04],
      [100, 0.04],
    ]
    const traffic = mix(services)
    expect(19.068 + fcfsWait(traffic)).toBeCloseTo(113.62, 2)
    expect(sharedSojourn(19.068, 0.8)).toBeCloseTo(95.34, 8)
    const known = [26.835, 29.889, 61.466, 187.736, 357.071]
    for (const [k, wait] of priorityWaits(traffic).entries())
      expect(wait + services[k]![0]).toBeCloseTo(known[k]!, 3)
  })
})
