/** Policies of textbooks that the bench does not ship: they prove that it can express their orders. */
import { Deque, definePolicy, type Handle, Heap, type Task, z } from '../../harness/api.ts'
import { prepared } from '../policies/conformance.ts'

interface Place {
  /** Where in virtual time it would end under processor sharing. */
  readonly key: number
  readonly sequence: number
}

const before = (a: Place, b: Place) => a.key < b.key || (a.key === b.key && a.sequence < b.sequence)

/**
 * The fair sojourn protocol (Friedman & Henderson 2003): jobs run one at a time, in the order in which processor
 * sharing would end them.
 *
 * Under processor sharing each of n jobs attains service at rate 1/n. A job ends when what everybody has attained since
 * the start (the virtual time of fair queueing) has grown by its size: a key that no later arrival changes.
 */
const fairSojourn = definePolicy({
  name: 'fair-sojourn',
  summary: 'in the order in which processor sharing would end',
  options: z.strictObject({}),
  createQueue() {
    const ready = new Heap<{ place: Place; handle: Handle }>((a, b) => before(a.place, b.place))
    /** Those that would still be in the system under processor sharing. */
    const sharing = new Heap<number>((a, b) => a < b)
    const places = new WeakMap<Task, Place>()
    let virtualNs = 0
    let atNs = 0
    const advance = (nowNs: number) => {
      for (let key = sharing.peek(); key !== undefined; key = sharing.peek()) {
        const endNs = atNs + (key - virtualNs) * sharing.size
        if (endNs > nowNs) break
        atNs = endNs
        virtualNs = key
        sharing.pop()
      }
      if (sharing.size > 0) virtualNs += (nowNs - atNs) / sharing.size
      atNs = nowNs
    }
    const placeOf = ({ task, expectedNs, sequence, readyAtNs }: Handle): Place => {
      if (task === undefined || Number.isNaN(expectedNs)) return { key: 0, sequence }
      const known = places.get(task)
      if (known !== undefined) return known
      advance(readyAtNs)
      const place = { key: virtualNs + expectedNs, sequence }
      sharing.push(place.key)
      places.set(task, place)
      return place
    }
    return {
      get size() {
        return ready.size
      },
      push: (handle) => ready.push({ place: placeOf(handle), handle }),
      shift: () => ready.pop()?.handle,
      turnLimit: () => 1,
    }
  },
})

/**
 * Multilevel feedback as Stallings has it: each quantum used moves a task one queue down, unless nobody else is there;
 * the highest queue that is not empty is served, first come first served.
 */
const feedback = definePolicy({
  name: 'feedback',
  summary: 'a queue lower with every quantum used while others wait',
  options: z.strictObject({}),
  createQueue() {
    const queues: Deque<Handle>[] = []
    const levels = new WeakMap<Task, number>()
    let size = 0
    const levelOf = ({ task }: Handle) => {
      const known = task === undefined ? 0 : levels.get(task)
      const level = known === undefined ? 0 : known + (size > 0 ? 1 : 0)
      if (task !== undefined) levels.set(task, level)
      return level
    }
    return {
      get size() {
        return size
      },
      push(handle) {
        const level = levelOf(handle)
        while (queues.length <= level) queues.push(new Deque())
        queues[level]!.push(handle)
        size++
      },
      shift() {
        const handle = queues.find((queue) => queue.size > 0)?.shift()
        if (handle !== undefined) size--
        return handle
      },
      turnLimit: () => 1,
    }
  },
})

export const FAIR_SOJOURN = prepared(fairSojourn)
export const FEEDBACK = prepared(feedback)
