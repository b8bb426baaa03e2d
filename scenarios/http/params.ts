import { z } from '../../harness/api.ts'

const share = (fallback: number, name: string) =>
  z.number().min(0).max(1).default(fallback).describe(`Share of ${name} among the requests`)
const cost = (fallback: number, name: string) =>
  z.number().int().min(0).max(1e6).default(fallback).describe(`CPU time of one ${name}, µs`)

/** Defaults: 720 µs a request on average, so about 1,110 requests a second at load 0.8. */
export const httpParams = z.object({
  load: z
    .number()
    .positive()
    .max(10)
    .default(0.8)
    .describe("Offered share of the server's CPU, by the costs below"),
  durationMs: z.number().positive().max(3.6e6).default(2000).describe('Measured time, ms'),
  warmupMs: z.number().min(0).max(6e4).default(300).describe('Load before the measured time, ms'),
  connections: z.number().int().min(1).max(1e4).default(512).describe('Most connections; opened as needed'),
  healthUs: cost(100, 'health check'),
  apiUs: cost(1000, 'API call'),
  reportUs: cost(8000, 'report'),
  healthShare: share(0.7, 'health checks'),
  apiShare: share(0.25, 'API calls'),
  reportShare: share(0.05, 'reports'),
  sliceUs: z.number().int().min(0).max(1e6).default(0).describe('Give way after so much work, µs; 0: never'),
  headerTimeoutMs: z
    .number()
    .positive()
    .max(6e5)
    .default(10_000)
    .describe('Time for a request to be sent, ms'),
  idleTimeoutMs: z.number().positive().max(3.6e6).default(60_000).describe('Time a connection may idle, ms'),
})

/** The parameters once parsed. */
export type HttpParams = z.output<typeof httpParams>
