/**
 * Last in, first out: what became ready last runs first.
 *
 * Good for the median under overload (fresh requests are answered, old ones have given up anyway) and for caches that
 * are still warm; unfair by design: the first to come may wait for ever. With `batch=1` it is the queueing theorists'
 * LCFS.
 */
import { batchOption, Deque, definePolicy, type Handle, turnLimitOf, z } from '../harness/api.ts'

export default definePolicy({
  name: 'lifo',
  summary: 'last in, first out: fresh work first, old work last',
  options: z.strictObject({ batch: batchOption('snapshot') }),
  createQueue({ options }) {
    const ready = new Deque<Handle>()
    return {
      get size() {
        return ready.size
      },
      push: (handle) => ready.push(handle),
      shift: () => ready.pop(),
      turnLimit: () => turnLimitOf(options.batch, ready.size),
    }
  },
})
