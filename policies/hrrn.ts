/**
 * Highest response ratio next: of all that is ready, what has waited longest for its size, (waited + expected) /
 * expected; equals in the order they became ready.
 *
 * Short jobs go first, as under `sjf`, but no long job starves: its ratio grows as it waits (Brinch Hansen 1971). The
 * ratios change with time and at different speeds, so no heap can hold them: choosing looks at all that is ready. A
 * handle whose cost nobody has declared counts as free.
 */
import { batchOption, definePolicy, type Handle, turnLimitOf, z } from '../harness/api.ts'

/** `waited / expected`: the ratio less one, which orders alike; with nothing to do it is endless. */
function urgency(handle: Handle, nowNs: number): number {
  const expectedNs = handle.expectedNs || 0
  return expectedNs === 0 ? Number.POSITIVE_INFINITY : (nowNs - handle.readyAtNs) / expectedNs
}

export default definePolicy({
  name: 'hrrn',
  summary: 'highest response ratio next: short work first, and long work once it has waited in proportion',
  options: z.strictObject({ batch: batchOption(1) }),
  createQueue({ options, clock }) {
    // In order of becoming ready.
    const ready: Handle[] = []
    return {
      get size() {
        return ready.length
      },
      push: (handle) => ready.push(handle),
      shift() {
        const nowNs = clock.lastNs
        let best = 0
        for (let i = 1; i < ready.length; i++) {
          if (urgency(ready[i]!, nowNs) > urgency(ready[best]!, nowNs)) best = i
        }
        return ready.splice(best, 1)[0]
      },
      turnLimit: () => turnLimitOf(options.batch, ready.length),
    }
  },
})
