/**
 * What lies between the two ends of a connection: a line each way, cut by partitions, and whether it is lost. All
 * chance comes from the connection's own source, so that no other connection shifts it. Nothing ever arrives before
 * it was sent, which is all that the world's rule rests on: a latency of 0 breaks nothing.
 */
import type { Random } from '../random.ts'
import type { Partition, WorldModel } from './model.ts'

/** The part of a world's model that is about links. */
export type LinkModel = Pick<
  WorldModel,
  'latency' | 'jitter' | 'bandwidth' | 'loss' | 'lossAfter' | 'partition'
>

/** Within one host: nothing shakes, breaks or parts a loopback. */
export function loopbackOf(model: LinkModel): LinkModel {
  return { ...model, jitter: 0, loss: 0, partition: [] }
}

/** When a connection comes about, ns. */
export interface Handshake {
  /** The listener's side has it. */
  readonly arrivesNs: number
  /** The caller knows. */
  readonly answerNs: number
  /** Nothing arrives from here on, and both ends are told; `Infinity`: never. */
  readonly lostNs: number
}

export class Link {
  readonly there: Line
  readonly back: Line
  readonly #model: LinkModel
  readonly #random: Random

  constructor(model: LinkModel, random: Random) {
    this.#model = model
    this.#random = random
    this.there = new Line(model, random.fork('there'))
    this.back = new Line(model, random.fork('back'))
  }

  /** There and back pass as one: what a partition cuts in two is tried again from the start. */
  handshake(nowNs: number): Handshake {
    const thereNs = this.there.flightNs()
    const bothNs = thereNs + this.back.flightNs()
    const startNs = whole(this.#model.partition, nowNs, bothNs)
    const answerNs = startNs + bothNs
    const lostNs = answerNs + this.#lifeNs()
    this.there.lostNs = lostNs
    this.back.lostNs = lostNs
    return { arrivesNs: startNs + thereNs, answerNs, lostNs }
  }

  #lifeNs(): number {
    const { loss, lossAfter } = this.#model
    if (loss === 0) return Number.POSITIVE_INFINITY
    const random = this.#random.fork('loss')
    return random.uniform() < loss ? random.exponential(lossAfter) : Number.POSITIVE_INFINITY
  }
}

/** One direction of a connection. What goes in first comes out first, as TCP promises. */
export class Line {
  lostNs = Number.POSITIVE_INFINITY
  readonly #model: LinkModel
  readonly #random: Random
  readonly #nsPerByte: number
  #freeNs = 0
  #lastNs = 0

  constructor(model: LinkModel, random: Random) {
    this.#model = model
    this.#random = random
    this.#nsPerByte = model.bandwidth === null ? 0 : 8e9 / model.bandwidth
  }

  /** The delay of what travels next, ns. */
  flightNs(): number {
    const { latency, jitter } = this.#model
    return jitter === 0 ? latency : latency + this.#random.exponential(jitter)
  }

  /** When the last of the bytes handed over at `nowNs` arrives; `Infinity` where the connection is lost before. */
  arrivalNs(nowNs: number, bytes: number): number {
    const lineNs = bytes * this.#nsPerByte
    const flightNs = this.flightNs()
    const startNs = whole(this.#model.partition, Math.max(nowNs, this.#freeNs), lineNs + flightNs)
    this.#freeNs = startNs + lineNs
    this.#lastNs = Math.max(this.#lastNs, this.#freeNs + flightNs)
    return this.#lastNs < this.lostNs ? this.#lastNs : Number.POSITIVE_INFINITY
  }

  /**
   * When news arrives that is no segment (the window opens). It waits for no bytes, and draws nothing: when the peer
   * reads must not shift the delays of what it sends.
   */
  newsNs(nowNs: number): number {
    const { latency, partition } = this.#model
    return whole(partition, nowNs, latency) + latency
  }
}

/** When something that takes `lengthNs` can start, from `nowNs` on, so that no partition cuts it. */
function whole(partitions: readonly Partition[], nowNs: number, lengthNs: number): number {
  let startNs = nowNs
  for (const { fromNs, untilNs } of partitions) {
    if (startNs < untilNs && startNs + lengthNs > fromNs) startNs = untilNs
  }
  return startNs
}
