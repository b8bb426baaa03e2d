import { z } from '../../harness/api.ts'

const cost = (fallback: number, name: string) =>
  z.number().int().min(0).max(1e6).default(fallback).describe(`CPU time of publishing one ${name}, µs`)

/** Defaults: 1,080 µs a message on average, so about 560 messages a second at load 0.6, 110 of them chat. */
export const roomParams = z.object({
  load: z
    .number()
    .positive()
    .max(10)
    .default(0.6)
    .describe("Offered share of the server's CPU, by the costs below"),
  durationMs: z.number().positive().max(3.6e6).default(1200).describe('Measured time, ms'),
  warmupMs: z.number().min(0).max(6e4).default(200).describe('Load before the measured time, ms'),
  rooms: z.number().int().min(1).max(1000).default(2).describe('Rooms'),
  subscribers: z.number().int().min(1).max(1000).default(3).describe('Subscribers of each room that keep up'),
  slow: z.number().int().min(0).max(1000).default(2).describe('Subscribers of all rooms at once that do not'),
  slowMs: z.number().min(0).max(6e4).default(50).describe('What a slow subscriber takes for a message, ms'),
  publishers: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe('Publishers of each class and room; the messages of one are dealt with one after another'),
  alertUs: cost(100, 'alert'),
  chatUs: cost(5000, 'chat message'),
  chatShare: z.number().min(0).max(1).default(0.2).describe('Share of chat among the messages'),
  chatBytes: z
    .number()
    .int()
    .min(0)
    .max(1e6)
    .default(65_536)
    .describe('Padding of a chat message, bytes: sockets swallow some 4 MB before a buffer fills'),
  buffer: z
    .number()
    .int()
    .min(1)
    .max(1e6)
    .default(32)
    .describe('Messages kept for a subscriber that is behind'),
  overflow: z
    .enum(['drop-oldest', 'drop-newest', 'disconnect'])
    .default('drop-oldest')
    .describe('What happens when that buffer is full'),
  silenceMs: z
    .number()
    .positive()
    .max(6e5)
    .default(1000)
    .describe(
      'A peer silent for so long is pinged, for twice as long is given up, ms; longer than a policy starves a reader',
    ),
  faults: z.number().int().min(0).max(100).default(1).describe('Clients of each faulty kind'),
})

/** The parameters once parsed. */
export type RoomParams = z.output<typeof roomParams>

/** Largest message that a server takes, bytes. */
export function largestMessage({ chatBytes }: RoomParams): number {
  return chatBytes + 1024
}
