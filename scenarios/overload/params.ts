import { z } from '../../harness/api.ts'

const phase = (fallback: number, name: string) =>
  z.number().min(1).max(6e5).default(fallback).describe(`${name}, ms`)
const deadline = (fallback: number, name: string) =>
  z.number().positive().max(6e4).default(fallback).describe(`Time in which ${name} are worth an answer, ms`)

/** Each is remembered until the run is over. */
const REQUESTS_MAX = 1e6

/** Defaults: capacity 2,000 requests a second, 4,000 come for half a second, 1,000 before and after. */
export const overloadParams = z
  .object({
    load: z
      .number()
      .positive()
      .max(0.95)
      .default(0.5)
      .describe('Share of the capacity that comes before and after the overload'),
    overload: z
      .number()
      .positive()
      .max(20)
      .default(2)
      .describe('The same during the overload; above 1: too much'),
    beforeMs: phase(300, 'Time before the overload'),
    overloadMs: phase(500, 'Length of the overload'),
    afterMs: phase(1500, 'Time after the overload, to recover in'),
    serviceUs: z
      .number()
      .min(10)
      .max(1e6)
      .default(500)
      .describe('Mean work of a request, µs (exponential): its inverse is the capacity'),
    urgentShare: z.number().min(0).max(1).default(0.3).describe('Share of urgent requests'),
    urgentDeadlineMs: deadline(20, 'urgent requests'),
    normalDeadlineMs: deadline(100, 'normal requests'),
    queue: z
      .union([z.literal('unbounded'), z.int().min(1).max(1e6)], {
        error: 'expected a whole number from 1 on, or unbounded',
      })
      .default('unbounded')
      .describe('Requests that may wait: a number, or unbounded'),
    drop: z
      .enum(['newest', 'oldest', 'expired'])
      .default('newest')
      .describe(
        'Who is dropped. newest: who finds the queue full; oldest: who has waited longest, for whom comes to a full ' +
          'queue; expired: newest, and whoever is too late already when the turn comes',
      ),
  })
  .refine((params) => expectedRequests(params) <= REQUESTS_MAX, {
    path: ['overloadMs'],
    message: `expected so little load, time or capacity that no more than ${REQUESTS_MAX} requests come`,
  })

interface Extent {
  readonly load: number
  readonly overload: number
  readonly beforeMs: number
  readonly overloadMs: number
  readonly afterMs: number
  readonly serviceUs: number
}

function expectedRequests({ load, overload, beforeMs, overloadMs, afterMs, serviceUs }: Extent): number {
  return (1000 * (load * (beforeMs + afterMs) + overload * overloadMs)) / serviceUs
}

export type OverloadParams = z.output<typeof overloadParams>
