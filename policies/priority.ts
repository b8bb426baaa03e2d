/**
 * Strict priority: the lowest number first, equals in the order they became ready.
 *
 * Serves urgent work as if bulk work were not there, but for the handle that is running. Its weakness is
 * starvation: under overload the lowest class never runs. `aging` repairs that: every `aging` of waiting counts as
 * one step of priority. A handle's key is then `priority + readyAt / aging`, which never changes while it waits
 * (all age alike), so a heap will do. (Multics' and Windows' ageing, as a static key.)
 */
import {
  batchOption,
  definePolicy,
  durationOption,
  type Handle,
  Heap,
  turnLimitOf,
  z,
} from '../harness/api.ts'

interface Entry {
  readonly key: number
  readonly handle: Handle
}

export default definePolicy({
  name: 'priority',
  summary: 'lowest priority number first, stable; aging=50ms lifts waiting work by one step every 50 ms',
  options: z.strictObject({
    batch: batchOption(1),
    aging: durationOption('0', 'waiting time that counts as one step of priority; 0: never'),
  }),
  createQueue({ options }) {
    const stepsPerNs = options.aging > 0 ? 1 / options.aging : 0
    const heap = new Heap<Entry>(
      (a, b) => a.key < b.key || (a.key === b.key && a.handle.sequence < b.handle.sequence),
    )
    return {
      get size() {
        return heap.size
      },
      push: (handle) => heap.push({ key: handle.priority + handle.readyAtNs * stepsPerNs, handle }),
      shift: () => heap.pop()?.handle,
      turnLimit: () => turnLimitOf(options.batch, heap.size),
    }
  },
})
