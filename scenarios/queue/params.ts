import { us, z } from '../../harness/api.ts'

const cost = (fallback: number, name: string) =>
  z.number().int().min(0).max(1e6).default(fallback).describe(`CPU time of one ${name}, µs`)

/** Defaults: 740 µs a message on average, so about 950 messages a second at load 0.7. */
export const queueParams = z.object({
  messages: z.number().int().min(1).max(1e6).default(1200).describe('Messages published'),
  load: z
    .number()
    .positive()
    .max(10)
    .default(0.7)
    .describe("Offered share of the consumers' CPU, by the costs below"),
  paymentUs: cost(200, 'payment'),
  mailUs: cost(2000, 'mail'),
  mailShare: z.number().min(0).max(1).default(0.3).describe('Share of mail among the messages'),
  ioMs: z.number().min(0).max(6e4).default(0.5).describe('Mean wait for a database for each message, ms'),
  consumers: z.number().int().min(1).max(1000).default(4).describe('Consumers, all in one loop'),
  prefetch: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(16)
    .describe('Messages a consumer may hold unacknowledged: what a policy can choose from'),
  crashShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('Share of the messages over which a consumer crashes, once each'),
  restartMs: z.number().min(0).max(6e4).default(20).describe('From a crash to the next start, ms'),
  stuck: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe('Consumers that take a message and never acknowledge (not with redis)'),
  ackTimeoutMs: z
    .number()
    .positive()
    .max(6e5)
    .default(400)
    .describe(
      'Who holds messages and acknowledges none for so long is cut off, ms (redis: an entry idle for so long)',
    ),
  patienceMs: z
    .number()
    .positive()
    .max(6e5)
    .default(10_000)
    .describe('Longest wait for the last messages, ms'),
  redis: z
    .string()
    .regex(/^(rediss?:\/\/.*)?$/, 'expected redis://HOST:PORT')
    .default('')
    .describe('A Redis to take in place of the embedded broker, as redis://HOST:PORT'),
  stream: z.string().default('').describe('The stream there, which is kept; empty: one of its own, deleted'),
})

/** The parameters once parsed. */
export type QueueParams = z.output<typeof queueParams>

export type MessageClass = 'payment' | 'mail'

/** What a message of that class costs a consumer, ns. */
export function costNs(params: QueueParams, className: MessageClass): number {
  return us(params[`${className}Us`])
}

/** Mean time between two messages, ns, at which the declared costs use up the share `load` of the processor. */
export function meanGapNs(params: QueueParams): number {
  const { mailShare, load } = params
  const mean = (1 - mailShare) * costNs(params, 'payment') + mailShare * costNs(params, 'mail')
  // Without any cost no rate loads a consumer; 1,000 a second is brisk and bounded.
  return mean === 0 ? us(1000) : mean / load
}
