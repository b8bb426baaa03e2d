/**
 * Earliest deadline first: the handle whose deadline is nearest, equals in the order they became ready; work without a
 * deadline comes last.
 *
 * Meets every deadline wherever any order could (Liu & Layland 1973; with work cut into slices, as a handle is never
 * interrupted). Under overload it degrades badly: it goes on with what is late already, and so makes the next late.
 */
import { batchOption, definePolicy, type Handle, Heap, turnLimitOf, z } from '../harness/api.ts'

interface Entry {
  readonly deadlineNs: number
  readonly handle: Handle
}

export default definePolicy({
  name: 'edf',
  summary: 'earliest deadline first, stable; work without a deadline last',
  options: z.strictObject({ batch: batchOption(1) }),
  createQueue({ options }) {
    const heap = new Heap<Entry>(
      (a, b) =>
        a.deadlineNs < b.deadlineNs ||
        (a.deadlineNs === b.deadlineNs && a.handle.sequence < b.handle.sequence),
    )
    return {
      get size() {
        return heap.size
      },
      push: (handle) => heap.push({ deadlineNs: handle.deadlineNs, handle }),
      shift: () => heap.pop()?.handle,
      turnLimit: () => turnLimitOf(options.batch, heap.size),
    }
  },
})
