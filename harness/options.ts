/** Pieces of option schemas that policies share. */
import { z } from 'zod'
import { parseDuration } from './durations.ts'

/** A duration as people write it (`50ms`, `1.5s`, `200us`); comes out as ns. */
export function durationOption(defaultText: string, description: string) {
  return z
    .union([z.string(), z.number()])
    .default(defaultText)
    .transform((text, context) => {
      const ns = parseDuration(String(text))
      if (ns !== undefined) return ns
      context.addIssue({ code: 'custom', message: 'expected a duration such as 50ms, 200us or 1.5s' })
      return z.NEVER
    })
    .describe(`${description} (a duration: 50ms, 200us, 1.5s)`)
}

/** How many ready handles may run before I/O is looked at again. `snapshot` is asyncio's rule. */
export function batchOption(defaultBatch: number | 'snapshot') {
  return z
    .union([z.literal('snapshot'), z.int().min(1)], {
      error: 'expected a whole number from 1 on, or snapshot',
    })
    .default(defaultBatch)
    .describe(
      'handles that run before I/O is looked at again: a number, or snapshot (all that are ready now)',
    )
}

/** What `turnLimit` answers for a value of `batchOption`. */
export function turnLimitOf(batch: number | 'snapshot', size: number): number {
  return batch === 'snapshot' ? Math.max(1, size) : batch
}

/** The policy that a wrapping policy wraps. */
export function innerOption() {
  return z
    .string()
    .default('fifo')
    .describe('the policy to wrap, with its options: fifo, priority:aging=50ms,batch=2')
}
