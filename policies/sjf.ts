/**
 * Shortest job first: the handle whose work is expected to take least, equals in the order they became ready.
 *
 * The lowest mean latency of all orders that do not interrupt (Smith's rule); with work cut into slices it comes near
 * to shortest remaining processing time first, as `expectedNs` is what remains. Long jobs pay: under overload they
 * starve. A handle whose cost nobody has declared counts as free, since reading a request comes before knowing it.
 */
import { batchOption, definePolicy, type Handle, Heap, turnLimitOf, z } from '../harness/api.ts'

interface Entry {
  readonly expectedNs: number
  readonly handle: Handle
}

export default definePolicy({
  name: 'sjf',
  summary: 'shortest job first: by declared cost of the remaining work; undeclared counts as nothing',
  options: z.strictObject({ batch: batchOption(1) }),
  createQueue({ options }) {
    const heap = new Heap<Entry>(
      (a, b) =>
        a.expectedNs < b.expectedNs ||
        (a.expectedNs === b.expectedNs && a.handle.sequence < b.handle.sequence),
    )
    return {
      get size() {
        return heap.size
      },
      push: (handle) => heap.push({ expectedNs: handle.expectedNs || 0, handle }),
      shift: () => heap.pop()?.handle,
      turnLimit: () => turnLimitOf(options.batch, heap.size),
    }
  },
})
