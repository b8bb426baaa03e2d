/**
 * First in, first out: asyncio's order and, within a phase, Node's.
 *
 * Fair in turns, blind to urgency: one long handle delays everybody behind it. The template to copy for a policy
 * of your own.
 */
import { batchOption, Deque, definePolicy, type Handle, turnLimitOf, z } from '../harness/api.ts'

export default definePolicy({
  name: 'fifo',
  summary: 'first in, first out: the order of asyncio and Node',
  options: z.strictObject({ batch: batchOption('snapshot') }),
  createQueue({ options }) {
    const ready = new Deque<Handle>()
    return {
      get size() {
        return ready.size
      },
      push: (handle) => ready.push(handle),
      shift: () => ready.shift(),
      turnLimit: () => turnLimitOf(options.batch, ready.size),
    }
  },
})
